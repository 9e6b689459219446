//! What is done with many conversations at once.

use leptos::prelude::*;

use super::{menus, shown};
use crate::{
    chat::{composer, keeping, state::ChatState},
    ui::{Icon, MenuButton, Symbol},
};

/// The button that selects all, which has the focus when the selecting begins.
pub(super) const ALL: &str = "select-all";

/// The bar that shows while rows are selected.
#[component]
pub(super) fn SelectionBar() -> impl IntoView {
    let state = ChatState::use_here();
    let shelf = state.shelf;
    let picked = Memo::new(move |_| shelf.picked(state));
    let count = move || picked.with(Vec::len);
    let is_none = move || count() == 0;
    let take = move || {
        let ids = picked.get_untracked();
        shelf.stop_selecting();
        ids
    };
    let said = move || match count() {
        0 => "None selected".to_owned(),
        count => format!("{count} selected"),
    };
    let all = Memo::new(move |_| shown(state));
    let all_are_picked =
        move || all.with(|all| !all.is_empty() && picked.with(Vec::len) == all.len());
    let toggle_all = move |_| {
        let wanted = if all_are_picked() {
            Vec::new()
        } else {
            all.get_untracked()
        };
        shelf.selected.set(wanted.into_iter().collect());
    };
    view! {
        <div class="selection" role="group" aria-label="Selected conversations">
            <div class="selection-line">
                <span class="selection-count" role="status">{said}</span>
                <button type="button" id=ALL class="button quiet" on:click=toggle_all>
                    {move || {
                        if all_are_picked() {
                            "Select none".to_owned()
                        } else {
                            format!("Select all {}", all.with(Vec::len))
                        }
                    }}
                </button>
                <button
                    type="button"
                    class="button quiet"
                    on:click=move |_| {
                        shelf.stop_selecting();
                        composer::focus();
                    }
                >
                    "Done"
                </button>
            </div>
            <div class="selection-line">
                <button
                    type="button"
                    class="button quiet"
                    disabled=is_none
                    on:click=move |_| {
                        let archived = !shelf.archive.get_untracked();
                        keeping::archive(state, take(), archived);
                    }
                >
                    <Icon symbol=Symbol::Archive />
                    {move || if shelf.archive.get() { "Unarchive" } else { "Archive" }}
                </button>
                <span class="selection-move" class:inert=is_none inert=is_none>
                    <MenuButton
                        label="Move to folder"
                        class="quiet"
                        items=move || menus::folders(state, picked.get_untracked())
                    >
                        <Icon symbol=Symbol::Folder />
                        "Move"
                    </MenuButton>
                </span>
                <button
                    type="button"
                    class="button quiet dangerous"
                    disabled=is_none
                    on:click=move |_| keeping::delete(state, take())
                >
                    <Icon symbol=Symbol::Delete />
                    "Delete"
                </button>
            </div>
        </div>
    }
}
