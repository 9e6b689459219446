//! Deleting a message with all that follows it, which can be taken back.

use leptos::prelude::*;
use protocol::{
    ConversationId, MessageId, Problem,
    api::{self, Messages},
};
use wasm_bindgen_futures::spawn_local;

use super::{
    conversations, follow, live, queue,
    state::{ChatState, ShownMessage},
    undo::{self, Deed, Undoable},
    versions,
};
use crate::client::{http::Request, tabs};

/// Deletes a message and what follows it. Its other versions stay, and one of
/// them shows in its place.
pub(crate) fn remove(state: ChatState, shown: &ShownMessage) {
    let Some(conversation) = state.current.get_untracked() else {
        return;
    };
    let message = shown.id();
    let gone = state.with_all_after(shown);
    let leaf = state
        .messages
        .with_untracked(|path| path.last().map(ShownMessage::id));
    let awaited = untrack(|| state.running());
    state.remove(&gone);
    queue::give_back_without(state, awaited.as_ref());
    let undoable = Undoable {
        deed: Deed::MessagesDeleted,
        name: String::new(),
        count: gone.len(),
        take_back: Box::new(move || {
            spawn_local(take_back(state, conversation, message, leaf));
        }),
        settle: Box::new(|| {}),
    };
    undo::offer(state, undoable, async move {
        let sent = send(&api::delete_messages(conversation), message).await;
        let is_done = sent.is_ok();
        if is_done {
            // The server has stopped what was being written.
            for live in gone.iter().filter_map(|shown| live::of_message(shown.key)) {
                live.abandon();
                live.disconnect();
            }
            if state.current.get_untracked() == Some(conversation) {
                versions::store_path(state);
            }
        } else {
            show_again(state, conversation, leaf).await;
        }
        report(state, conversation, sent);
        is_done
    });
}

async fn take_back(
    state: ChatState,
    conversation: ConversationId,
    message: MessageId,
    leaf: Option<MessageId>,
) {
    let sent = send(&api::restore_messages(conversation), message).await;
    if sent.is_ok() {
        show_again(state, conversation, leaf).await;
        if state.current.get_untracked() == Some(conversation) {
            versions::store_path(state);
        }
    }
    report(state, conversation, sent);
}

async fn send(path: &str, message: MessageId) -> Result<(), Problem> {
    let body = Messages {
        messages: vec![message],
    };
    Request::new("POST", path).json(&body).send().await?;
    Ok(())
}

/// Shows the messages that the server has, along the path that was shown
/// before.
async fn show_again(state: ChatState, conversation: ConversationId, leaf: Option<MessageId>) {
    if let Ok(stored) = conversations::fetch(conversation).await
        && state.current.get_untracked() == Some(conversation)
    {
        state.choosing.set(leaf);
        state.show_tree(&stored);
        state.choosing.set(None);
        follow::follow_running(state);
    }
}

fn report(state: ChatState, conversation: ConversationId, sent: Result<(), Problem>) {
    match sent {
        Ok(()) => tabs::announce(conversation),
        Err(problem) => state.send_problem.set(Some(problem)),
    }
}
