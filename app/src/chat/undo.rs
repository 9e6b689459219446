//! What was just done can be taken back for a few seconds: nothing asks "are
//! you sure?". Several of a kind in a row share one offer.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{composer, state::ChatState};
use crate::client::dom;

/// How long something can be taken back, in milliseconds; the server keeps it
/// longer.
const UNDO_MS: u32 = 8_000;
/// The button of the newest offer, which has the focus after what was done.
const BUTTON: &str = "undo";
/// What is around the offers.
const NOTICES: &str = ".undo-notices";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Conversations were deleted.
    Deleted,
    /// Conversations were put into the archive.
    Archived,
    /// Conversations were taken out of the archive.
    Unarchived,
    /// Conversations were put into a folder or taken out of one.
    Moved,
    /// All messages of a conversation were deleted.
    Cleared,
    /// Messages were deleted.
    MessagesDeleted,
}

impl Deed {
    /// What is said of it: by name where it was done to one thing that has
    /// one, else by number.
    fn words(self, name: &str, count: usize) -> String {
        let named = count == 1 && !name.is_empty();
        match (self, named) {
            (Self::Deleted, true) => format!("Deleted “{name}”"),
            (Self::Deleted, false) => format!("Deleted {count} conversations"),
            (Self::Archived, true) => format!("Archived “{name}”"),
            (Self::Archived, false) => format!("Archived {count} conversations"),
            (Self::Unarchived, true) => format!("Took “{name}” out of the archive"),
            (Self::Unarchived, false) => format!("Took {count} conversations out of the archive"),
            (Self::Moved, true) => format!("Moved “{name}”"),
            (Self::Moved, false) => format!("Moved {count} conversations"),
            (Self::Cleared, true) => format!("Cleared “{name}”"),
            (Self::Cleared, false) => format!("Cleared {count} conversations"),
            (Self::MessagesDeleted, _) if count == 1 => "Deleted the message".to_owned(),
            (Self::MessagesDeleted, _) => format!("Deleted {count} messages"),
        }
    }
}

/// Something being done, or done, that can be taken back.
pub(crate) struct Undoable {
    /// What.
    pub(crate) deed: Deed,
    /// To what, where that is one thing with a name; else empty.
    pub(crate) name: String,
    /// To how many things.
    pub(crate) count: usize,
    /// Takes it back; called at most once, after it was done.
    pub(crate) take_back: Box<dyn FnOnce()>,
    /// Forgets what was kept for taking it back, once that is over.
    pub(crate) settle: Box<dyn FnOnce()>,
}

/// An offer as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    number: u64,
    words: String,
}

struct Part {
    number: u64,
    /// The offer that it is a part of; `None`: it was taken back before it was
    /// done.
    offer: Option<u64>,
    is_done: bool,
    undoable: Undoable,
}

thread_local! {
    /// All that can be taken back, older parts first.
    static PARTS: RefCell<Vec<Part>> = const { RefCell::new(Vec::new()) };
}

/// Offers to take something back: while `work` does it and for a few seconds
/// after. `work` gives whether it could be done, and tells the person where it
/// could not; there is nothing to take back then. The focus goes to the offer.
pub(crate) fn offer(
    state: ChatState,
    undoable: Undoable,
    work: impl Future<Output = bool> + 'static,
) {
    // Boxed, so that all deeds share one copy of what follows.
    begin(state, undoable, Box::pin(work));
}

fn begin(state: ChatState, undoable: Undoable, work: Pin<Box<dyn Future<Output = bool>>>) {
    static NUMBERS: AtomicU64 = AtomicU64::new(1);
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    PARTS.with_borrow_mut(|parts| {
        let of_its_kind = parts
            .iter()
            .filter(|part| part.undoable.deed == undoable.deed)
            .find_map(|part| part.offer);
        parts.push(Part {
            number,
            offer: Some(of_its_kind.unwrap_or(number)),
            is_done: false,
            undoable,
        });
    });
    show(state);
    let words = state
        .offers
        .with_untracked(|offers| offers.last().map(|offer| offer.words.clone()));
    state.announcement.set(words.unwrap_or_default());
    dom::focus(BUTTON);
    spawn_local(async move {
        let is_done = work.await;
        let is_offered = PARTS.with_borrow_mut(|parts| {
            let part = parts.iter_mut().find(|part| part.number == number)?;
            part.is_done = is_done;
            part.offer
        });
        if is_done && is_offered.is_some() {
            dom::sleep(UNDO_MS).await;
            expire(state, number);
            return;
        }
        for undoable in remove(state, |part| part.number == number) {
            if is_done {
                (undoable.take_back)();
            }
        }
    });
}

/// Takes back everything of an offer. What is not done yet is taken back once
/// it is: the one request must not overtake the other.
fn take_back(state: ChatState, offer: u64) {
    PARTS.with_borrow_mut(|parts| {
        for part in parts.iter_mut() {
            if part.offer == Some(offer) && !part.is_done {
                part.offer = None;
            }
        }
    });
    composer::focus();
    for undoable in remove(state, |part| part.offer == Some(offer)) {
        (undoable.take_back)();
    }
}

/// Ends the offer whose newest part is this one.
fn expire(state: ChatState, number: u64) {
    let ended = PARTS.with_borrow(|parts| {
        let offer = parts.iter().find(|part| part.number == number)?.offer?;
        let newest = parts.iter().rfind(|part| part.offer == Some(offer))?;
        (newest.number == number).then_some(offer)
    });
    if ended.is_none() {
        return;
    }
    for undoable in remove(state, |part| part.offer == ended) {
        (undoable.settle)();
    }
}

/// Removes parts and shows the offers that are left. A button that goes must
/// not take the focus along.
fn remove(state: ChatState, which: impl Fn(&Part) -> bool) -> Vec<Undoable> {
    let had_focus =
        dom::focused().is_some_and(|it| it.closest(NOTICES).is_ok_and(|it| it.is_some()));
    let removed = PARTS.with_borrow_mut(|parts| {
        let (removed, kept) = std::mem::take(parts)
            .into_iter()
            .partition::<Vec<_>, _>(which);
        *parts = kept;
        removed
    });
    let before = state.offers.with_untracked(Vec::len);
    show(state);
    let after = state.offers.with_untracked(Vec::len);
    if had_focus && after < before {
        if after > 0 {
            dom::focus(BUTTON);
        } else {
            composer::focus();
        }
    }
    removed.into_iter().map(|part| part.undoable).collect()
}

/// Shows the offers there are, the newest last.
fn show(state: ChatState) {
    let offers = PARTS.with_borrow(|parts| {
        let mut offers: Vec<(Offer, usize)> = Vec::new();
        for part in parts {
            let Some(number) = part.offer else { continue };
            let known = offers.iter().position(|(offer, _)| offer.number == number);
            let before = known.map_or(0, |at| offers.remove(at).1);
            let count = before + part.undoable.count;
            let words = part.undoable.deed.words(&part.undoable.name, count);
            offers.push((Offer { number, words }, count));
        }
        offers
            .into_iter()
            .map(|(offer, _)| offer)
            .collect::<Vec<_>>()
    });
    if state.offers.with_untracked(|before| *before != offers) {
        state.offers.set(offers);
    }
}

/// The offers to take something back.
#[component]
pub(crate) fn UndoNotices() -> impl IntoView {
    let state = ChatState::use_here();
    let number = |offer: &Offer| offer.number;
    view! {
        <div class="undo-notices">
            <For each=move || state.offers.get() key=number let(offer)>
                <UndoNotice number=offer.number />
            </For>
        </div>
    }
}

#[component]
fn UndoNotice(number: u64) -> impl IntoView {
    let state = ChatState::use_here();
    let words = move || {
        state.offers.with(|offers| {
            let offer = offers.iter().find(|offer| offer.number == number);
            offer.map(|offer| offer.words.clone())
        })
    };
    let is_newest = move || {
        state
            .offers
            .with(|offers| offers.last().is_some_and(|offer| offer.number == number))
    };
    view! {
        <div class="notice">
            <p class="notice-text">{words}</p>
            <button
                type="button"
                id=move || is_newest().then_some(BUTTON)
                class="button"
                on:click=move |_| take_back(state, number)
            >
                "Undo"
            </button>
        </div>
    }
}
