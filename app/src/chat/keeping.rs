//! What can be done with conversations in the list: rename, pin, archive, put
//! into folders, delete, clear. It shows at once; where the server refuses it
//! is undone and the reason told.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::prelude::*;
use protocol::{
    ConversationId, ConversationSummary, MessageId, Problem,
    api::{self, ChangeConversation, ChangeMany, ManyChange, Messages},
};
use wasm_bindgen_futures::spawn_local;

use super::{
    conversations, shelf,
    state::ChatState,
    undo::{self, Deed, Undoable},
};
use crate::client::{dom, http::Request, storage, tabs};

/// Gives a conversation a title.
pub(crate) fn rename(state: ChatState, id: ConversationId, title: &str) {
    let title = title.trim().to_owned();
    if title.is_empty() {
        return;
    }
    let change = ChangeConversation {
        title: Some(title.clone()),
        ..ChangeConversation::default()
    };
    change_one(state, id, change, move |summary| {
        summary.title.clone_from(&title);
    });
}

/// Puts a conversation above the others, or back among them.
pub(crate) fn pin(state: ChatState, id: ConversationId, pinned: bool) {
    let change = ChangeConversation {
        pinned: Some(pinned),
        ..ChangeConversation::default()
    };
    change_one(state, id, change, move |summary| summary.pinned = pinned);
    let said = if pinned { "Pinned" } else { "No longer pinned" };
    state.announcement.set(said.to_owned());
    shelf::focus_row(id);
}

/// Puts conversations into the archive or takes them out of it, which can be
/// taken back.
pub(crate) fn archive(state: ChatState, ids: Vec<ConversationId>, archived: bool) {
    let before = change_rows(state, &ids, |summary| summary.archived = archived);
    let (deed, there, back) = if archived {
        (Deed::Archived, ManyChange::Archive, ManyChange::Unarchive)
    } else {
        (Deed::Unarchived, ManyChange::Unarchive, ManyChange::Archive)
    };
    let again = ids.clone();
    let take_back = move || {
        let before = change_rows(state, &again, |summary| summary.archived = !archived);
        spawn_change(state, again, back, before);
    };
    let as_it_was = before.clone();
    offer(state, deed, &before, take_back, async move {
        change_many(state, ids, there, as_it_was).await
    });
}

/// Puts conversations into a folder, or out of any with `""`, which can be
/// taken back.
pub(crate) fn move_to(state: ChatState, ids: Vec<ConversationId>, folder: &str) {
    let folder = folder.trim().to_owned();
    let before = file(state, &ids, &folder);
    let earlier = before.clone();
    let take_back = move || {
        // They may come from several folders.
        let mut folders = shelf::folders(&earlier);
        folders.push(String::new());
        for folder in folders {
            let from = |it: &&ConversationSummary| it.folder.as_deref().unwrap_or("") == folder;
            let ids: Vec<_> = earlier.iter().filter(from).map(|it| it.id).collect();
            if !ids.is_empty() {
                let before = file(state, &ids, &folder);
                spawn_change(state, ids, ManyChange::Folder(folder), before);
            }
        }
    };
    let as_it_was = before.clone();
    offer(state, Deed::Moved, &before, take_back, async move {
        change_many(state, ids, ManyChange::Folder(folder), as_it_was).await
    });
}

/// Gives a folder another name. Where there is a folder of that name already
/// they become one.
pub(crate) fn rename_folder(state: ChatState, from: &str, to: &str) {
    let to = to.trim().to_owned();
    if to.is_empty() || to == from {
        return;
    }
    let ids = in_folder(state, from);
    let before = file(state, &ids, &to);
    spawn_change(state, ids, ManyChange::Folder(to), before);
}

/// The conversations of a folder, archived ones too.
pub(crate) fn in_folder(state: ChatState, folder: &str) -> Vec<ConversationId> {
    let inside = |it: &&ConversationSummary| it.folder.as_deref() == Some(folder);
    state
        .conversations
        .with_untracked(|all| all.iter().filter(inside).map(|it| it.id).collect())
}

/// Deletes conversations, which can be taken back.
pub(crate) fn delete(state: ChatState, ids: Vec<ConversationId>) {
    let removed = state.conversations.try_update(|all| {
        let (removed, kept) = std::mem::take(all)
            .into_iter()
            .partition::<Vec<_>, _>(|summary| ids.contains(&summary.id));
        *all = kept;
        removed
    });
    let removed = removed.unwrap_or_default();
    if removed.is_empty() {
        return;
    }
    let shown = state.current.get_untracked();
    let shown = shown.filter(|shown| ids.contains(shown));
    if shown.is_some() {
        conversations::open(state, None);
    }
    let again = ids.clone();
    let drafts = ids.clone();
    let undoable = Undoable {
        take_back: Box::new(move || {
            spawn_local(async move {
                if change_many(state, again, ManyChange::Restore, Vec::new()).await {
                    conversations::refresh_list(state).await;
                    if shown.is_some() {
                        conversations::open(state, shown);
                    }
                }
            });
        }),
        settle: Box::new(move || {
            for id in drafts {
                storage::set(&storage::draft_key(Some(id)), "");
            }
        }),
        ..undoable(Deed::Deleted, &removed)
    };
    undo::offer(state, undoable, async move {
        change_many(state, ids, ManyChange::Delete, removed).await
    });
}

/// Removes all messages of a conversation, which can be taken back. Its title
/// and how it is asked stay.
pub(crate) fn clear(state: ChatState, summary: &ConversationSummary) {
    let id = summary.id;
    let is_shown = move || state.current.get_untracked() == Some(id);
    let before = is_shown().then(|| state.take_tree());
    let cleared = Rc::new(RefCell::new(Vec::new()));
    let again = cleared.clone();
    let undoable = Undoable {
        take_back: Box::new(move || {
            spawn_local(async move {
                let messages = again.take();
                report(
                    state,
                    id,
                    send_messages(api::restore_messages(id), messages).await,
                );
                conversations::reload(state).await;
            });
        }),
        ..undoable(Deed::Cleared, std::slice::from_ref(summary))
    };
    undo::offer(state, undoable, async move {
        let sent = remove_messages(id, &cleared).await;
        let is_done = report(state, id, sent);
        if let (false, true, Some(before)) = (is_done, is_shown(), before) {
            state.put_back_tree(before);
        }
        is_done
    });
}

async fn remove_messages(
    id: ConversationId,
    removed: &RefCell<Vec<MessageId>>,
) -> Result<(), Problem> {
    let conversation = conversations::fetch(id).await?;
    // What follows a message goes with it.
    let roots = conversation
        .messages
        .iter()
        .filter(|it| it.parent.is_none());
    let roots: Vec<MessageId> = roots.map(|message| message.id).collect();
    removed.replace(roots.clone());
    send_messages(api::delete_messages(id), roots).await
}

async fn send_messages(path: String, messages: Vec<MessageId>) -> Result<(), Problem> {
    if messages.is_empty() {
        return Ok(());
    }
    let body = Messages { messages };
    Request::new("POST", &path).json(&body).send().await?;
    Ok(())
}

/// An offer to take back what is done to these rows.
fn offer(
    state: ChatState,
    deed: Deed,
    before: &[ConversationSummary],
    take_back: impl FnOnce() + 'static,
    work: impl Future<Output = bool> + 'static,
) {
    if before.is_empty() {
        return;
    }
    let undoable = Undoable {
        take_back: Box::new(take_back),
        ..undoable(deed, before)
    };
    undo::offer(state, undoable, work);
}

fn undoable(deed: Deed, rows: &[ConversationSummary]) -> Undoable {
    let name = rows.first().map(|row| row.title.clone());
    Undoable {
        deed,
        name: name.unwrap_or_default(),
        count: rows.len(),
        take_back: Box::new(|| {}),
        settle: Box::new(|| {}),
    }
}

fn file(state: ChatState, ids: &[ConversationId], folder: &str) -> Vec<ConversationSummary> {
    change_rows(state, ids, |summary| {
        summary.folder = (!folder.is_empty()).then(|| folder.to_owned());
    })
}

/// Changes rows of the list; gives them as they were.
fn change_rows(
    state: ChatState,
    ids: &[ConversationId],
    change: impl Fn(&mut ConversationSummary),
) -> Vec<ConversationSummary> {
    let before = state.conversations.try_update(|all| {
        let mut before = Vec::new();
        for summary in all.iter_mut().filter(|summary| ids.contains(&summary.id)) {
            before.push(summary.clone());
            change(summary);
        }
        before
    });
    before.unwrap_or_default()
}

fn change_one(
    state: ChatState,
    id: ConversationId,
    change: ChangeConversation,
    shown: impl Fn(&mut ConversationSummary),
) {
    let before = change_rows(state, &[id], shown);
    spawn_local(async move {
        let _changing = Changing::begin();
        let path = api::conversation(id);
        let sent = Request::new("PATCH", &path).json(&change).send().await;
        if !report(state, id, sent.map(|_| ())) {
            put_back(state, before);
        }
    });
}

fn spawn_change(
    state: ChatState,
    ids: Vec<ConversationId>,
    change: ManyChange,
    before: Vec<ConversationSummary>,
) {
    spawn_local(async move {
        change_many(state, ids, change, before).await;
    });
}

/// Asks for the same change of many conversations. Gives whether it was made;
/// where it was not, their rows are again as they were before.
async fn change_many(
    state: ChatState,
    ids: Vec<ConversationId>,
    change: ManyChange,
    before: Vec<ConversationSummary>,
) -> bool {
    let _changing = Changing::begin();
    let body = ChangeMany {
        conversations: ids,
        change,
    };
    let sent = Request::new("POST", api::CHANGE_MANY)
        .json(&body)
        .send()
        .await;
    match sent {
        Ok(_) => {
            for id in body.conversations {
                tabs::announce(id);
            }
            true
        }
        Err(problem) => {
            put_back(state, before);
            refused(state, problem)
        }
    }
}

/// Shows rows again as they were.
fn put_back(state: ChatState, rows: Vec<ConversationSummary>) {
    state.conversations.update(|all| {
        all.retain(|row| !rows.iter().any(|other| other.id == row.id));
        all.extend(rows);
        all.sort_by_key(|row| std::cmp::Reverse(row.updated_ms));
    });
}

/// Tells the other tabs, or the person why it could not be done. Gives whether
/// it was.
fn report(state: ChatState, id: ConversationId, sent: Result<(), Problem>) -> bool {
    match sent {
        Ok(()) => {
            tabs::announce(id);
            true
        }
        Err(problem) => refused(state, problem),
    }
}

fn refused(state: ChatState, problem: Problem) -> bool {
    state.send_problem.set(Some(problem));
    conversations::refresh_soon(state);
    false
}

thread_local! {
    /// How many changes are on their way, and how many have begun or ended.
    static CHANGES: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

/// A change on its way.
struct Changing;

impl Changing {
    fn begin() -> Self {
        let (open, steps) = CHANGES.get();
        CHANGES.set((open + 1, steps + 1));
        Self
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        let (open, steps) = CHANGES.get();
        CHANGES.set((open - 1, steps + 1));
    }
}

/// The changes so far, once none is on its way: a list fetched from now on has
/// them all, unless this has become another number by then.
pub(crate) async fn settled() -> u32 {
    loop {
        let (open, steps) = CHANGES.get();
        if open == 0 {
            return steps;
        }
        dom::sleep(20).await;
    }
}

/// How many changes have begun or ended.
pub(crate) fn steps() -> u32 {
    CHANGES.get().1
}
