//! A folder in the list, and the dialog that names a new one.

use leptos::{either::Either, prelude::*};

use super::menus;
use crate::{
    chat::{
        keeping,
        shelf::{self, Shelf},
        state::ChatState,
        title_field::TitleField,
    },
    ui::{Dialog, Icon, MenuButton, Symbol, dialog},
};

/// The longest name of a folder, in characters.
const LONGEST: &str = "80";

/// The heading of a folder: opens and closes it. A conversation dropped on it
/// goes into it.
#[component]
pub(super) fn FolderHeading(
    /// Its name.
    name: String,
) -> impl IntoView {
    let state = ChatState::use_here();
    let shelf: Shelf = state.shelf;
    let name = StoredValue::new(name);
    let editing = RwSignal::new(false);
    let is_open = move || {
        shelf
            .closed
            .with(|closed| name.with_value(|it| !closed.contains(it)))
    };
    let count = Memo::new(move |_| {
        state.conversations.with(|all| {
            let inside = all.iter().filter(|it| {
                !it.archived && name.with_value(|name| it.folder.as_ref() == Some(name))
            });
            inside.count()
        })
    });
    let button = move || name.with_value(|name| button(name));
    let content = move || {
        if editing.get() {
            let done = move |typed: Option<String>| {
                editing.set(false);
                if let Some(typed) = typed {
                    keeping::rename_folder(state, &name.get_value(), &typed);
                }
            };
            Either::Left(view! {
                <TitleField
                    label="Name of the folder"
                    title=name.get_value()
                    back_to=button()
                    done=Callback::new(done)
                />
            })
        } else {
            Either::Right(view! {
                <h2 class="folder-name">
                    <button
                        type="button"
                        id=button()
                        class="button folder-toggle"
                        aria-expanded=move || is_open().to_string()
                        on:click=move |_| shelf.toggle_folder(&name.get_value())
                    >
                        <Icon symbol=Symbol::Folder />
                        <span class="folder-label">{name.get_value()}</span>
                        <span class="folder-count">{move || count.get()}</span>
                    </button>
                </h2>
                <MenuButton
                    label=format!("More for folder {}", name.get_value())
                    class="item-action"
                    items=move || menus::of_folder(state, &name.get_value(), editing)
                >
                    <Icon symbol=Symbol::More />
                </MenuButton>
            })
        }
    };
    view! {
        <DropTarget folder=name.get_value() class="conversation-item folder">
            {content}
        </DropTarget>
    }
}

/// The id on the page of the button that opens a folder.
pub(super) fn button(name: &str) -> String {
    format!("folder-{name}")
}

/// A row that a conversation can be dropped on to go into a folder, or out of
/// any where that has no name.
#[component]
pub(super) fn DropTarget(
    /// The folder.
    folder: String,
    /// The row's classes.
    class: &'static str,
    children: Children,
) -> impl IntoView {
    let state = ChatState::use_here();
    let shelf = state.shelf;
    let is_over = RwSignal::new(false);
    let folder = StoredValue::new(folder);
    let over = move |event: web_sys::DragEvent| {
        if shelf.dragged.with_untracked(Option::is_some) {
            event.prevent_default();
            is_over.set(true);
        }
    };
    let drop = move |event: web_sys::DragEvent| {
        is_over.set(false);
        let Some(id) = shelf.dragged.try_update(Option::take).flatten() else {
            return;
        };
        event.prevent_default();
        let folder = folder.get_value();
        let before = state.summary(id).and_then(|summary| summary.folder);
        if before.unwrap_or_default() != folder {
            keeping::move_to(state, vec![id], &folder);
        }
    };
    view! {
        <li
            class=class
            class:target=move || is_over.get()
            on:dragover=over
            on:dragleave=move |_| is_over.set(false)
            on:drop=drop
            on:contextmenu=super::item::open_menu
        >
            {children()}
        </li>
    }
}

/// The dialog that asks for the name of a new folder.
#[component]
pub(super) fn NewFolder() -> impl IntoView {
    let state = ChatState::use_here();
    view! {
        <Dialog id=shelf::NEW_FOLDER title="New folder">
            <NewFolderForm state=state />
        </Dialog>
    }
}

#[component]
fn NewFolderForm(state: ChatState) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    let create = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let name = input.get_untracked().map(|input| input.value());
        let name = name.unwrap_or_default();
        if name.trim().is_empty() {
            return;
        }
        dialog::close(shelf::NEW_FOLDER);
        state.shelf.stop_selecting();
        let ids = state.shelf.filing.try_update(std::mem::take);
        keeping::move_to(state, ids.unwrap_or_default(), &name);
    };
    view! {
        <form class="new-folder" on:submit=create>
            <label>
                "Name"
                <input node_ref=input class="box" required maxlength=LONGEST autocomplete="off" />
            </label>
            <button class="button primary">"Create and move"</button>
        </form>
    }
}
