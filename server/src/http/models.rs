//! Models and the cache of their answers, as JSON.

use axum::{Json, extract::State};
use gateway::CacheStatistics;
use protocol::ModelList;

use super::AppState;

pub(super) async fn models(State(state): State<AppState>) -> Json<ModelList> {
    Json(state.gateway.models().await)
}

/// What the cache has done.
pub(super) async fn cache(State(state): State<AppState>) -> Json<CacheStatistics> {
    Json(state.gateway.cache_statistics())
}
