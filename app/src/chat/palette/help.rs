//! The list behind "?", and what can follow the first of two keys.

use leptos::prelude::*;

use super::super::{
    commands::{COMMANDS, Command, Group},
    shortcuts::keys::{self, Keys},
    state::ChatState,
};
use crate::ui::{
    LazyView,
    lazy::{self, wasm_split},
};

/// What the keys do, and the keys.
type Beside = (&'static str, &'static [&'static str]);

/// What is no command and has keys all the same: with the keys apart.
const BESIDE: [(&str, &[Beside]); 3] = [
    (
        "In the message box",
        &[("Send", &["Enter"]), ("New line", &["Shift", "Enter"])],
    ),
    (
        "In the list of conversations",
        &[
            ("Go through it", &["↑", "↓"]),
            ("Rename", &["F2"]),
            ("Delete", &["Del"]),
        ],
    ),
    (
        "On the arrows of a version",
        &[("Earlier or later", &["←", "→"])],
    ),
];

/// All shortcuts.
#[wasm_split(palette, fallible, preload(load_help))]
pub(crate) fn help() -> LazyView {
    let mac = keys::is_mac();
    let commands = Group::ALL.into_iter().map(|group| {
        let rows = COMMANDS.iter().filter(|command| command.group == group);
        let rows = rows.map(|command| (command.label, drawn_keys(command.keys, mac)));
        section(group.label(), rows.collect())
    });
    let beside = BESIDE.into_iter().map(|(heading, rows)| {
        let rows = rows.iter().map(|(label, keys)| (*label, drawn(keys)));
        section(heading, rows.collect())
    });
    let sections = commands.chain(beside).collect_view();
    lazy::drawn(view! { <div class="keys-list">{sections}</div> })
}

/// A shortcut as keys.
pub(super) fn drawn_keys(keys: Keys, mac: bool) -> AnyView {
    let written = keys.written(mac);
    match (keys, written.split_last()) {
        (Keys::Second(_), Some((last, first))) => view! {
            {drawn(first)}
            <small>"then"</small>
            <kbd>{*last}</kbd>
        }
        .into_any(),
        _ => drawn(&written),
    }
}

fn drawn(keys: &[&'static str]) -> AnyView {
    let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> });
    keys.collect_view().into_any()
}

fn section(heading: &'static str, rows: Vec<(&'static str, AnyView)>) -> AnyView {
    let row = |(label, keys): (&'static str, AnyView)| view! { <div><dt>{keys}</dt><dd>{label}</dd></div> };
    view! {
        <section>
            <h3>{heading}</h3>
            <dl class="keys">{rows.into_iter().map(row).collect_view()}</dl>
        </section>
    }
    .into_any()
}

/// What can be pressed after the first of two keys.
#[wasm_split(palette, fallible, preload(load_second_keys))]
pub(crate) fn second_keys(state: ChatState) -> LazyView {
    let mac = keys::is_mac();
    let key = |command: &'static Command| match command.keys {
        Keys::Second(_) if (command.available)(state) => {
            let key = command.keys.written(mac).pop();
            Some(view! { <li><kbd>{key}</kbd> <span>{command.label}</span></li> })
        }
        _ => None,
    };
    let rows = COMMANDS.iter().filter_map(key).collect_view();
    lazy::drawn(view! { <ul>{rows}</ul> })
}
