//! Probes for whatever watches over the process.

use axum::{extract::State, http::StatusCode};

use super::{AppState, HttpProblem};

/// The process is alive.
pub(super) async fn healthz() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The database answers, so that turns can be accepted.
pub(super) async fn readyz(State(state): State<AppState>) -> Result<StatusCode, HttpProblem> {
    state.store.ping().await?;
    Ok(StatusCode::NO_CONTENT)
}
