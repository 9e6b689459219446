//! What the commands do, and when that can be done.

use leptos::prelude::*;
use protocol::{ConversationSummary, Role};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::super::{
    bubble_actions, composer, conversations, keeping, message_actions, sidebar,
    state::{ChatState, ShownMessage},
    transfer, turn,
};
use crate::client::dom;

pub(super) fn begin(state: ChatState) {
    conversations::open(state, None);
}

pub(super) fn begin_temporary(state: ChatState) {
    conversations::open(state, None);
    state.temporary.set(true);
}

pub(super) fn focus_composer() {
    dom::focus("composer");
}

/// Opens the conversation so many rows below the one shown.
pub(super) fn go(state: ChatState, by: isize) {
    if let Some(id) = sidebar::neighbour(state, by) {
        conversations::open(state, Some(id));
    }
}

/// Whether no conversation is on its way.
pub(super) fn is_settled(state: ChatState) -> bool {
    !state.loading.get_untracked()
}

pub(super) fn attach() {
    if let Some(input) = dom::element::<HtmlElement>("attach") {
        input.click();
    }
}

pub(super) fn is_writing(state: ChatState) -> bool {
    untrack(|| state.running()).is_some()
}

pub(super) fn stop(state: ChatState) {
    turn::stop(state);
}

pub(super) fn has_messages(state: ChatState) -> bool {
    !state.messages.with_untracked(Vec::is_empty)
}

fn last_of(state: ChatState, role: Role) -> Option<ShownMessage> {
    state.messages.with_untracked(|all| {
        let mut found = all.iter().rev();
        found
            .find(|shown| shown.message.with_untracked(|it| it.role == role))
            .cloned()
    })
}

/// The question asked last.
pub(super) fn last_question(state: ChatState) -> Option<ShownMessage> {
    last_of(state, Role::User)
}

/// The last answer, once it has ended.
pub(super) fn last_answer(state: ChatState) -> Option<ShownMessage> {
    last_of(state, Role::Assistant).filter(|shown| !shown.is_live())
}

/// The last answer, where another version of it can be asked for.
fn free_answer(state: ChatState) -> Option<ShownMessage> {
    let answer = last_answer(state)?;
    (!untrack(|| state.is_being_answered(&answer))).then_some(answer)
}

pub(super) fn can_regenerate(state: ChatState) -> bool {
    free_answer(state).is_some()
}

pub(super) fn regenerate(state: ChatState) {
    if let Some(answer) = free_answer(state) {
        untrack(|| turn::retry(state, &answer, None));
    }
}

pub(super) fn can_continue(state: ChatState) -> bool {
    free_answer(state)
        .is_some_and(|answer| answer.message.with_untracked(message_actions::can_continue))
}

pub(super) fn go_on(state: ChatState) {
    if let Some(answer) = free_answer(state) {
        untrack(|| turn::extend(state, &answer));
    }
}

pub(super) fn edit_question(state: ChatState) {
    if let Some(question) = last_question(state) {
        state.edit(&question);
    }
}

/// Copies the last answer, as its own button does.
pub(super) fn copy_answer(state: ChatState) {
    let Some(answer) = last_answer(state) else {
        return;
    };
    let text = answer
        .message
        .with_untracked(|message| message.text.clone());
    let buttons = dom::document().and_then(|it| it.query_selector_all(".answer .copy-button").ok());
    let last = buttons.and_then(|all| all.item(all.length().checked_sub(1)?)?.dyn_into().ok());
    match last {
        Some(button) => bubble_actions::copy(state, button, text),
        None => bubble_actions::copy_text(state, text),
    }
}

/// The row of the conversation shown.
fn row(state: ChatState) -> Option<ConversationSummary> {
    let current = state.current.get_untracked()?;
    state.summary(current)
}

pub(super) fn has_row(state: ChatState) -> bool {
    row(state).is_some()
}

pub(super) fn rename(state: ChatState) {
    state.shelf.titling.set(true);
}

/// Whether the conversation shown has a place of its own.
pub(super) fn is_kept(state: ChatState) -> bool {
    row(state).is_some_and(|row| !row.temporary)
}

pub(super) fn can_pin(state: ChatState) -> bool {
    row(state).is_some_and(|row| !row.temporary && !row.archived)
}

pub(super) fn pin(state: ChatState) {
    if let Some(row) = row(state) {
        keeping::pin(state, row.id, !row.pinned);
        // Not to its row, where somebody who has pinned it there would be.
        composer::focus();
    }
}

pub(super) fn archive(state: ChatState) {
    if let Some(row) = row(state) {
        keeping::archive(state, vec![row.id], !row.archived);
    }
}

pub(super) fn export(state: ChatState, format: &str) {
    if let Some(row) = row(state) {
        dom::download(&transfer::address(&transfer::path_of(row.id), format));
    }
}

pub(super) fn can_clear(state: ChatState) -> bool {
    has_row(state) && has_messages(state) && !is_writing(state)
}

pub(super) fn clear(state: ChatState) {
    if let Some(row) = row(state) {
        keeping::clear(state, &row);
    }
}

pub(super) fn delete(state: ChatState) {
    if let Some(row) = row(state) {
        keeping::delete(state, vec![row.id]);
    }
}

pub(super) fn has_conversations(state: ChatState) -> bool {
    !state.conversations.with_untracked(Vec::is_empty)
}

pub(super) fn select(state: ChatState) {
    sidebar::open(state);
    sidebar::begin_selecting(state);
}

pub(super) fn toggle_archive(state: ChatState) {
    sidebar::open(state);
    let archive = !state.shelf.archive.get_untracked();
    state.shelf.show_archive(archive);
    dom::focus(if archive {
        "leave-archive"
    } else {
        "new-conversation"
    });
}

pub(super) fn theme(state: ChatState, theme: Option<&'static str>) {
    sidebar::set_theme(state, theme);
    state.announce(match theme {
        Some("light") => "The theme is light.",
        Some(_) => "The theme is dark.",
        None => "The theme is the system's.",
    });
}
