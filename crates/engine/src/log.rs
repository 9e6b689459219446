//! A turn's numbered log, and the watchers that read it.
//!
//! The log only grows. Text is held once, in one string; an entry is the end
//! of its part of it. A watcher is a position: when it was slow it takes all
//! text since then in one bite, and costs nothing while it is away. When a tab
//! closes its [`Watcher`] is dropped, and that is all: see [`Presence`] for
//! what follows once the last one has gone.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use protocol::{Entry, Event, Transcript};
use tokio::sync::watch;

use crate::{Bite, presence::Presence};

/// The most bytes one answer may take, thinking and tool calls included: what
/// a provider sends is bounded by nothing else.
const ANSWER_LIMIT: usize = 16 << 20;

/// The most bytes of text in one entry. Escaped as JSON a bite stays below
/// [`protocol::sse::EVENT_LIMIT`].
pub(crate) const ENTRY_LIMIT: usize = 64 << 10;

/// The most bytes of text in one bite.
const BITE_LIMIT: usize = 2 * ENTRY_LIMIT;

/// Bites that watchers may share: those at the head of the log and the few
/// before it. Larger bites belong to stragglers, each with its own position.
const SHARED_BITES: usize = 4;
const SHARED_BITE_LIMIT: usize = 4 << 10;

/// The log of one turn.
#[derive(Debug)]
pub(crate) struct Log {
    /// The number before the first entry's.
    base: u64,
    state: Mutex<State>,
    /// Tells watchers that there is more, and whether that was all.
    closed: watch::Sender<bool>,
    pub(crate) presence: Presence,
}

/// The answer outgrew what one answer may take.
#[derive(Debug)]
pub(crate) struct Full;

/// What is new in a log since some entry.
#[derive(Debug, Default)]
pub(crate) struct Since {
    /// The number of the last entry.
    pub(crate) last: u64,
    /// Text that was appended.
    pub(crate) text: String,
    /// Thinking that was appended.
    pub(crate) thinking: String,
    /// The whole, where appending does not tell all of it.
    pub(crate) whole: Option<Transcript>,
}

#[derive(Debug, Default)]
struct State {
    items: Vec<Item>,
    /// Text and thinking in the order they came.
    content: String,
    /// The other events, each with the index of its item.
    others: Vec<(usize, Event)>,
    /// The size of the other events, roughly.
    others_size: usize,
    /// Stop was pressed: nothing more of the answer is shown.
    sealed: bool,
    /// The latest small bites, with the position they begin after.
    shared: VecDeque<(u64, Bite)>,
}

/// One entry, small because a long answer has tens of thousands.
#[derive(Debug, Clone, Copy)]
struct Item {
    kind: Kind,
    /// Where its part of the content ends; [`ANSWER_LIMIT`] fits.
    end: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Other,
}

impl Log {
    /// A log that begins with this event, under the number 1. `grace` is how
    /// long its turn goes on with nobody watching; `None` for ever.
    pub(crate) fn new(first: Event, grace: Option<Duration>) -> Self {
        let log = Self::after(0, grace);
        log.lock().push(first);
        log
    }

    /// A log of what is stored, whose numbers begin above `base`: closed, with
    /// these entries.
    pub(crate) fn of(base: u64, events: Vec<Event>) -> Self {
        let log = Self::after(base, None);
        log.close(events);
        log
    }

    fn after(base: u64, grace: Option<Duration>) -> Self {
        Self {
            base,
            state: Mutex::default(),
            closed: watch::Sender::new(false),
            presence: Presence::new(grace),
        }
    }

    /// Adds an event, unless the log is sealed.
    pub(crate) fn append(&self, event: Event) -> Result<(), Full> {
        let mut state = self.lock();
        if state.sealed {
            return Ok(());
        }
        if state.content.len() + state.others_size + size(&event) > ANSWER_LIMIT {
            return Err(Full);
        }
        state.push(event);
        drop(state);
        self.closed.send_modify(|_| ());
        Ok(())
    }

    /// Adds nothing more of the answer: only [`Log::close`] still writes.
    pub(crate) fn seal(&self) {
        self.lock().sealed = true;
    }

    /// Adds the last words, if any, and lets every watcher go that has seen
    /// them.
    pub(crate) fn close(&self, last_words: Vec<Event>) {
        let mut state = self.lock();
        for event in last_words {
            state.push(event);
        }
        state.sealed = true;
        drop(state);
        self.closed.send_replace(true);
    }

    /// Whether no entry will follow.
    pub(crate) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// The fold of all entries.
    pub(crate) fn transcript(&self) -> Transcript {
        self.lock().transcript(self.base)
    }

    /// What came after the entry with the number `after`.
    pub(crate) fn since(&self, after: u64) -> Since {
        let state = self.lock();
        let mut since = Since {
            last: self.base + state.items.len() as u64,
            ..Since::default()
        };
        let from = usize::try_from(after - self.base).unwrap_or(usize::MAX);
        for at in from..state.items.len() {
            match state.items[at].kind {
                Kind::Text => since.text.push_str(state.content_of(at, at + 1)),
                Kind::Thinking => since.thinking.push_str(state.content_of(at, at + 1)),
                Kind::Other => {
                    if matches!(state.other(at), Event::Tool { .. } | Event::Replace { .. }) {
                        return Since {
                            last: since.last,
                            whole: Some(state.transcript(self.base)),
                            ..Since::default()
                        };
                    }
                }
            }
        }
        since
    }

    /// A watcher of what comes after the entry with the number `after`.
    pub(crate) fn watch(self: &Arc<Self>, after: u64) -> Watcher {
        self.presence.come();
        Watcher {
            closed: self.closed.subscribe(),
            log: Arc::clone(self),
            position: after,
        }
    }

    /// Everything after a position that can go out as one event.
    fn bite(&self, after: u64) -> Option<Bite> {
        let mut state = self.lock();
        let from = usize::try_from(after.saturating_sub(self.base)).ok()?;
        let to = state.bite_end(from)?;
        let id = self.base + to as u64;
        let known = state
            .shared
            .iter()
            .find(|(position, bite)| *position == after && bite.id() == id);
        if let Some((_, bite)) = known {
            return Some(bite.clone());
        }
        let bite = Bite::new(id, state.event(from, to));
        if state.content_of(from, to).len() <= SHARED_BITE_LIMIT {
            if state.shared.len() == SHARED_BITES {
                state.shared.pop_front();
            }
            state.shared.push_back((after, bite.clone()));
        }
        Some(bite)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What panics under the lock leaves at worst an entry unwritten.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, event: Event) {
        match event {
            Event::Text { delta } => self.push_content(Kind::Text, &delta),
            Event::Thinking { delta } => self.push_content(Kind::Thinking, &delta),
            Event::Replace { keep, mut text } if text.len() > ENTRY_LIMIT => {
                let rest = text.split_off(text.floor_char_boundary(ENTRY_LIMIT));
                self.push_other(Event::Replace { keep, text });
                self.push_content(Kind::Text, &rest);
            }
            Event::Tool {
                index,
                mut id,
                mut name,
                arguments_delta,
            } => {
                let mut rest = arguments_delta.as_str();
                loop {
                    let (piece, more) = rest.split_at(rest.floor_char_boundary(ENTRY_LIMIT));
                    self.push_other(Event::Tool {
                        index,
                        id: id.take(),
                        name: name.take(),
                        arguments_delta: piece.to_owned(),
                    });
                    rest = more;
                    if rest.is_empty() {
                        break;
                    }
                }
            }
            other => self.push_other(other),
        }
    }

    fn push_content(&mut self, kind: Kind, mut delta: &str) {
        while !delta.is_empty() {
            let (piece, rest) = delta.split_at(delta.floor_char_boundary(ENTRY_LIMIT));
            self.content.push_str(piece);
            self.push_item(kind);
            delta = rest;
        }
    }

    fn push_other(&mut self, event: Event) {
        self.others_size += size(&event);
        self.others.push((self.items.len(), event));
        self.push_item(Kind::Other);
    }

    fn push_item(&mut self, kind: Kind) {
        self.items.push(Item {
            kind,
            end: self.content.len() as u32,
        });
    }

    /// The index after the last item of the bite that begins with this one.
    fn bite_end(&self, from: usize) -> Option<usize> {
        let kind = self.items.get(from)?.kind;
        let mut to = from + 1;
        if kind != Kind::Other {
            while self.items.get(to).is_some_and(|item| item.kind == kind)
                && self.content_of(from, to + 1).len() <= BITE_LIMIT
            {
                to += 1;
            }
        }
        Some(to)
    }

    fn event(&self, from: usize, to: usize) -> Event {
        let delta = || self.content_of(from, to).to_owned();
        match self.items[from].kind {
            Kind::Text => Event::Text { delta: delta() },
            Kind::Thinking => Event::Thinking { delta: delta() },
            Kind::Other => self.other(from).clone(),
        }
    }

    fn content_of(&self, from: usize, to: usize) -> &str {
        let end = |at: usize| self.items[at].end as usize;
        let start = from.checked_sub(1).map_or(0, end);
        &self.content[start..end(to - 1)]
    }

    fn other(&self, at: usize) -> &Event {
        let found = self
            .others
            .binary_search_by_key(&at, |(at, _)| *at)
            .expect("an item of kind other has its event");
        &self.others[found].1
    }

    fn transcript(&self, base: u64) -> Transcript {
        let mut transcript = Transcript::default();
        let mut from = 0;
        while let Some(to) = self.bite_end(from) {
            transcript.apply(&Entry {
                id: base + to as u64,
                event: self.event(from, to),
            });
            from = to;
        }
        transcript
    }
}

/// What an event takes in memory, roughly.
pub(crate) fn size(event: &Event) -> usize {
    match event {
        Event::Text { delta } | Event::Thinking { delta } => delta.len(),
        Event::Tool {
            arguments_delta, ..
        } => size_of::<Event>() + arguments_delta.len(),
        _ => size_of::<Event>(),
    }
}

/// Follows a turn. Dropping it is leaving, which is not stopping.
#[derive(Debug)]
pub struct Watcher {
    log: Arc<Log>,
    closed: watch::Receiver<bool>,
    /// The number of the last entry seen.
    position: u64,
}

impl Watcher {
    /// What comes next, waiting for it. `None` after the terminal event, or
    /// where the server is shutting down: whoever has not seen a terminal
    /// event then comes back. Cancel-safe: a call that was dropped has lost
    /// nothing.
    pub async fn next(&mut self) -> Option<Bite> {
        loop {
            let closed = *self.closed.borrow_and_update();
            if let Some(bite) = self.log.bite(self.position) {
                self.position = bite.id();
                return Some(bite);
            }
            if closed || self.closed.changed().await.is_err() {
                return None;
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.log.presence.leave();
    }
}
