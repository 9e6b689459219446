//! Keyboard shortcuts: what listens for the keys, and the dialog that lists
//! them.

pub(crate) mod keys;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use super::{
    commands::{COMMANDS, Command, Name},
    palette::{self, load_palette},
    sidebar,
    state::ChatState,
};
use crate::{
    client::dom,
    ui::{Dialog, LazyPanel, dialog, lazy},
};
use keys::{Keys, LEADER, is_key};

const DIALOG: &str = "shortcuts";

/// The list of shortcuts, as a dialog.
#[component]
pub(crate) fn Shortcuts() -> impl IntoView {
    view! {
        <Dialog id=DIALOG title="Shortcuts" wide=true>
            <LazyPanel load=palette::load_help draw=palette::help />
        </Dialog>
    }
}

/// Opens the dialog.
pub(crate) fn show() {
    dialog::show(DIALOG);
}

/// What can be pressed next, after the first of two keys.
#[component]
pub(crate) fn SecondKeys() -> impl IntoView {
    let state = ChatState::use_here();
    move || {
        state.second_key.get().then(|| {
            view! {
                <section class="second-keys" aria-label="The second key of the shortcut">
                    <p>"Now one of these keys. Esc cancels."</p>
                    <LazyPanel load=palette::load_second_keys draw=move || palette::second_keys(state) />
                </section>
            }
        })
    }
}

/// Listens for the shortcuts; called once.
pub(crate) fn install(state: ChatState) {
    // Before anything else on the page has the key.
    dom::on_window_first("keydown", move |event| {
        if state.second_key.get_untracked()
            && let Some(event) = event.dyn_ref()
        {
            second(state, event);
        }
    });
    for event in ["pointerdown", "blur"] {
        dom::on_window(event, move |_| cancel(state));
    }
    dom::on_window("keydown", move |event| {
        let Ok(event) = event.dyn_into::<KeyboardEvent>() else {
            return;
        };
        if !dom::is_composing(&event) && !event.default_prevented() && pressed(state, &event) {
            event.prevent_default();
        }
    });
}

/// Does what a key is for; gives whether it is for anything.
fn pressed(state: ChatState, event: &KeyboardEvent) -> bool {
    // Whoever holds one of these may be about to open the palette.
    if matches!(event.key().as_str(), "Control" | "Meta" | "Alt") && !event.repeat() {
        lazy::load_ahead(load_palette);
        return false;
    }
    let is_typing = dom::closest(event, "input, textarea, select").is_some();
    if LEADER.matches(event, is_typing) && !dialog::is_any_open() {
        state.second_key.set(true);
        state.announce("Now the second key of the shortcut; Escape cancels.");
        return true;
    }
    let Some(command) = COMMANDS.iter().find(|it| it.keys.matches(event, is_typing)) else {
        return false;
    };
    if command.name == Name::Palette {
        // Above another dialog it would offer what cannot be done now; the
        // browser's own meaning of the key is not what was meant either.
        if palette::is_open() || !dialog::is_any_open() {
            palette::toggle(state);
        }
        return true;
    }
    if dialog::is_any_open() {
        return false;
    }
    if command.name == Name::Stop && state.drawer_open.get_untracked() {
        state.drawer_open.set(false);
        dom::focus(sidebar::TOGGLE);
        return true;
    }
    run(state, command, event)
}

/// Runs a command if it can be done. A key that is held does it once, unless it
/// goes through something.
fn run(state: ChatState, command: &Command, event: &KeyboardEvent) -> bool {
    let goes_on = matches!(command.name, Name::NextMessage | Name::PreviousMessage);
    if event.repeat() && !goes_on {
        return true;
    }
    let is_available = (command.available)(state);
    if is_available {
        (command.run)(state);
    }
    is_available
}

/// Takes the second of two keys. Arrows can be pressed again and again.
fn second(state: ChatState, event: &KeyboardEvent) {
    let key = event.key();
    if matches!(
        key.as_str(),
        "Control" | "Meta" | "Alt" | "AltGraph" | "Shift"
    ) {
        return;
    }
    event.prevent_default();
    event.stop_propagation();
    let is_meant = |command: &&Command| match command.keys {
        Keys::Second(name) => is_key(name, &key, &event.code()),
        _ => false,
    };
    let command = COMMANDS.iter().find(is_meant);
    if command.is_none() || !key.starts_with("Arrow") {
        cancel(state);
    }
    if let Some(command) = command
        && !run(state, command, event)
    {
        state.announce("That cannot be done now.");
    }
}

fn cancel(state: ChatState) {
    state.second_key.maybe_update(std::mem::take);
}
