//! Keyboard shortcuts and the dialog that lists them.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, KeyboardEvent};

use super::{composer, conversations, state::ChatState, turn};
use crate::client::dom;

const DIALOG: &str = "shortcuts";

/// The list of shortcuts, as a dialog.
#[component]
pub(crate) fn Shortcuts() -> impl IntoView {
    view! {
        <dialog id=DIALOG class="dialog" aria-labelledby="shortcuts-title">
            <form method="dialog">
                <h2 id="shortcuts-title">"Shortcuts"</h2>
                <button class="button">"Close"</button>
            </form>
            <dl>
                <div><dt><kbd>"Enter"</kbd></dt><dd>"Send"</dd></div>
                <div><dt><kbd>"Shift"</kbd><kbd>"Enter"</kbd></dt><dd>"New line"</dd></div>
                <div><dt><kbd>"Esc"</kbd></dt><dd>"Stop the answer"</dd></div>
                <div><dt><kbd>"Ctrl"</kbd><kbd>"Shift"</kbd><kbd>"O"</kbd></dt><dd>"New conversation"</dd></div>
                <div><dt><kbd>"Ctrl"</kbd><kbd>"Shift"</kbd><kbd>"S"</kbd></dt><dd>"Fold or open the sidebar"</dd></div>
                <div><dt><kbd>"/"</kbd></dt><dd>"Go to the message box"</dd></div>
                <div><dt><kbd>"?"</kbd></dt><dd>"Show this list"</dd></div>
            </dl>
        </dialog>
    }
}

fn is_shown() -> bool {
    dom::element::<HtmlDialogElement>(DIALOG).is_some_and(|dialog| dialog.open())
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
        let Ok(event) = event.dyn_into::<KeyboardEvent>() else {
            return;
        };
        if dom::is_composing(&event) || event.default_prevented() {
            return;
        }
        let is_typing = dom::closest(&event, "input, textarea, select").is_some();
        let command = (event.ctrl_key() || event.meta_key()) && event.shift_key();
        let handled = match event.key().as_str() {
            "Escape" if !is_shown() => {
                if state.drawer_open.get_untracked() {
                    state.drawer_open.set(false);
                    dom::focus(super::sidebar::TOGGLE);
                    true
                } else {
                    turn::stop(state)
                }
            }
            "O" | "o" if command => {
                conversations::open(state, None);
                true
            }
            "S" | "s" if command => {
                super::sidebar::toggle(state);
                true
            }
            "/" if !is_typing && !is_shown() => {
                composer::focus();
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
