//! The menus of conversations, of folders and of the list.

use leptos::prelude::*;
use protocol::{ConversationId, ConversationSummary};

use crate::{
    chat::{commands::Name, keeping, settings, shelf, state::ChatState, transfer},
    client::dom,
    ui::{MenuItem, Symbol, dialog},
};

/// What can be done with the conversation of a row.
pub(super) fn of_row(
    state: ChatState,
    id: ConversationId,
    editing: RwSignal<bool>,
) -> Vec<MenuItem> {
    let Some(summary) = state.summary(id) else {
        return Vec::new();
    };
    let mut items = vec![
        MenuItem::new("Rename", move || editing.set(true))
            .icon(Symbol::Edit)
            .hint("F2"),
    ];
    items.extend(keep(state, &summary));
    items.push(
        MenuItem::new("Select", move || {
            state.shelf.select(Some(id));
            shelf::focus_row(id);
        })
        .icon(Symbol::Check),
    );
    items.push(delete(state, id).hint("Del"));
    items
}

/// What can be done with the conversation shown.
pub(crate) fn of_shown(state: ChatState) -> Vec<MenuItem> {
    let summary = state
        .current
        .get_untracked()
        .and_then(|id| state.summary(id));
    let Some(summary) = summary else {
        return Vec::new();
    };
    let id = summary.id;
    let mut items = vec![
        MenuItem::new("Rename", move || state.shelf.titling.set(true))
            .icon(Symbol::Edit)
            .hint(Name::Rename.keys()),
    ];
    items.extend(keep(state, &summary));
    let refused = if untrack(|| state.running()).is_some() {
        Some("An answer is being written.")
    } else if state.messages.with_untracked(Vec::is_empty) {
        Some("It has no messages.")
    } else {
        None
    };
    items.push(
        MenuItem::new("Clear", move || keeping::clear(state, &summary))
            .note(Some(
                "Removes the messages. The title and settings stay.".to_owned(),
            ))
            .icon(Symbol::Clear)
            .hint(Name::Clear.keys())
            .disabled(refused.map(str::to_owned)),
    );
    items.push(
        MenuItem::new("Settings", settings::show)
            .icon(Symbol::Settings)
            .hint(Name::Settings.keys()),
    );
    items.push(delete(state, id).hint(Name::Delete.keys()));
    items
}

/// Pin, file, archive and export.
fn keep(state: ChatState, summary: &ConversationSummary) -> Vec<MenuItem> {
    let id = summary.id;
    let (pinned, archived) = (summary.pinned, summary.archived);
    // Shortcuts are for the conversation shown.
    let is_shown = state.current.get_untracked() == Some(id);
    let with_keys = move |item: MenuItem, name: Name| match is_shown {
        true => item.hint(name.keys()),
        false => item,
    };
    let mut items = Vec::new();
    // What ends by itself has no place of its own.
    if !summary.temporary {
        if !archived {
            let label = if pinned { "Unpin" } else { "Pin" };
            let item = MenuItem::new(label, move || keeping::pin(state, id, !pinned));
            items.push(with_keys(item.icon(Symbol::Pin), Name::Pin));
        }
        let item = MenuItem::opening("Move to folder", move || folders(state, vec![id]));
        items.push(with_keys(item.icon(Symbol::Folder), Name::MoveToFolder));
        let label = if archived {
            "Take out of the archive"
        } else {
            "Archive"
        };
        let item = MenuItem::new(label, move || keeping::archive(state, vec![id], !archived));
        items.push(with_keys(item.icon(Symbol::Archive), Name::Archive));
    }
    items.push(MenuItem::opening("Export", move || exports(id)).icon(Symbol::Export));
    items
}

fn delete(state: ChatState, id: ConversationId) -> MenuItem {
    MenuItem::new("Delete", move || keeping::delete(state, vec![id]))
        .icon(Symbol::Delete)
        .dangerous()
}

fn exports(id: ConversationId) -> Vec<MenuItem> {
    let export = move |format: &'static str| {
        move || dom::download(&transfer::address(&transfer::path_of(id), format))
    };
    vec![
        MenuItem::new("Markdown", export("markdown"))
            .note(Some("To read or to pass on".to_owned())),
        MenuItem::new("JSON", export("json"))
            .note(Some("Everything there is, to import again".to_owned())),
    ]
}

/// The folders that conversations can go into.
pub(super) fn folders(state: ChatState, ids: Vec<ConversationId>) -> Vec<MenuItem> {
    let (names, now) = state.conversations.with_untracked(|all| {
        let now: Vec<_> = all.iter().filter(|it| ids.contains(&it.id)).collect();
        let now = now.iter().map(|it| it.folder.clone()).collect::<Vec<_>>();
        (shelf::folders(all), now)
    });
    let all_in = |name: Option<&str>| now.iter().all(|folder| folder.as_deref() == name);
    let item = |name: String, label: String| {
        let ids = ids.clone();
        let chosen = all_in(Some(&name).filter(|it| !it.is_empty()).map(String::as_str));
        MenuItem::new(label, move || {
            state.shelf.stop_selecting();
            if !chosen {
                keeping::move_to(state, ids.clone(), &name);
            }
        })
        .chosen(chosen)
    };
    let mut items = vec![item(String::new(), "No folder".to_owned())];
    items.extend(names.into_iter().map(|name| item(name.clone(), name)));
    let ids = ids.clone();
    items.push(
        MenuItem::new("New folder…", move || {
            shelf::file_in_new(state, ids.clone())
        })
        .icon(Symbol::New)
        .group("Or"),
    );
    items
}

/// What can be done with a folder.
pub(super) fn of_folder(state: ChatState, name: &str, editing: RwSignal<bool>) -> Vec<MenuItem> {
    let ids = keeping::in_folder(state, name);
    let archived = ids.clone();
    vec![
        MenuItem::new("Rename", move || editing.set(true)).icon(Symbol::Edit),
        MenuItem::new("Archive all", move || {
            keeping::archive(state, archived.clone(), true);
        })
        .icon(Symbol::Archive),
        MenuItem::new("Dissolve", move || keeping::move_to(state, ids.clone(), ""))
            .note(Some("Its conversations stay.".to_owned()))
            .icon(Symbol::Close),
    ]
}

/// What can be done with the list.
pub(super) fn of_list(state: ChatState) -> Vec<MenuItem> {
    let is_empty = state.conversations.with_untracked(Vec::is_empty);
    let none = is_empty.then(|| "There are no conversations yet.".to_owned());
    let archive = !state.shelf.archive.get_untracked();
    vec![
        MenuItem::new("Select conversations", move || {
            super::begin_selecting(state)
        })
        .icon(Symbol::Check)
        .disabled(none),
        MenuItem::new(
            if archive {
                "Show the archive"
            } else {
                "Leave the archive"
            },
            move || state.shelf.show_archive(archive),
        )
        .icon(Symbol::Archive),
        MenuItem::new("Import and export…", || dialog::show(transfer::DIALOG)).icon(Symbol::Export),
    ]
}
