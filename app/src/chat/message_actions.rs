//! What can be done with a message: buttons for what is done most, and a menu
//! with all of it.

use leptos::prelude::*;
use protocol::{Message, MessageState};

use super::{
    bubble_actions,
    plain_text::plain_text,
    removal,
    state::{ChatState, ShownMessage},
    turn,
    versions::VersionArrows,
};
use crate::{
    client::dom,
    ui::{Icon, MenuButton, MenuItem, Symbol},
};

/// Beside a question.
#[component]
pub(crate) fn QuestionActions(
    /// The question.
    shown: ShownMessage,
    /// The id of the button that edits.
    edit_id: String,
) -> impl IntoView {
    let state = ChatState::use_here();
    let items = {
        let shown = shown.clone();
        move || {
            let (source, edited) = (shown.message.clone(), shown.clone());
            vec![
                MenuItem::new("Copy", move || {
                    bubble_actions::copy_text(state, source.with_untracked(|it| it.text.clone()));
                })
                .icon(Symbol::Copy),
                MenuItem::new("Edit", move || state.edit(&edited)).icon(Symbol::Edit),
                delete_item(state, &shown),
            ]
        }
    };
    let source = shown.message.clone();
    view! {
        <div class="actions">
            <CopyButton name="Copy the question" text=move || source.with_untracked(|it| it.text.clone()) />
            <button
                type="button"
                id=edit_id
                class="button"
                aria-label="Edit the question"
                title="Edit"
                on:click=move |_| state.edit(&shown)
            >
                <Icon symbol=Symbol::Edit />
            </button>
            <MenuButton label="More for this question" items=items class="more">
                <Icon symbol=Symbol::More />
            </MenuButton>
        </div>
    }
}

/// Under an answer that has ended.
#[component]
pub(crate) fn AnswerActions(
    /// The answer.
    shown: ShownMessage,
) -> impl IntoView {
    let state = ChatState::use_here();
    let message = shown.message.get_untracked();
    let key = shown.key;
    let is_last = Memo::new(move |_| {
        state
            .messages
            .with(|all| all.last().is_some_and(|last| last.key == key))
    });
    let is_whole = message.state == MessageState::Finished;
    let retry_name = if is_whole { "Regenerate" } else { "Try again" };
    let busy = {
        let shown = shown.clone();
        Memo::new(move |_| state.is_being_answered(&shown))
    };
    let items = {
        let shown = shown.clone();
        move || answer_items(state, &shown)
    };
    let (source, again, extended) = (shown.message.clone(), shown.clone(), shown.clone());
    view! {
        <div class="actions">
            {can_continue(&message)
                .then(|| {
                    view! {
                        <button
                            type="button"
                            class="button"
                            class:absent=move || !is_last.get() || busy.get()
                            on:click=move |_| turn::extend(state, &extended)
                        >
                            <Icon symbol=Symbol::Continue />
                            "Continue"
                        </button>
                    }
                })}
            <button
                type="button"
                class="button"
                class:absent=move || busy.get()
                aria-label=retry_name
                title=retry_name
                on:click=move |_| turn::retry(state, &again, None)
            >
                <Icon symbol=Symbol::Retry />
                {(!is_whole).then_some("Try again")}
            </button>
            <CopyButton name="Copy the answer" text=move || source.with_untracked(|it| it.text.clone()) />
            <MenuButton label="More for this answer" items=items class="more">
                <Icon symbol=Symbol::More />
            </MenuButton>
        </div>
        <VersionArrows shown=shown />
    }
}

fn answer_items(state: ChatState, shown: &ShownMessage) -> Vec<MenuItem> {
    let message = shown.message.get_untracked();
    let busy = untrack(|| state.is_being_answered(shown))
        .then(|| "Another version is being written.".to_owned());
    let (markdown, plain) = (message.text.clone(), message.text.clone());
    let (again, with, extended) = (shown.clone(), shown.clone(), shown.clone());
    let mut items = vec![
        MenuItem::new("Copy as Markdown", move || {
            bubble_actions::copy_text(state, markdown.clone());
        })
        .icon(Symbol::Copy),
        MenuItem::new("Copy as plain text", move || {
            bubble_actions::copy_text(state, plain_text(&plain));
        })
        .icon(Symbol::Copy),
        MenuItem::new("Regenerate", move || turn::retry(state, &again, None))
            .icon(Symbol::Retry)
            .disabled(busy.clone()),
        MenuItem::opening("Regenerate with", move || model_items(state, &with))
            .icon(Symbol::Retry)
            .disabled(busy.clone()),
    ];
    if can_continue(&message) {
        let item = MenuItem::new("Continue", move || turn::extend(state, &extended));
        items.push(item.icon(Symbol::Continue).disabled(busy));
    }
    items.push(delete_item(state, shown));
    items
}

/// The models, grouped as in the picker.
fn model_items(state: ChatState, shown: &ShownMessage) -> Vec<MenuItem> {
    let now = shown
        .message
        .with_untracked(|message| message.model.clone());
    let mut items = Vec::new();
    for provider in state.models.get_untracked().providers {
        let group = match &provider.problem {
            Some(_) => format!("{} (not reachable)", provider.label),
            None => provider.label,
        };
        for model in provider.models {
            let chosen = now.as_ref() == Some(&model.id);
            let (shown, id) = (shown.clone(), model.id);
            let item = MenuItem::new(model.name, move || {
                turn::retry(state, &shown, Some(id.clone()));
            });
            items.push(
                item.note(model.description)
                    .group(group.clone())
                    .chosen(chosen),
            );
        }
    }
    items
}

fn delete_item(state: ChatState, shown: &ShownMessage) -> MenuItem {
    let is_followed = state.with_all_after(shown).len() > 1;
    // What the server does not know yet it cannot delete.
    let is_on_its_way = state.with_all_after(shown).iter().any(|shown| {
        let live = shown.live.get_untracked();
        live.is_some_and(|view| !view.progress.with_untracked(|it| it.accepted))
    });
    let gone = shown.clone();
    MenuItem::new("Delete", move || removal::remove(state, &gone))
        .icon(Symbol::Delete)
        .dangerous()
        .note(is_followed.then(|| "With all that follows it".to_owned()))
        .disabled(is_on_its_way.then(|| "It is still being sent.".to_owned()))
}

/// Whether an answer broke off where more could come.
pub(crate) fn can_continue(message: &Message) -> bool {
    let is_cut =
        message.state != MessageState::Finished || message.reason.as_deref() == Some("length");
    is_cut && message.state != MessageState::Writing && !message.text.is_empty()
}

#[component]
fn CopyButton(
    /// What it is called.
    name: &'static str,
    /// What it copies.
    text: impl Fn() -> String + Send + 'static,
) -> impl IntoView {
    let state = ChatState::use_here();
    view! {
        <button
            type="button"
            class="button copy-button"
            aria-label=name
            title="Copy"
            on:click=move |event| {
                if let Some(button) = dom::closest(&event, "button") {
                    bubble_actions::copy(state, button, text());
                }
            }
        >
            <Icon symbol=Symbol::Copy />
            <span class="copied-mark"><Icon symbol=Symbol::Check /></span>
        </button>
    }
}
