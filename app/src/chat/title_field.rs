//! A field that stands in the place of a title while it is edited.

use leptos::prelude::*;

use crate::client::dom;

/// A field with a title to change: Enter and leaving it keep what was typed,
/// Escape does not.
#[component]
pub(crate) fn TitleField(
    /// What a screen reader calls it.
    label: &'static str,
    /// The title so far.
    title: String,
    /// The id of what has the focus afterwards, unless the person has put it
    /// elsewhere.
    back_to: String,
    /// What is to be done with the title typed; `None`: nothing.
    done: Callback<Option<String>>,
) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
            input.select();
        }
    });
    // It goes away by what it does, which makes it lose the focus.
    let is_over = StoredValue::new(false);
    let end = move |keep: bool| {
        if is_over.try_get_value() != Some(false) {
            return;
        }
        is_over.set_value(true);
        let typed = input.get_untracked().map(|input| input.value());
        done.run(typed.filter(|_| keep));
    };
    view! {
        <input
            node_ref=input
            class="rename"
            aria-label=label
            prop:value=title.clone()
            value=title.clone()
            maxlength="200"
            on:blur=move |_| end(true)
            on:keydown=move |event| {
                if dom::is_composing(&event) {
                    return;
                }
                match event.key().as_str() {
                    "Enter" => end(true),
                    "Escape" => {
                        event.prevent_default();
                        end(false);
                    }
                    _ => return,
                }
                // By then what gets the focus is there, perhaps drawn anew for
                // the new title.
                dom::focus(&back_to);
            }
        />
    }
}
