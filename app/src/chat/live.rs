//! An answer while it is being written: events fold into its transcript, and
//! about once a frame what has arrived is drawn, past the signals, straight
//! into the message's own nodes.

mod progress;
mod tally;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::*;
use protocol::{
    ConversationId, ConversationSettings, Entry, Event, MessageState, Phase, Transcript, TurnId,
    Usage,
};
use web_sys::AbortController;

use super::{
    drawing::Drawing,
    estimate::{Expected, Hints, output_tokens},
    state::{ChatState, ShownMessage},
};
use crate::client::dom;
pub(crate) use progress::{LiveView, Progress};
use tally::Tally;

/// Drawing may take this share of the time; above it frames are skipped.
const DRAWING_SHARE: f64 = 0.25;
/// Silence while writing that is worth a word.
const STALLED_MS: f64 = 8_000.0;
/// The server's heartbeat is every 10 s: this long a silence is a dead
/// connection.
const DEAD_MS: f64 = 25_000.0;

/// A live answer.
pub(crate) struct LiveTurn {
    /// Its message in the transcript.
    pub(crate) shown: ShownMessage,
    /// What the lines below it show.
    pub(crate) view: LiveView,
    /// The turn; chosen by the page, so known before it is accepted.
    pub(crate) turn: TurnId,
    /// The conversation, once known.
    pub(crate) conversation: Cell<Option<ConversationId>>,
    /// The settings when it began: those of a conversation that begins with
    /// it.
    pub(crate) settings: ConversationSettings,
    state: ChatState,
    /// What tells how long the answer becomes.
    hints: Hints,
    tally: Cell<Tally>,
    chunks: Cell<u64>,
    /// Whether it was being written before this page followed it.
    is_resumed: bool,
    began_ms: f64,
    first_ms: Cell<Option<f64>>,
    /// Tokens that were there when this began; its speed does not count them.
    first_tokens: u64,
    /// When the connection last showed life, heartbeats included.
    alive_ms: Cell<f64>,
    /// When the last event came.
    heard_ms: Cell<f64>,
    connection: RefCell<Option<AbortController>>,
    /// Whether the log will tell the text that is there already: the beginning
    /// of an answer that goes on with an earlier version's.
    retold: Cell<bool>,
    drawing: RefCell<Drawing>,
}

thread_local! {
    static LIVE: RefCell<Vec<Rc<LiveTurn>>> = const { RefCell::new(Vec::new()) };
}

/// The live answers of this tab, shown or not.
pub(crate) fn all() -> Vec<Rc<LiveTurn>> {
    LIVE.with_borrow(Clone::clone)
}

/// The live answer that is drawn into this message.
pub(crate) fn of_message(key: u64) -> Option<Rc<LiveTurn>> {
    LIVE.with_borrow(|all| all.iter().find(|live| live.shown.key == key).cloned())
}

/// The live answer of a turn.
pub(crate) fn of_turn(turn: TurnId) -> Option<Rc<LiveTurn>> {
    LIVE.with_borrow(|all| all.iter().find(|live| live.turn == turn).cloned())
}

impl LiveTurn {
    /// Makes a message live from what is known of it.
    pub(crate) fn begin(
        state: ChatState,
        shown: &ShownMessage,
        turn: TurnId,
        question: &str,
    ) -> Rc<Self> {
        let message = shown.message.get_untracked();
        let is_empty =
            message.text.is_empty() && message.thinking.is_empty() && message.tools.is_empty();
        let mut transcript = Transcript {
            // With nothing to show yet the log tells again what it waits for.
            last: if is_empty { 0 } else { message.last_event },
            text: message.text,
            thinking: message.thinking,
            tools: message.tools,
            ..Transcript::default()
        };
        if !is_empty {
            let writes = !transcript.text.is_empty();
            transcript.status.phase = if writes {
                Phase::Writing
            } else {
                Phase::Thinking
            };
        }
        let retold = transcript.last == 0 && !transcript.text.is_empty();
        let first_tokens = estimated_tokens(&transcript.text, &transcript.thinking);
        let is_writing = !transcript.text.is_empty();
        let drawing = Drawing::of(transcript);
        let transcript = &drawing.transcript;
        let view = LiveView {
            status: ArcRwSignal::new(transcript.status.clone()),
            progress: ArcRwSignal::new(Progress {
                accepted: message.turn.is_some(),
                ..Progress::default()
            }),
            tools: ArcRwSignal::new(transcript.tools.clone()),
            has_thinking: ArcRwSignal::new(!transcript.thinking.is_empty()),
            stopping: ArcRwSignal::new(false),
            hurried: ArcRwSignal::new(drawing.hurried),
            key: shown.key,
        };
        let now = dom::monotonic_ms();
        let live = Rc::new(Self {
            shown: shown.clone(),
            view: view.clone(),
            turn,
            conversation: Cell::new(None),
            settings: state.settings.get_untracked(),
            state,
            hints: hints(state, question),
            tally: Cell::new(Tally::default()),
            chunks: Cell::new(0),
            is_resumed: !is_empty,
            began_ms: now - (dom::now_ms() - message.created_ms as f64).clamp(0.0, 3.6e6),
            first_ms: Cell::new(is_writing.then_some(now)),
            first_tokens,
            alive_ms: Cell::new(now),
            heard_ms: Cell::new(now),
            connection: RefCell::new(None),
            retold: Cell::new(retold),
            drawing: RefCell::new(drawing),
        });
        LIVE.with_borrow_mut(|all| all.push(live.clone()));
        shown.live.set(Some(view));
        live
    }

    /// The number of the last event folded in.
    pub(crate) fn last(&self) -> u64 {
        self.drawing.borrow().transcript.last
    }

    /// Draws into these nodes from now on.
    pub(crate) fn draw_into(self: &Rc<Self>, body: web_sys::Element, thinking: web_sys::Element) {
        let mut drawing = self.drawing.borrow_mut();
        drawing.draw_into(body, thinking);
        drawing.draw();
        drop(drawing);
        self.want_frame();
    }

    /// Folds an event in and sees to its being drawn.
    pub(crate) fn apply(self: &Rc<Self>, entry: &Entry) {
        self.heard_ms.set(dom::monotonic_ms());
        let mut drawing = self.drawing.borrow_mut();
        let before = drawing.transcript.status.phase;
        if matches!(entry.event, Event::Text { .. }) && self.retold.take() {
            let known = std::mem::take(&mut drawing.transcript.text);
            drawing.transcript.apply(entry);
            if !drawing.transcript.text.starts_with(&known) {
                drawing.take_back();
            }
        } else {
            drawing.transcript.apply(entry);
        }
        match &entry.event {
            Event::Text { .. } | Event::Thinking { .. } | Event::Tool { .. } => {
                if self.first_ms.get().is_none() {
                    self.first_ms.set(Some(dom::monotonic_ms()));
                }
                self.chunks.set(self.chunks.get() + 1);
                drawing.arrived();
                if !drawing.transcript.thinking.is_empty() {
                    self.view
                        .has_thinking
                        .maybe_update(|has| !std::mem::replace(has, true));
                }
            }
            Event::Replace { .. } => {
                self.tally.set(Tally::default());
                drawing.take_back();
                drawing.arrived();
            }
            // What a Stop held back is part of what was kept after all.
            event if event.is_terminal() => drawing.limit = None,
            _ => {}
        }
        let status = &drawing.transcript.status;
        let is_new = matches!(entry.event, Event::Status(_)) || status.phase != before;
        let status = is_new.then(|| status.clone());
        drop(drawing);
        if let Some(status) = status {
            // A wait is counted down from now on.
            self.tick();
            self.view.status.set(status);
        }
        self.want_frame();
    }

    /// Notes that the connection is alive.
    pub(crate) fn alive(&self) {
        self.alive_ms.set(dom::monotonic_ms());
    }

    /// Whether the turn is accepted.
    pub(crate) fn is_accepted(&self) -> bool {
        self.conversation.get().is_some() && self.last() > 0
    }

    /// Whether this still follows its turn.
    pub(crate) fn is_live(&self) -> bool {
        LIVE.with_borrow(|all| all.iter().any(|live| std::ptr::eq(Rc::as_ptr(live), self)))
    }

    /// A connection is about to be made: what closes it, which is remembered.
    pub(crate) fn connecting(&self) -> Option<AbortController> {
        self.alive();
        let connection = AbortController::new().ok();
        self.connection.replace(connection.clone());
        connection
    }

    /// Gives the connection up; whoever reads it comes back by a new one.
    pub(crate) fn disconnect(&self) {
        if let Some(connection) = self.connection.take() {
            connection.abort();
        }
    }

    /// Takes note that Stop was pressed. Returns how many characters of the
    /// answer are shown: no more will be.
    pub(crate) fn freeze(&self) -> usize {
        self.view.stopping.set(true);
        let mut drawing = self.drawing.borrow_mut();
        drawing.limit = Some(drawing.shown);
        drawing.transcript.text[..drawing.shown].chars().count()
    }

    /// Lets the text flow again after a Stop that could not be delivered.
    pub(crate) fn unfreeze(self: &Rc<Self>) {
        self.view.stopping.set(false);
        self.drawing.borrow_mut().limit = None;
        self.want_frame();
    }

    /// Shows what has arrived and what will, without any typing.
    pub(crate) fn show_all(self: &Rc<Self>) {
        self.view.hurried.set(true);
        self.drawing.borrow_mut().hurried = true;
        self.want_frame();
    }

    /// What is to be expected of it, as far as is known by now.
    fn expected(&self, transcript: &Transcript) -> Expected {
        let working = transcript.status.model.as_deref();
        let typical = self.state.models.with_untracked(|models| {
            let asked = self.shown.message.with_untracked(|it| it.model.clone());
            let (_, model) = models.find(working.or(asked.as_deref())?)?;
            model.typical_tokens
        });
        let limit = self.settings.ask.max_tokens.map(u64::from);
        // What the server tells may be the limit alone, which is no estimate.
        let told = transcript.status.expected_tokens;
        let told = told.filter(|told| Some(*told) != limit);
        self.hints.expected(told.or(typical), limit)
    }

    /// Brings the progress line up to date; called a few times a second.
    pub(crate) fn tick(&self) {
        let now = dom::monotonic_ms();
        if now - self.alive_ms.get() > DEAD_MS {
            self.alive();
            self.disconnect();
        }
        let silent_ms = now - self.heard_ms.get();
        let drawing = self.drawing.borrow();
        let transcript = &drawing.transcript;
        let usage = transcript.usage;
        // An estimate of the server's is older than ours. A count of the
        // provider's stands.
        let counted = usage.output.filter(|_| !usage.estimated);
        let tokens = counted.unwrap_or_else(|| {
            let estimate = estimated_tokens(&transcript.text, &transcript.thinking);
            estimate.max(usage.output.unwrap_or(0))
        });
        let writing_ms = self.first_ms.get().map_or(0.0, |first| now - first);
        let expected = self.expected(transcript);
        let mut tally = self.tally.get();
        tally.read(&transcript.text);
        self.tally.set(tally);
        self.view.progress.set(Progress {
            accepted: transcript.last > 0,
            elapsed_ms: now - self.began_ms,
            first_ms: (self.first_ms.get().filter(|_| !self.is_resumed))
                .map(|first| first - self.began_ms),
            chunks: self.chunks.get(),
            characters: tally.characters,
            words: tally.words,
            writing_ms,
            tokens,
            tokens_per_second: (writing_ms > 500.0)
                .then(|| tokens.saturating_sub(self.first_tokens) as f64 * 1000.0 / writing_ms),
            share: (tokens > 0 && tokens <= expected.tokens)
                .then(|| (tokens * 100 / expected.tokens).min(95)),
            basis: expected.by,
            stalled: matches!(transcript.status.phase, Phase::Thinking | Phase::Writing)
                && silent_ms > STALLED_MS,
            wait_s: transcript.status.retry_in_ms.and_then(|wait| {
                let left = wait as f64 - silent_ms;
                (left > 0.0).then(|| (left as u64).div_ceil(1_000).max(1))
            }),
            usage,
        });
    }

    /// Ends without a terminal event: the turn cannot be followed any more.
    pub(crate) fn abandon(&self) {
        LIVE.with_borrow_mut(|all| all.retain(|live| !std::ptr::eq(Rc::as_ptr(live), self)));
        self.shown.live.set(None);
    }

    fn want_frame(self: &Rc<Self>) {
        if std::mem::replace(&mut self.drawing.borrow_mut().frame_wanted, true) {
            return;
        }
        let live = self.clone();
        if dom::is_visible() {
            dom::on_next_frame(move || live.frame());
        } else {
            // A hidden tab has no frames; a slow timer keeps it true.
            wasm_bindgen_futures::spawn_local(async move {
                dom::sleep(200).await;
                live.frame();
            });
        }
    }

    /// Draws a frame's worth. Also called when the tab is hidden, because the
    /// frame that was asked for before would never come.
    pub(crate) fn frame(self: Rc<Self>) {
        if !self.is_live() {
            return;
        }
        let more = {
            let mut drawing = self.drawing.borrow_mut();
            drawing.frame_wanted = false;
            let calls = &drawing.transcript.tools;
            if self.view.tools.with_untracked(|known| known != calls) {
                self.view.tools.set(calls.clone());
            }
            let begun = dom::monotonic_ms();
            if begun >= drawing.not_before_ms {
                let typing = self.state.settings.with_untracked(|it| it.typing);
                drawing.reveal(typing);
                let took = dom::monotonic_ms() - begun;
                drawing.not_before_ms = begun + took / DRAWING_SHARE;
            }
            drawing.has_more()
        };
        if more {
            self.want_frame();
        } else if self.drawing.borrow().transcript.ending.is_some() {
            self.complete();
        }
    }

    /// The last text is drawn: the message becomes an ordinary one.
    fn complete(&self) {
        let mut drawing = self.drawing.borrow_mut();
        drawing.finish();
        let transcript = &drawing.transcript;
        let Some(ending) = transcript.ending.clone() else {
            return;
        };
        let interrupted = ending.is_interruption();
        self.shown.message.update(|message| {
            message.text.clone_from(&transcript.text);
            message.thinking.clone_from(&transcript.thinking);
            message.tools.clone_from(&transcript.tools);
            message.last_event = transcript.last;
            message.state = if interrupted {
                MessageState::Interrupted
            } else {
                transcript.state
            };
            message.reason = Some(ending.reason);
            message.problem = ending.problem;
            message.statistics = Some(ending.statistics);
        });
        drop(drawing);
        self.abandon();
    }
}

/// What the question and the answers before it tell of the length to expect.
fn hints(state: ChatState, question: &str) -> Hints {
    let earlier: Vec<u64> = state.messages.with_untracked(|all| {
        let tokens = |shown: &ShownMessage| shown.message.with_untracked(output_tokens);
        all.iter().filter_map(tokens).collect()
    });
    Hints::of(question, &earlier)
}

fn estimated_tokens(text: &str, thinking: &str) -> u64 {
    Usage::estimate_tokens(text.len() + thinking.len())
}
