//! Keyboard shortcuts and the dialog that lists them.

use leptos::prelude::*;
use web_sys::{HtmlDialogElement, KeyboardEvent};

use super::{conversations, state::ChatState, turn};
use crate::{
    client::dom,
    ui::{Icon, Symbol},
};
use wasm_bindgen::JsCast;

const DIALOG: &str = "shortcuts";
const LIST: [(&str, &str); 7] = [
    ("Enter", "Send"),
    ("Shift Enter", "New line"),
    ("Esc", "Stop the answer"),
    ("Ctrl Shift O", "New conversation"),
    ("Ctrl Shift S", "Fold or open the sidebar"),
    ("/", "Go to the message box"),
    ("?", "Show this list"),
];

/// The list of shortcuts, as a dialog.
#[component]
pub(crate) fn Shortcuts() -> impl IntoView {
    let rows = LIST
        .into_iter()
        .map(|(keys, what)| {
            let keys = keys.split(' ').map(|key| view! { <kbd>{key}</kbd> }).collect_view();
            view! { <div><dt>{keys}</dt><dd>{what}</dd></div> }
        })
        .collect_view();
    view! {
        <dialog id=DIALOG class="dialog" aria-labelledby="shortcuts-title">
            <form method="dialog">
                <h2 id="shortcuts-title">"Shortcuts"</h2>
                <button class="button" aria-label="Close">
                    <Icon symbol=Symbol::Close />
                </button>
            </form>
            <dl>{rows}</dl>
        </dialog>
    }
}

/// Opens the dialog; the browser moves the focus there and back.
pub(crate) fn show() {
    if let Some(dialog) = dom::element::<HtmlDialogElement>(DIALOG)
        && !dialog.open()
    {
        let _ = dialog.show_modal();
    }
}

/// Listens for the shortcuts; called once.
pub(crate) fn install(state: ChatState) {
    dom::on_window("keydown", move |event| {
        let Ok(event) = event.dyn_into::<KeyboardEvent>() else { return };
        if dom::is_composing(&event) || event.default_prevented() {
            return;
        }
        let is_typing = dom::closest(&event, "input, textarea, select").is_some();
        let command = (event.ctrl_key() || event.meta_key()) && event.shift_key();
        let handled = match event.key().as_str() {
            "Escape" if dom::closest(&event, "dialog[open]").is_none() => {
                if state.drawer_open.get_untracked() {
                    state.drawer_open.set(false);
                } else {
                    turn::stop(state);
                }
                true
            }
            "O" | "o" if command => {
                conversations::open(state, None);
                true
            }
            "S" | "s" if command => {
                super::sidebar::toggle(state);
                true
            }
            "/" if !is_typing => {
                dom::focus("composer");
                true
            }
            "?" if !is_typing => {
                show();
                true
            }
            _ => false,
        };
        if handled {
            event.prevent_default();
        }
    });
}
