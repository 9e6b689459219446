//! Opening conversations, and keeping what is shown of them up to date.

use std::cell::Cell;

use leptos::prelude::*;
use protocol::{Conversation, ConversationId, ConversationSummary, Problem, ProblemKind, api};
use wasm_bindgen_futures::spawn_local;

use super::{attaching, composer, follow, keeping, settings, state::ChatState};
use crate::client::{history, http::Request, storage};

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
    let waiting = state.queue.try_update(std::mem::take).unwrap_or_default();
    for waiting in waiting.iter().rev() {
        attaching::put_back(state, waiting.attachments.clone());
    }
    let mut waiting: Vec<_> = waiting.into_iter().map(|waiting| waiting.text).collect();
    waiting.push(state.draft.get_untracked());
    storage::set(
        &storage::draft_key(state.current.get_untracked()),
        &joined(&waiting),
    );
    state.current.set(conversation);
    state.clear_tree();
    follow::thin_out(state);
    state.loading.set(conversation.is_some());
    state.temporary.set(false);
    settings::begin(state);
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
            if problem.kind == ProblemKind::NotFound && state.current.get_untracked() == Some(id) {
                state.page_problem.set(Some(deleted_elsewhere()));
            }
            return;
        }
    };
    if state.current.get_untracked() == Some(id) {
        settings::take_up(state, &conversation);
    }
    if state.current.get_untracked() == Some(id)
        && untrack(|| state.running()).is_none()
        && (state.differs_from(&conversation) || state.page_problem.with_untracked(Option::is_some))
    {
        state.show(&conversation);
        follow::follow_running(state);
    }
}

/// Fetches the sidebar's list again.
pub(crate) async fn refresh_list(state: ChatState) {
    loop {
        let before = keeping::settled().await;
        let list = Request::new("GET", api::CONVERSATIONS)
            .read::<Vec<ConversationSummary>>()
            .await;
        let Ok(list) = list else { return };
        // One that was fetched while something changed may lack it.
        if keeping::steps() == before {
            if state.conversations.with_untracked(|now| *now != list) {
                state.conversations.set(list);
            }
            return;
        }
    }
}

thread_local! {
    /// Whether the list is being fetched because it may have changed, and
    /// whether it may have changed since.
    static REFRESHING: Cell<(bool, bool)> = const { Cell::new((false, false)) };
}

/// Has the sidebar's list fetched again; any number of changes at once fetch it
/// twice at most.
pub(crate) fn refresh_soon(state: ChatState) {
    let (is_running, _) = REFRESHING.replace((true, true));
    if is_running {
        return;
    }
    spawn_local(async move {
        while REFRESHING.get().1 {
            REFRESHING.set((true, false));
            refresh_list(state).await;
        }
        REFRESHING.set((false, false));
    });
}

fn deleted_elsewhere() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "This conversation was deleted in another tab or on another device.",
    )
    .advice("It can be taken back there for a few seconds; it then goes on here as well.")
}

/// Fetches a conversation with all its messages.
///
/// # Errors
/// The server's problem, or that it could not be reached.
pub(crate) async fn fetch(id: ConversationId) -> Result<Conversation, Problem> {
    Request::new("GET", &api::conversation(id)).read().await
}
