//! Conversations and models as JSON.

use axum::{Json, extract::State, http::StatusCode};
use gateway::CacheStatistics;
use protocol::{
    Conversation, ConversationId, ConversationSummary, ModelList, Problem, ProblemKind, api::Rename,
};

use super::{
    AppState, HttpProblem,
    body::{IdPath, JsonBody},
    now_ms,
};

/// The longest title, in characters.
const TITLE_LIMIT: usize = 200;

pub(super) async fn list(
    State(state): State<AppState>,
) -> Result<Json<Vec<ConversationSummary>>, HttpProblem> {
    Ok(Json(state.store.conversations().await?))
}

pub(super) async fn show(
    State(state): State<AppState>,
    IdPath(id): IdPath<ConversationId>,
) -> Result<Json<Conversation>, HttpProblem> {
    Ok(Json(state.engine.conversation(id).await?))
}

pub(super) async fn rename(
    State(state): State<AppState>,
    IdPath(id): IdPath<ConversationId>,
    JsonBody(Rename { title }): JsonBody<Rename>,
) -> Result<StatusCode, HttpProblem> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > TITLE_LIMIT {
        let message = format!("A title has 1 to {TITLE_LIMIT} characters.");
        return Err(Problem::new(ProblemKind::BadRequest, message).into());
    }
    state.store.rename(id, title).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete(
    State(state): State<AppState>,
    IdPath(id): IdPath<ConversationId>,
) -> Result<StatusCode, HttpProblem> {
    // Nobody reads on in what was deleted.
    state.engine.stop_conversation(id).await?;
    state.store.delete(id, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn restore(
    State(state): State<AppState>,
    IdPath(id): IdPath<ConversationId>,
) -> Result<StatusCode, HttpProblem> {
    state.store.restore(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn models(State(state): State<AppState>) -> Json<ModelList> {
    Json(state.gateway.models().await)
}

/// What the cache has done.
pub(super) async fn cache(State(state): State<AppState>) -> Json<CacheStatistics> {
    Json(state.gateway.cache_statistics())
}
