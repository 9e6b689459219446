//! The control plane: statistics, and scripts for requests that cannot carry
//! one.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as FromState;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use crate::openai::ApiError;
use crate::script::Script;
use crate::state::State;
use crate::stats::Stats;

/// The routes of the control plane.
pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/stats", get(stats))
        .route("/control/script", post(set_script))
        .route("/control/reset", post(reset))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetScript {
    model: String,
    script: Script,
}

async fn stats(FromState(state): FromState<Arc<State>>) -> Json<Stats> {
    Json(state.counters.snapshot())
}

async fn set_script(
    FromState(state): FromState<Arc<State>>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let SetScript { model, script } = serde_json::from_slice(&body)
        .map_err(|error| ApiError::bad_request(format!("The body could not be read: {error}.")))?;
    script.check().map_err(ApiError::bad_request)?;
    state
        .set_script(model, script)
        .map_err(ApiError::bad_request)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn reset(FromState(state): FromState<Arc<State>>) -> StatusCode {
    state.reset();
    StatusCode::NO_CONTENT
}
