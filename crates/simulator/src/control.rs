//! The control plane: statistics, and scripts for requests that cannot carry
//! one.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as FromState;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use crate::answer::refuse;
use crate::format::Format;
use crate::limits::request_id;
use crate::problem::Problem;
use crate::script::Script;
use crate::state::{Asked, State};
use crate::stats::Stats;

/// The routes of the control plane.
pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/stats", get(stats))
        .route("/control/script", post(set_script))
        .route("/control/requests", get(requests))
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

async fn requests(FromState(state): FromState<Arc<State>>) -> Json<Vec<Asked>> {
    Json(state.asked())
}

async fn set_script(FromState(state): FromState<Arc<State>>, body: Bytes) -> Response {
    match try_set_script(&state, &body) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(sentence) => refuse(
            Format::OpenAi,
            &Problem::bad_request(sentence),
            &request_id(),
        ),
    }
}

fn try_set_script(state: &State, body: &[u8]) -> Result<(), String> {
    let SetScript { model, script } = serde_json::from_slice(body)
        .map_err(|error| format!("The body could not be read: {error}."))?;
    script.check()?;
    state.set_script(model, script)
}

async fn reset(FromState(state): FromState<Arc<State>>) -> StatusCode {
    state.reset();
    StatusCode::NO_CONTENT
}
