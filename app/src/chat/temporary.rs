//! Temporary conversations, which are never stored.

use leptos::prelude::*;

use super::{composer, state::ChatState};
use crate::ui::{Icon, Symbol};

/// What "temporary" means.
const MEANING: &str =
    "This conversation is not stored: it ends with the server, or a day after its last message.";

/// Makes the conversation that the next message begins a temporary one.
#[component]
pub(crate) fn TemporaryToggle() -> impl IntoView {
    let state = ChatState::use_here();
    let is_on = move || state.temporary.get();
    // Once its first message is sent it is decided.
    let is_sent = move || !state.messages.with(Vec::is_empty);
    view! {
        <button
            type="button"
            class="button quiet temporary-toggle"
            title=MEANING
            aria-pressed=move || is_on().to_string()
            disabled=is_sent
            on:click=move |_| {
                state.temporary.update(|it| *it = !*it);
                composer::focus();
            }
        >
            <Icon symbol=Symbol::Temporary />
            "Temporary"
        </button>
    }
}

/// Says on the empty page that what begins there is not stored.
#[component]
pub(crate) fn TemporaryHint() -> impl IntoView {
    let state = ChatState::use_here();
    view! {
        <p class="temporary-hint" role="status" class:absent=move || !state.temporary.get()>
            <Icon symbol=Symbol::Temporary />
            {move || state.temporary.get().then_some(MEANING)}
        </p>
    }
}

/// Says of the conversation shown that it is not stored.
#[component]
pub(crate) fn TemporaryMark() -> impl IntoView {
    view! {
        <span class="chip" title=MEANING>
            <Icon symbol=Symbol::Temporary />
            "Temporary"
            <span class="visually-hidden">{MEANING}</span>
        </span>
    }
}
