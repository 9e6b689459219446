//! A fold that is open while something forms in it, and closes when that is
//! done, unless the reader has opened it or reads there.

use leptos::{html, prelude::*};

use super::state::ChatState;

/// A fold that opens and closes by itself until the reader presses it.
#[component]
pub(crate) fn SelfClosingFold(
    /// Its class.
    class: &'static str,
    /// Whether something is forming in it.
    #[prop(into)]
    forming: Signal<bool>,
    /// Whether there is anything to show; without it there is.
    #[prop(optional, into)]
    absent: Option<Signal<bool>>,
    /// Its title.
    summary: AnyView,
    /// What it holds.
    children: Children,
) -> impl IntoView {
    let state = ChatState::use_here();
    let open = RwSignal::new(false);
    let pressed = StoredValue::new(false);
    let fold = NodeRef::<html::Details>::new();
    Effect::new(move || {
        let forming = forming.get();
        if pressed.get_value() {
            return;
        }
        let is_read = move || {
            // Who is away from the end of the transcript reads, perhaps here.
            state.away.get_untracked()
                || fold
                    .get_untracked()
                    .is_some_and(|fold| fold.matches(":hover, :focus-within").unwrap_or(false))
        };
        if forming || !is_read() {
            open.set(forming);
        } else {
            // It stays as it is from now on.
            pressed.set_value(true);
        }
    });
    view! {
        <details
            class=class
            class:absent=move || absent.is_some_and(|absent| absent.get())
            node_ref=fold
            open=move || open.get()
        >
            <summary on:click=move |_| pressed.set_value(true)>{summary}</summary>
            {children()}
        </details>
    }
}
