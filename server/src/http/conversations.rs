//! Conversations as JSON: read, changed, deleted and taken back.

use axum::{Json, extract::State, http::StatusCode};
use protocol::{
    Conversation, ConversationId, ConversationSummary, LONGEST_NAME, Problem, ProblemKind,
    api::{ChangeConversation, ChangeMany, ManyChange, Messages},
};

use super::{
    AppState, HttpProblem,
    body::{IdPath, JsonBody},
    now_ms,
};

/// The longest title, in characters.
const TITLE_LIMIT: usize = 200;
/// The most conversations or messages of one request.
const MOST: usize = 10_000;

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

pub(super) async fn change(
    State(state): State<AppState>,
    IdPath(id): IdPath<ConversationId>,
    JsonBody(mut change): JsonBody<ChangeConversation>,
) -> Result<StatusCode, HttpProblem> {
    if let Some(title) = &mut change.title {
        *title = one_line("title", title, 1, TITLE_LIMIT)?;
    }
    if let Some(folder) = &mut change.folder {
        *folder = one_line("folder's name", folder, 0, LONGEST_NAME)?;
    }
    if let Some(settings) = &change.settings {
        settings.check(state.message_limit)?;
    }
    state.store.change(id, &change).await?;
    state.changes.conversation(id);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn change_many(
    State(state): State<AppState>,
    JsonBody(mut many): JsonBody<ChangeMany>,
) -> Result<StatusCode, HttpProblem> {
    check_count("conversations", many.conversations.len())?;
    match &mut many.change {
        ManyChange::Folder(folder) => {
            *folder = one_line("folder's name", folder, 0, LONGEST_NAME)?;
        }
        ManyChange::Delete => state.engine.stop_conversations(&many.conversations).await?,
        ManyChange::Restore | ManyChange::Archive | ManyChange::Unarchive => {}
    }
    state.store.change_many(&many, now_ms()).await?;
    if let ManyChange::Delete = many.change {
        state.engine.stop_deleted(&many.conversations).await;
    }
    state.changes.conversations();
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete(
    State(state): State<AppState>,
    IdPath(id): IdPath<ConversationId>,
) -> Result<StatusCode, HttpProblem> {
    // Nobody reads on in what was deleted.
    state.engine.stop_conversations(&[id]).await?;
    state.store.delete(id, now_ms()).await?;
    state.engine.stop_deleted(&[id]).await;
    state.changes.conversation(id);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn restore(
    State(state): State<AppState>,
    IdPath(id): IdPath<ConversationId>,
) -> Result<StatusCode, HttpProblem> {
    state.store.restore(id).await?;
    state.changes.conversation(id);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete_messages(
    State(state): State<AppState>,
    IdPath(id): IdPath<ConversationId>,
    JsonBody(Messages { messages }): JsonBody<Messages>,
) -> Result<StatusCode, HttpProblem> {
    check_count("messages", messages.len())?;
    state.engine.stop_messages(id, &messages).await?;
    state.store.delete_messages(id, &messages, now_ms()).await?;
    state.engine.stop_deleted(&[id]).await;
    state.changes.conversation(id);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn restore_messages(
    State(state): State<AppState>,
    IdPath(id): IdPath<ConversationId>,
    JsonBody(Messages { messages }): JsonBody<Messages>,
) -> Result<StatusCode, HttpProblem> {
    check_count("messages", messages.len())?;
    state.store.restore_messages(id, &messages).await?;
    state.changes.conversation(id);
    Ok(StatusCode::NO_CONTENT)
}

/// A short text without the blanks around it. Line breaks within it, which a
/// paste brings along, become blanks.
fn one_line(what: &str, text: &str, least: usize, most: usize) -> Result<String, Problem> {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.chars().map(plain).collect();
    let text = text.trim();
    if !(least..=most).contains(&text.chars().count()) {
        let message = format!("A {what} has {least} to {most} characters.");
        return Err(Problem::new(ProblemKind::BadRequest, message));
    }
    Ok(text.to_owned())
}

fn check_count(what: &str, count: usize) -> Result<(), Problem> {
    if count > MOST {
        let message = format!("At most {MOST} {what} can be changed at once.");
        return Err(Problem::new(ProblemKind::TooLarge, message).advice("Send several requests."));
    }
    Ok(())
}
