//! The conversations: a column on wide screens, a drawer on narrow ones.

mod folder;
mod item;
mod list;
mod menus;
mod rows;
mod selection;

use leptos::prelude::*;
use protocol::ConversationId;

use super::{
    commands::Name,
    composer, conversations,
    palette::{self, Scope},
    shelf,
    state::ChatState,
    undo::UndoNotices,
};
use crate::{
    client::{dom, storage},
    ui::{Icon, Mark, MenuButton, Symbol, lazy},
};

use list::{ConversationList, shown};
pub(crate) use menus::of_shown;

/// When the sidebar is a drawer; the same as in the style sheet.
pub(crate) const NARROW: &str = "(max-width: 760px)";
/// The toggle, which gets the focus back when the drawer closes.
pub(crate) const TOGGLE: &str = "sidebar-toggle";

/// The list of conversations and what belongs to it.
#[component]
pub(crate) fn Sidebar() -> impl IntoView {
    let state = ChatState::use_here();
    let theme = state.theme;
    let palette_keys = RwSignal::new(String::new());
    Effect::new(move || {
        theme.set(storage::get(storage::THEME));
        palette_keys.set(Name::Palette.keys());
    });
    let new = move |event: web_sys::MouseEvent| {
        if !dom::is_modified(&event) {
            event.prevent_default();
            conversations::open(state, None);
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let handled = match event.key().as_str() {
            "Escape" if state.shelf.selecting.get_untracked() => {
                state.shelf.stop_selecting();
                composer::focus();
                true
            }
            "ArrowDown" => list::step(&event, 1),
            "ArrowUp" => list::step(&event, -1),
            _ => false,
        };
        if handled {
            event.prevent_default();
        }
    };
    view! {
        <div
            class="scrim"
            class:open=move || state.drawer_open.get()
            on:click=move |_| toggle(state)
        ></div>
        <nav
            class="sidebar"
            id="sidebar"
            class:open=move || state.drawer_open.get()
            aria-label="Conversations"
            on:keydown=on_key
        >
            <div class="sidebar-head">
                <a class="brand" href="/" on:click=new>
                    <Mark />
                    "Rivulet"
                </a>
                <MenuButton
                    label="More for the list"
                    class="list-menu"
                    items=move || menus::of_list(state)
                >
                    <Icon symbol=Symbol::More />
                </MenuButton>
            </div>
            <a id="new-conversation" class="button new-conversation" href="/" on:click=new>
                <Icon symbol=Symbol::New />
                "New conversation"
            </a>
            <button
                type="button"
                id="search"
                class="button search-button"
                aria-haspopup="dialog"
                on:pointerenter=|_| lazy::load_ahead(palette::load_palette)
                on:focus=|_| lazy::load_ahead(palette::load_palette)
                on:click=move |_| palette::show(state, Scope::Everything)
            >
                <Icon symbol=Symbol::Search />
                <span>"Search"</span>
                <kbd aria-hidden="true">{move || palette_keys.get()}</kbd>
            </button>
            {move || state.shelf.selecting.get().then(|| view! { <selection::SelectionBar /> })}
            <ConversationList />
            // Below the drawer the page is out of reach.
            {move || is_drawer(state).then(|| view! { <UndoNotices /> })}
            <div class="sidebar-foot">
                <button type="button" class="button quiet" on:click=move |_| super::shortcuts::show()>
                    "Shortcuts"
                    <kbd>"?"</kbd>
                </button>
                <button type="button" class="button quiet" on:click=move |_| next_theme(state)>
                    {move || match theme.get().as_deref() {
                        Some("light") => "Theme: light",
                        Some("dark") => "Theme: dark",
                        _ => "Theme: system",
                    }}
                </button>
            </div>
        </nav>
        <folder::NewFolder />
    }
}

/// Whether the sidebar lies above the rest of the page.
pub(crate) fn is_drawer(state: ChatState) -> bool {
    state.narrow.get() && state.drawer_open.get()
}

/// Folds the sidebar away or opens the drawer, whichever the width has.
#[component]
pub(crate) fn SidebarToggle() -> impl IntoView {
    let state = ChatState::use_here();
    view! {
        <button
            type="button"
            id=TOGGLE
            class="button sidebar-toggle"
            aria-label="Conversations"
            aria-controls="sidebar"
            aria-expanded=move || {
                let shown = if state.narrow.get() { state.drawer_open.get() } else { !state.sidebar_folded.get() };
                shown.to_string()
            }
            on:click=move |_| toggle(state)
        >
            <Icon symbol=Symbol::Menu />
        </button>
    }
}

/// Folds the sidebar or opens the drawer, or back.
pub(crate) fn toggle(state: ChatState) {
    if state.narrow.get_untracked() {
        let open = !state.drawer_open.get_untracked();
        state.drawer_open.set(open);
        dom::focus(if open { "new-conversation" } else { TOGGLE });
    } else {
        fold(state, !state.sidebar_folded.get_untracked());
    }
}

/// Shows the sidebar where it is not shown.
pub(crate) fn open(state: ChatState) {
    if state.narrow.get_untracked() {
        state.drawer_open.set(true);
    } else if state.sidebar_folded.get_untracked() {
        fold(state, false);
    }
}

/// Shows a folder of the list, open.
pub(crate) fn show_folder(state: ChatState, name: &str) {
    open(state);
    let shelf = state.shelf;
    if shelf.archive.get_untracked() {
        shelf.show_archive(false);
    }
    if shelf.closed.with_untracked(|closed| closed.contains(name)) {
        shelf.toggle_folder(name);
    }
    dom::focus(&folder::button(name));
}

/// Begins to select conversations in the list.
pub(crate) fn begin_selecting(state: ChatState) {
    state.shelf.select(None);
    dom::focus(selection::ALL);
}

/// The conversation so many rows below the one shown in the list, the first
/// or last one where none is shown.
pub(crate) fn neighbour(state: ChatState, by: isize) -> Option<ConversationId> {
    let listed = untrack(|| shown(state));
    let current = state.current.get_untracked();
    let at = listed.iter().position(|id| Some(*id) == current);
    let wanted = match at {
        Some(at) => at.checked_add_signed(by)?,
        None if by > 0 => 0,
        None => return None,
    };
    listed.get(wanted).copied()
}

fn fold(state: ChatState, folded: bool) {
    state.sidebar_folded.set(folded);
    dom::set_document_data("sidebar", folded.then_some("folded"));
    storage::set(storage::SIDEBAR, if folded { "folded" } else { "" });
}

/// Brings the row of a conversation that has just come into view.
pub(crate) fn reveal(state: ChatState, id: ConversationId) {
    let shelf = state.shelf;
    let summary = state.summary(id);
    let is_archived = summary.as_ref().is_some_and(|it| it.archived);
    if shelf.archive.get_untracked() != is_archived {
        shelf.show_archive(is_archived);
    }
    if let Some(folder) = summary.and_then(|it| it.folder)
        && shelf
            .closed
            .with_untracked(|closed| closed.contains(&folder))
    {
        shelf.toggle_folder(&folder);
    }
    // Room for its heading and those above as well.
    let at = untrack(|| shown(state))
        .iter()
        .position(|listed| *listed == id);
    let wanted = at.map_or(0, |at| at + shelf::ROWS);
    shelf.limit.update(|limit| *limit = wanted.max(*limit));
    shelf.fresh.set(Some(id));
    dom::on_next_frame(move || {
        if let Some(row) = dom::element::<web_sys::Element>(&shelf::row(id)) {
            row.scroll_into_view_with_bool(false);
        }
    });
}

/// From the system's choice to light, to dark, and back.
fn next_theme(state: ChatState) {
    let next = match state.theme.get_untracked().as_deref() {
        None => Some("light"),
        Some("light") => Some("dark"),
        Some(_) => None,
    };
    set_theme(state, next);
}

/// Shows the page light or dark, or as the system does.
pub(crate) fn set_theme(state: ChatState, theme: Option<&'static str>) {
    dom::set_document_data("theme", theme);
    storage::set(storage::THEME, theme.unwrap_or_default());
    state.theme.set(theme.map(str::to_owned));
}
