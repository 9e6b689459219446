//! What can be done with conversations: open, refresh, rename, delete, restore.

use leptos::prelude::*;
use protocol::{
    Conversation, ConversationId, ConversationSummary, MessageState, Problem,
    api::{self, Rename},
};
use wasm_bindgen_futures::spawn_local;

use super::{state::ChatState, turn};
use crate::client::{dom, history, http::Request, storage, tabs};

/// How long a delete can be taken back, in milliseconds.
const UNDO_MS: u32 = 8_000;

/// Shows a conversation, or the empty page, and its address.
pub(crate) fn open(state: ChatState, conversation: Option<ConversationId>) {
    state.drawer_open.set(false);
    if state.current.get_untracked() == conversation && state.page_problem.get_untracked().is_none()
    {
        dom::focus("composer");
        return;
    }
    history::push(conversation);
    show(state, conversation);
}

/// Shows what the address names: after "back" and "forward".
pub(crate) fn show(state: ChatState, conversation: Option<ConversationId>) {
    state.current.set(conversation);
    state.messages.set(Vec::new());
    state.queue.set(Vec::new());
    state.send_problem.set(None);
    state.page_problem.set(None);
    state.away.set(false);
    state.draft.set(storage::get(&storage::draft_key(conversation)).unwrap_or_default());
    if !dom::is_touch() {
        dom::focus("composer");
    }
    let Some(id) = conversation else { return };
    state.loading.set(true);
    spawn_local(async move {
        let answer = fetch(id).await;
        if state.current.get_untracked() != Some(id) {
            return;
        }
        state.loading.set(false);
        match answer {
            Ok(conversation) => {
                state.show(&conversation);
                turn::follow_running(state);
            }
            Err(problem) => state.page_problem.set(Some(problem)),
        }
    });
}

/// Fetches the conversation shown again, if nothing is being written into it
/// here, and shows what is new.
pub(crate) async fn reload(state: ChatState) {
    let Some(id) = state.current.get_untracked() else { return };
    if untrack(|| state.running()).is_some() {
        return;
    }
    let Ok(conversation) = fetch(id).await else { return };
    if state.current.get_untracked() == Some(id)
        && untrack(|| state.running()).is_none()
        && is_newer(state, &conversation)
    {
        state.show(&conversation);
        turn::follow_running(state);
    }
}

/// Fetches the sidebar's list again.
pub(crate) async fn refresh_list(state: ChatState) {
    let list = Request::new("GET", api::CONVERSATIONS).read::<Vec<ConversationSummary>>().await;
    if let Ok(list) = list {
        state.conversations.set(list);
    }
}

/// Gives a conversation a title.
pub(crate) fn rename(state: ChatState, id: ConversationId, title: String) {
    let title = title.trim().to_owned();
    if title.is_empty() {
        return;
    }
    state.conversations.update(|all| {
        if let Some(summary) = all.iter_mut().find(|summary| summary.id == id) {
            summary.title.clone_from(&title);
        }
    });
    spawn_local(async move {
        let path = api::conversation(id);
        let sent = Request::new("PATCH", &path).json(&Rename { title }).send().await;
        done(state, id, sent.map(|_| ())).await;
    });
}

/// Deletes a conversation, which can be taken back for a few seconds.
pub(crate) fn delete(state: ChatState, id: ConversationId) {
    let removed = state.conversations.try_update(|all| {
        let at = all.iter().position(|summary| summary.id == id)?;
        Some(all.remove(at))
    });
    let Some(removed) = removed.flatten() else { return };
    if state.current.get_untracked() == Some(id) {
        open(state, None);
    }
    state.announcement.set("Conversation deleted".to_owned());
    state.deleted.set(Some(removed.clone()));
    spawn_local(async move {
        let sent = Request::new("DELETE", &api::conversation(id)).send().await;
        done(state, id, sent.map(|_| ())).await;
        dom::sleep(UNDO_MS).await;
        state.deleted.update(|deleted| {
            if deleted.as_ref() == Some(&removed) {
                *deleted = None;
            }
        });
    });
}

/// Takes a delete back.
pub(crate) fn restore(state: ChatState) {
    let Some(summary) = state.deleted.try_update(Option::take).flatten() else { return };
    spawn_local(async move {
        let sent = Request::new("POST", &api::restore(summary.id)).send().await;
        let restored = sent.is_ok();
        done(state, summary.id, sent.map(|_| ())).await;
        if restored {
            refresh_list(state).await;
            open(state, Some(summary.id));
        }
    });
}

async fn fetch(id: ConversationId) -> Result<Conversation, Problem> {
    Request::new("GET", &api::conversation(id)).read().await
}

async fn done(state: ChatState, id: ConversationId, sent: Result<(), Problem>) {
    match sent {
        Ok(()) => tabs::announce(id),
        Err(problem) => {
            state.deleted.set(None);
            state.send_problem.set(Some(problem));
            refresh_list(state).await;
        }
    }
}

/// Whether the stored conversation has what this tab does not show: another
/// last message, or the same one in another state.
fn is_newer(state: ChatState, conversation: &Conversation) -> bool {
    let path = conversation.newest_path();
    let Some(last) = path.last() else { return false };
    let shown = untrack(|| {
        state.messages.with(|all| all.last().map(|it| it.message.with(|m| (m.id, m.state))))
    });
    shown != Some((last.id, last.state)) || last.state == MessageState::Writing
}
