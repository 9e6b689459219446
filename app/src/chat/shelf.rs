//! How the sidebar shows the conversations: which of them, how many, which
//! folders are closed, which rows are selected.

use std::collections::{BTreeSet, HashSet};

use leptos::prelude::*;
use protocol::{ConversationId, ConversationSummary};

use super::{live, state::ChatState};
use crate::client::{dom, storage};

/// How many rows the list has at first, and gets each time more are wanted.
pub(crate) const ROWS: usize = 100;
/// The dialog that names a new folder.
pub(crate) const NEW_FOLDER: &str = "new-folder";

/// What the sidebar shows of the conversations; lives as long as the page.
#[derive(Clone, Copy)]
pub(crate) struct Shelf {
    /// Whether the archived conversations are shown, and not the others.
    pub(crate) archive: RwSignal<bool>,
    /// How many rows are drawn at most.
    pub(crate) limit: RwSignal<usize>,
    /// The folders that are closed; this browser remembers them.
    pub(crate) closed: RwSignal<BTreeSet<String>>,
    /// Whether rows are being selected.
    pub(crate) selecting: RwSignal<bool>,
    /// The rows selected.
    pub(crate) selected: RwSignal<HashSet<ConversationId>>,
    /// The row selected last, from which a range begins.
    anchor: RwSignal<Option<ConversationId>>,
    /// What goes into the folder that is being named.
    pub(crate) filing: RwSignal<Vec<ConversationId>>,
    /// The row being dragged.
    pub(crate) dragged: RwSignal<Option<ConversationId>>,
    /// A row that has just come, which the reader is to see.
    pub(crate) fresh: RwSignal<Option<ConversationId>>,
    /// The conversations that this page sees an answer being written in.
    pub(crate) written: RwSignal<Vec<ConversationId>>,
    /// Whether the title of the conversation shown is being edited.
    pub(crate) titling: RwSignal<bool>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            archive: RwSignal::new(false),
            limit: RwSignal::new(ROWS),
            closed: RwSignal::new(BTreeSet::new()),
            selecting: RwSignal::new(false),
            selected: RwSignal::new(HashSet::new()),
            anchor: RwSignal::new(None),
            filing: RwSignal::new(Vec::new()),
            dragged: RwSignal::new(None),
            fresh: RwSignal::new(None),
            written: RwSignal::new(Vec::new()),
            titling: RwSignal::new(false),
        }
    }
}

impl Shelf {
    /// Takes over what this browser remembers.
    pub(crate) fn remember(&self) {
        if let Some(closed) = storage::get(storage::FOLDERS) {
            // A folder's name has no line break.
            self.closed.set(closed.lines().map(str::to_owned).collect());
        }
    }

    /// Opens or closes a folder.
    pub(crate) fn toggle_folder(&self, name: &str) {
        self.closed.update(|closed| {
            if !closed.remove(name) {
                closed.insert(name.to_owned());
            }
        });
        let closed = self.closed.get_untracked();
        let lines: Vec<&str> = closed.iter().map(String::as_str).collect();
        storage::set(storage::FOLDERS, &lines.join("\n"));
    }

    /// Marks the conversations that an answer is being written in.
    pub(crate) fn mark_written(&self) {
        let live = live::all();
        let written: Vec<_> = live.iter().filter_map(|it| it.conversation.get()).collect();
        if self.written.with_untracked(|before| *before != written) {
            self.written.set(written);
        }
    }

    /// Shows the archive, or the other conversations again.
    pub(crate) fn show_archive(&self, archive: bool) {
        self.stop_selecting();
        self.limit.set(ROWS);
        self.archive.set(archive);
    }

    /// Begins to select rows, with this one if there is one.
    pub(crate) fn select(&self, first: Option<ConversationId>) {
        self.selected.set(first.into_iter().collect());
        self.anchor.set(first);
        self.selecting.set(true);
    }

    /// Ends the selecting.
    pub(crate) fn stop_selecting(&self) {
        if self.selecting.get_untracked() {
            self.selecting.set(false);
            self.selected.set(HashSet::new());
            self.anchor.set(None);
        }
    }

    /// Selects a row or not; with `range`, all from the one before to it alike.
    pub(crate) fn pick(&self, id: ConversationId, range: bool, listed: &[ConversationId]) {
        let at = |id| listed.iter().position(|listed| *listed == id);
        let anchor = self.anchor.get_untracked().filter(|_| range).and_then(at);
        let picked = match (anchor, at(id)) {
            (Some(from), Some(to)) => &listed[from.min(to)..=from.max(to)],
            _ => &[id],
        };
        self.selected.update(|selected| {
            let becomes = !selected.contains(&id);
            for id in picked {
                if becomes {
                    selected.insert(*id);
                } else {
                    selected.remove(id);
                }
            }
        });
        self.anchor.set(Some(id));
    }

    /// The rows selected that are still there, in the list's order.
    pub(crate) fn picked(&self, state: ChatState) -> Vec<ConversationId> {
        let selected = self.selected.get();
        state.conversations.with(|all| {
            let ids = all.iter().map(|summary| summary.id);
            ids.filter(|id| selected.contains(id)).collect()
        })
    }
}

/// The names of all folders, in the order of the alphabet.
pub(crate) fn folders(all: &[ConversationSummary]) -> Vec<String> {
    let names = all.iter().filter_map(|summary| summary.folder.as_ref());
    let mut names: Vec<String> = names
        .collect::<BTreeSet<_>>()
        .into_iter()
        .cloned()
        .collect();
    names.sort_by_cached_key(|name| dom::lower_case(name));
    names
}

/// Asks for the name of a new folder that these conversations go into.
pub(crate) fn file_in_new(state: ChatState, ids: Vec<ConversationId>) {
    state.shelf.filing.set(ids);
    crate::ui::dialog::show(NEW_FOLDER);
}

/// Gives the row of a conversation the focus.
pub(crate) fn focus_row(id: ConversationId) {
    dom::focus(&row(id));
}

/// The id on the page of a conversation's link in the list.
pub(crate) fn row(id: ConversationId) -> String {
    format!("conversation-{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(number: u8, folder: Option<&str>) -> ConversationSummary {
        ConversationSummary {
            id: ConversationId::from_random_bytes([number; 16]),
            title: String::new(),
            updated_ms: 0,
            pinned: false,
            archived: false,
            folder: folder.map(str::to_owned),
            temporary: false,
        }
    }

    #[test]
    fn a_range_is_picked_from_the_row_before_and_alike() {
        let owner = Owner::new();
        owner.set();
        let shelf = Shelf::default();
        let ids: Vec<_> = (0..6).map(|number| summary(number, None).id).collect();
        let picked = || {
            let selected = shelf.selected.get_untracked();
            let at = (0..6).filter(|at| selected.contains(&ids[*at]));
            at.collect::<Vec<_>>()
        };
        // There is no row before: it is picked alone.
        shelf.select(None);
        shelf.pick(ids[4], true, &ids);
        assert_eq!(picked(), [4]);
        shelf.pick(ids[1], true, &ids);
        assert_eq!(picked(), [1, 2, 3, 4]);
        shelf.pick(ids[3], false, &ids);
        assert_eq!(picked(), [1, 2, 4]);
        shelf.pick(ids[2], true, &ids);
        assert_eq!(picked(), [1, 4]);
        // Gone from the list meanwhile.
        shelf.pick(ids[5], true, &ids[..3]);
        assert_eq!(picked(), [1, 4, 5]);
        shelf.stop_selecting();
        assert!(picked().is_empty());
    }

    #[test]
    fn folders_stand_in_the_order_of_the_alphabet() {
        let names = [
            Some("water"),
            None,
            Some("Air"),
            Some("earth"),
            Some("water"),
        ];
        let all: Vec<_> = names.iter().map(|name| summary(1, *name)).collect();
        assert_eq!(folders(&all), ["Air", "earth", "water"]);
    }
}
