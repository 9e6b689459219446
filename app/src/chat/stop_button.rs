//! Send, which becomes Stop in the same place while an answer is being
//! written.

use leptos::prelude::*;

use super::{composer, state::ChatState, turn};
use crate::ui::{Icon, Symbol};

/// The button at the end of the composer. While an answer is being written
/// and the box has text, both are there: the text can be put in the queue.
#[component]
pub(crate) fn SendOrStop() -> impl IntoView {
    let state = ChatState::use_here();
    let live = Memo::new(move |_| state.running().is_some());
    let has_text = Memo::new(move |_| {
        !state.draft.with(|draft| draft.trim().is_empty()) || !state.attached.with(Vec::is_empty)
    });
    let stopping = move || {
        state
            .running()
            .and_then(|shown| shown.live.get())
            .is_some_and(|view| view.stopping.get())
    };
    view! {
        <div class="send-or-stop">
            <button
                type="submit"
                class="button send"
                class:absent=move || live.get() && !has_text.get()
                class:secondary=move || live.get()
                aria-label=move || {
                    if live.get() { "Send when this answer is done" } else { "Send" }
                }
            >
                <Icon symbol=Symbol::Send />
            </button>
            <button
                type="button"
                class="button stop"
                class:absent=move || !live.get()
                aria-label="Stop"
                aria-busy=move || stopping().to_string()
                on:click=move |_| {
                    turn::stop(state);
                    // The button is about to go: the focus must not go with it.
                    composer::focus();
                }
            >
                <Icon symbol=Symbol::Stop />
            </button>
        </div>
    }
}
