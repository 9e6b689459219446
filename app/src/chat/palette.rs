//! The palette: one box to go to any conversation or message, to choose a
//! model or a preset, and to do whatever there is a command for. What it lists
//! is loaded when it is first opened.

mod choosing;
mod help;
mod hits;
mod items;
mod matching;
mod panel;

use std::cell::RefCell;

use leptos::prelude::*;
use web_sys::{Event, HtmlInputElement, Range};

use super::{
    commands::{COMMANDS, Command, Name},
    state::ChatState,
};
use crate::{
    client::dom,
    ui::{Dialog, LazyPanel, dialog},
};

pub(crate) use help::{help, load_help, load_second_keys, second_keys};
pub(crate) use panel::load_palette;

const DIALOG: &str = "palette";
/// The box that is typed into.
const INPUT: &str = "palette-input";
/// The list below it.
const LIST: &str = "palette-list";

/// What the palette lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Conversations, commands, models, presets, folders, and messages.
    Everything,
    /// Titles and messages, as the server finds them.
    Search,
    /// The models.
    Models,
    /// The presets.
    Presets,
    /// The folders that the conversation shown can go into.
    Folders,
}

impl Scope {
    fn title(self) -> &'static str {
        match self {
            Self::Everything => "Search and commands",
            Self::Search => "Search conversations",
            Self::Models => "Switch the model",
            Self::Presets => "Apply a preset",
            Self::Folders => "Move to a folder",
        }
    }

    fn placeholder(self) -> &'static str {
        match self {
            Self::Everything => "A conversation, words in it, a model, a command…",
            Self::Search => "Words, or a “phrase in quotes”",
            Self::Models => "Which model?",
            Self::Presets => "Which preset?",
            Self::Folders => "Which folder, or the name of a new one?",
        }
    }
}

/// What was the case when the palette was opened.
struct Before {
    /// What could be done.
    commands: Vec<&'static Command>,
    /// What was selected on the page.
    selection: Option<Range>,
}

thread_local! {
    static BEFORE: RefCell<Before> = const {
        RefCell::new(Before { commands: Vec::new(), selection: None })
    };
}

/// The palette as a dialog.
#[component]
pub(crate) fn Palette() -> impl IntoView {
    let state = ChatState::use_here();
    let title = move || state.palette.get().title();
    view! {
        <Dialog id=DIALOG title=title wide=true back_to="composer">
            <input
                type="text"
                id=INPUT
                class="box palette-input"
                role="combobox"
                aria-autocomplete="list"
                aria-haspopup="listbox"
                aria-expanded="false"
                aria-controls=LIST
                aria-label=title
                placeholder=move || state.palette.get().placeholder()
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                enterkeyhint="go"
                maxlength="200"
                dir="auto"
            />
            <LazyPanel load=load_palette draw=move || panel::palette(state) />
        </Dialog>
    }
}

/// Opens the palette, or lets it list something else where it is open.
pub(crate) fn show(state: ChatState, scope: Scope) {
    if !is_open() {
        let selected = dom::window().and_then(|it| it.get_selection().ok().flatten());
        let selection = selected.filter(|it| !it.is_collapsed());
        let is_available =
            |command: &&Command| command.name != Name::Palette && (command.available)(state);
        BEFORE.replace(Before {
            commands: COMMANDS.iter().filter(is_available).collect(),
            selection: selection.and_then(|it| it.get_range_at(0).ok()),
        });
    }
    state.palette.set(scope);
    dialog::show(DIALOG);
    // Where it lists something already it begins anew.
    if let Some(input) = dom::element::<HtmlInputElement>(INPUT)
        && let Ok(typed) = Event::new("input")
    {
        input.set_value("");
        let _ = input.dispatch_event(&typed);
    }
    dom::focus(INPUT);
}

/// Opens the palette, or closes it.
pub(crate) fn toggle(state: ChatState) {
    if is_open() {
        close();
    } else {
        show(state, Scope::Everything);
    }
}

/// Whether the palette is open.
pub(crate) fn is_open() -> bool {
    dom::element::<web_sys::HtmlDialogElement>(DIALOG).is_some_and(|it| it.open())
}

/// Closes the palette. The focus is where it was, and what was selected is.
fn close() {
    dialog::close(DIALOG);
    restore_selection();
}

/// Selects again what was selected before the palette took the focus.
fn restore_selection() {
    let range = BEFORE.with_borrow_mut(|before| before.selection.take());
    let selection = dom::window().and_then(|it| it.get_selection().ok().flatten());
    if let (Some(range), Some(selection)) = (range, selection) {
        let _ = selection.remove_all_ranges();
        let _ = selection.add_range(&range);
    }
}
