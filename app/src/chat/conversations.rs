//! What can be done with conversations: open, refresh, rename, delete, restore.

use leptos::prelude::*;
use protocol::{
    Conversation, ConversationId, ConversationSummary, MessageState, Problem, ProblemKind,
    api::{self, Rename},
};
use wasm_bindgen_futures::spawn_local;

use super::{composer, follow, state::ChatState};
use crate::client::{dom, history, http::Request, storage, tabs};

/// How long a delete can be taken back, in milliseconds.
const UNDO_MS: u32 = 8_000;

/// Shows a conversation, or the empty page, and its address.
pub(crate) fn open(state: ChatState, conversation: Option<ConversationId>) {
    state.drawer_open.set(false);
    // A new conversation whose first message is on its way has no id yet.
    let is_there = state.current.get_untracked() == conversation
        && (conversation.is_some() || state.messages.with_untracked(Vec::is_empty));
    if is_there && state.page_problem.get_untracked().is_none() {
        composer::focus();
        return;
    }
    history::push(conversation);
    show(state, conversation);
}

/// Shows what the address names: after "back" and "forward".
pub(crate) fn show(state: ChatState, conversation: Option<ConversationId>) {
    // What waits in the queue and the box stays with the conversation left.
    let mut waiting = state.queue.try_update(std::mem::take).unwrap_or_default();
    waiting.push(state.draft.get_untracked());
    storage::set(
        &storage::draft_key(state.current.get_untracked()),
        &joined(&waiting),
    );
    state.current.set(conversation);
    state.messages.set(Vec::new());
    follow::thin_out(state);
    state.loading.set(conversation.is_some());
    state.send_problem.set(None);
    state.page_problem.set(None);
    state.away.set(false);
    state
        .draft
        .set(storage::get(&storage::draft_key(conversation)).unwrap_or_default());
    composer::focus();
    let Some(id) = conversation else { return };
    spawn_local(async move {
        let answer = fetch(id).await;
        // Somebody may have gone elsewhere, or there and back again and on.
        if state.current.get_untracked() != Some(id) || !state.loading.get_untracked() {
            return;
        }
        state.loading.set(false);
        match answer {
            Ok(conversation) => {
                state.show(&conversation);
                follow::follow_running(state);
            }
            Err(problem) => state.page_problem.set(Some(problem)),
        }
    });
}

/// Texts one after the other, without the empty ones.
pub(crate) fn joined(texts: &[impl AsRef<str>]) -> String {
    let texts: Vec<&str> = texts
        .iter()
        .map(AsRef::as_ref)
        .filter(|it| !it.is_empty())
        .collect();
    texts.join("\n\n")
}

/// Stores the draft of a conversation.
pub(crate) fn keep_draft(conversation: Option<ConversationId>, texts: &[String]) {
    storage::set(&storage::draft_key(conversation), &joined(texts));
}

/// Shows the conversation again that could not be shown.
pub(crate) fn show_again(state: ChatState) {
    show(state, history::conversation());
}

/// Fetches the conversation shown again, if nothing is being written into it
/// here, and shows what is new.
pub(crate) async fn reload(state: ChatState) {
    let Some(id) = state.current.get_untracked() else {
        return;
    };
    if untrack(|| state.running()).is_some() {
        return;
    }
    let conversation = match fetch(id).await {
        Ok(conversation) => conversation,
        Err(problem) => {
            // Another tab has deleted it.
            if problem.kind == ProblemKind::NotFound && state.current.get_untracked() == Some(id) {
                state.page_problem.set(Some(problem));
            }
            return;
        }
    };
    if state.current.get_untracked() == Some(id)
        && untrack(|| state.running()).is_none()
        && is_newer(state, &conversation)
    {
        state.show(&conversation);
        follow::follow_running(state);
    }
}

/// Fetches the sidebar's list again.
pub(crate) async fn refresh_list(state: ChatState) {
    let list = Request::new("GET", api::CONVERSATIONS)
        .read::<Vec<ConversationSummary>>()
        .await;
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
    let before = state.conversations.try_update(|all| {
        let summary = all.iter_mut().find(|summary| summary.id == id)?;
        let before = summary.clone();
        summary.title.clone_from(&title);
        Some(before)
    });
    spawn_local(async move {
        let path = api::conversation(id);
        let sent = Request::new("PATCH", &path)
            .json(&Rename { title })
            .send()
            .await;
        if let (Err(_), Some(before)) = (&sent, before.flatten()) {
            put_back(state, before);
        }
        done(state, id, sent.map(|_| ())).await;
    });
}

/// Deletes a conversation, which can be taken back for a few seconds.
pub(crate) fn delete(state: ChatState, id: ConversationId) {
    let removed = state.conversations.try_update(|all| {
        let at = all.iter().position(|summary| summary.id == id)?;
        Some(all.remove(at))
    });
    let Some(removed) = removed.flatten() else {
        return;
    };
    let was_shown = state.current.get_untracked() == Some(id);
    if was_shown {
        open(state, None);
    }
    state.announcement.set("Conversation deleted".to_owned());
    let summary = removed.clone();
    let deleted = Some((removed, was_shown));
    state.deleted.set(deleted.clone());
    let is_offered = move || state.deleted.with_untracked(|now| *now == deleted);
    state.deleting.set(true);
    dom::focus("undo");
    spawn_local(async move {
        let sent = Request::new("DELETE", &api::conversation(id)).send().await;
        state.deleting.set(false);
        if sent.is_err() {
            put_back(state, summary);
        }
        done(state, id, sent.map(|_| ())).await;
        dom::sleep(UNDO_MS).await;
        if is_offered() {
            // The button is about to go: the focus must not go with it.
            if dom::focused().is_some_and(|it| it.id() == "undo") {
                composer::focus();
            }
            state.deleted.set(None);
            storage::set(&storage::draft_key(Some(id)), "");
        }
    });
}

/// Takes a delete back.
pub(crate) fn restore(state: ChatState) {
    let Some((summary, was_shown)) = state.deleted.try_update(Option::take).flatten() else {
        return;
    };
    composer::focus();
    spawn_local(async move {
        // The delete must not overtake what takes it back.
        while state.deleting.get_untracked() {
            dom::sleep(30).await;
        }
        let sent = Request::new("POST", &api::restore(summary.id)).send().await;
        let restored = sent.is_ok();
        done(state, summary.id, sent.map(|_| ())).await;
        if restored {
            refresh_list(state).await;
            if was_shown {
                open(state, Some(summary.id));
            }
        }
    });
}

/// Shows a row of the list again that could not be changed.
fn put_back(state: ChatState, summary: ConversationSummary) {
    state.conversations.update(|all| {
        all.retain(|other| other.id != summary.id);
        let at = all.partition_point(|other| other.updated_ms > summary.updated_ms);
        all.insert(at, summary);
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
    let Some(last) = path.last() else {
        return false;
    };
    let shown = untrack(|| {
        state
            .messages
            .with(|all| all.last().map(|it| it.message.with(|m| (m.id, m.state))))
    });
    shown != Some((last.id, last.state)) || last.state == MessageState::Writing
}
