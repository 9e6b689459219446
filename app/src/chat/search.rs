//! Opening a conversation at a message that a search has found.

mod reveal;
pub(super) mod words;

use leptos::prelude::*;
use protocol::{ConversationId, MessageId, Problem, ProblemKind};
use wasm_bindgen_futures::spawn_local;

use super::{
    conversations,
    state::{ChatState, ShownMessage},
    versions,
};

/// A message that somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its conversation.
    pub(crate) conversation: ConversationId,
    /// Which message of it.
    pub(crate) message: MessageId,
    /// The words in it that were looked for, as they are written there.
    pub(crate) words: Vec<String>,
}

/// Opens a conversation at a message, on whichever path that is.
pub(crate) fn open_at(state: ChatState, target: Target) {
    let conversation = target.conversation;
    state.target.set(Some(target));
    conversations::open(state, Some(conversation));
}

/// Sees to it that what is wanted is shown once it is there; called once.
pub(crate) fn install(state: ChatState) {
    Effect::new(move || {
        let Some(target) = state.target.get() else {
            return;
        };
        let is_here = state.current.get() == Some(target.conversation);
        if is_here && state.loading.get() {
            return;
        }
        let shown = state
            .tree
            .with(|all| all.iter().find(|it| it.id() == target.message).cloned());
        let is_refused = state.page_problem.with(Option::is_some);
        untrack(|| {
            state.target.set(None);
            match shown {
                // Somebody has gone elsewhere, or has been told what is wrong.
                _ if !is_here || is_refused => {}
                Some(shown) => show(state, &shown, target.words),
                None => state.send_problem.set(Some(gone())),
            }
        });
    });
}

fn show(state: ChatState, shown: &ShownMessage, words: Vec<String>) {
    if !state.shows(shown) {
        state.show_through(shown);
        versions::store_path(state);
    }
    let key = shown.key;
    spawn_local(async move {
        // Where its code cannot be loaded any more the conversation is open all
        // the same.
        let _ = reveal::reveal(state, key, words).await;
    });
}

fn gone() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "The message that was found is no longer in this conversation.",
    )
    .advice("It was deleted in the meantime.")
}
