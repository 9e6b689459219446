//! An answer while it is being written: events fold into its transcript, and
//! about once a frame what has arrived is drawn, past the signals, straight
//! into the message's own nodes.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::*;
use markdown::LiveDocument;
use protocol::{
    ConversationId, Entry, Event, MessageId, MessageState, Phase, Status, ToolCall, Transcript,
    TurnId, Usage,
};
use web_sys::AbortController;

use super::{
    enrich,
    live_markdown::{GrowingText, LiveMarkdown},
    state::ShownMessage,
};
use crate::client::dom;

/// A backlog is revealed over about this many frames: it looks even, and lags
/// a tenth of a second.
const REVEAL_FRAMES: usize = 6;
/// Drawing may take this share of the time; above it frames are skipped.
const DRAWING_SHARE: f64 = 0.25;
/// Silence while writing that is worth a word.
const STALLED_MS: f64 = 8_000.0;
/// The server's heartbeat is every 10 s: this long a silence is a dead
/// connection.
const DEAD_MS: f64 = 25_000.0;

/// What the status and progress lines show of a live answer.
#[derive(Clone)]
pub(crate) struct LiveView {
    /// What the turn is doing.
    pub(crate) status: ArcRwSignal<Status>,
    /// How far it is.
    pub(crate) progress: ArcRwSignal<Progress>,
    /// Tool calls as they form.
    pub(crate) tools: ArcRwSignal<Vec<ToolCall>>,
    /// Whether there is thinking to show.
    pub(crate) has_thinking: ArcRwSignal<bool>,
    /// Whether Stop was pressed.
    pub(crate) stopping: ArcRwSignal<bool>,
}

/// How far a live answer is.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) struct Progress {
    /// Whether the server has accepted the turn.
    pub(crate) accepted: bool,
    /// Since sending.
    pub(crate) elapsed_ms: f64,
    /// Output tokens so far: the provider's report, else an estimate.
    pub(crate) tokens: u64,
    /// Output tokens per second since the first.
    pub(crate) tokens_per_second: Option<f64>,
    /// Estimated share done, 0 to 1.
    pub(crate) share: Option<f64>,
    /// Nothing came for a while although the model is writing.
    pub(crate) stalled: bool,
}

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
    /// How many output tokens the answer is thought to take.
    expected_tokens: u64,
    began_ms: f64,
    first_ms: Cell<Option<f64>>,
    heard_ms: Cell<f64>,
    connection: RefCell<Option<AbortController>>,
    drawing: RefCell<Drawing>,
}

#[derive(Default)]
struct Drawing {
    transcript: Transcript,
    document: LiveDocument,
    /// Bytes of the transcript's text that were given to the document.
    shown: usize,
    /// Where Stop was pressed: nothing beyond is shown.
    limit: Option<usize>,
    body: Option<LiveMarkdown>,
    thinking: Option<GrowingText>,
    frame_wanted: bool,
    not_before_ms: f64,
}

thread_local! {
    static LIVE: RefCell<Vec<Rc<LiveTurn>>> = const { RefCell::new(Vec::new()) };
}

/// The live answers of this tab, shown or not.
pub(crate) fn all() -> Vec<Rc<LiveTurn>> {
    LIVE.with_borrow(Clone::clone)
}

/// The live answer that is drawn into this message.
pub(crate) fn of_message(key: MessageId) -> Option<Rc<LiveTurn>> {
    LIVE.with_borrow(|all| all.iter().find(|live| live.shown.key == key).cloned())
}

/// The live answer of a turn.
pub(crate) fn of_turn(turn: TurnId) -> Option<Rc<LiveTurn>> {
    LIVE.with_borrow(|all| all.iter().find(|live| live.turn == turn).cloned())
}

impl LiveTurn {
    /// Makes a message live from what is known of it.
    pub(crate) fn begin(shown: &ShownMessage, turn: TurnId, expected_tokens: u64) -> Rc<Self> {
        let message = shown.message.get_untracked();
        let transcript = Transcript {
            last: message.last_event,
            text: message.text,
            thinking: message.thinking,
            tools: message.tools,
            ..Transcript::default()
        };
        let view = LiveView {
            status: ArcRwSignal::new(Status::default()),
            progress: ArcRwSignal::new(Progress {
                accepted: transcript.last > 0,
                ..Progress::default()
            }),
            tools: ArcRwSignal::new(transcript.tools.clone()),
            has_thinking: ArcRwSignal::new(!transcript.thinking.is_empty()),
            stopping: ArcRwSignal::new(false),
        };
        let now = dom::monotonic_ms();
        // What was there when the page was drawn is shown at once.
        let shown_bytes = transcript.text.len();
        let mut document = LiveDocument::new();
        document.push(&transcript.text);
        let live = Rc::new(Self {
            shown: shown.clone(),
            view: view.clone(),
            turn,
            conversation: Cell::new(None),
            expected_tokens,
            began_ms: now - (dom::now_ms() - message.created_ms as f64).clamp(0.0, 3.6e6),
            first_ms: Cell::new((shown_bytes > 0).then_some(now)),
            heard_ms: Cell::new(now),
            connection: RefCell::new(None),
            drawing: RefCell::new(Drawing {
                transcript,
                document,
                shown: shown_bytes,
                ..Drawing::default()
            }),
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
        {
            let mut drawing = self.drawing.borrow_mut();
            drawing.body = Some(LiveMarkdown::new(body));
            drawing.thinking = Some(GrowingText::new(thinking));
        }
        self.draw();
    }

    /// Folds an event in and sees to its being drawn.
    pub(crate) fn apply(self: &Rc<Self>, entry: &Entry) {
        self.heard();
        let mut drawing = self.drawing.borrow_mut();
        let before = drawing.transcript.status.phase;
        drawing.transcript.apply(entry);
        match &entry.event {
            Event::Text { .. } | Event::Thinking { .. } | Event::Tool { .. } => {
                if self.first_ms.get().is_none() {
                    self.first_ms.set(Some(dom::monotonic_ms()));
                }
                if matches!(entry.event, Event::Tool { .. }) {
                    self.view.tools.set(drawing.transcript.tools.clone());
                }
                if !drawing.transcript.thinking.is_empty() {
                    self.view.has_thinking.maybe_update(|has| !std::mem::replace(has, true));
                }
            }
            Event::Replace { .. } => {
                // What is taken back is drawn anew from its beginning; equal
                // nodes stay as they are.
                let transcript = &drawing.transcript;
                let keep = drawing.shown.min(transcript.text.len());
                let keep = floor_boundary(&transcript.text, keep);
                let mut document = LiveDocument::new();
                document.push(&transcript.text[..keep]);
                drawing.document = document;
                drawing.shown = keep;
                if let Some(body) = &mut drawing.body {
                    body.forget();
                }
            }
            _ => {}
        }
        let status = &drawing.transcript.status;
        if matches!(entry.event, Event::Status(_)) || status.phase != before {
            self.view.status.set(status.clone());
        }
        drop(drawing);
        self.want_frame();
    }

    /// Notes that the connection is alive.
    pub(crate) fn heard(&self) {
        self.heard_ms.set(dom::monotonic_ms());
    }

    /// Remembers how to close the connection.
    pub(crate) fn connected(&self, connection: Option<AbortController>) {
        self.heard();
        self.connection.replace(connection);
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

    /// Brings the progress line up to date; called a few times a second.
    pub(crate) fn tick(&self) {
        let now = dom::monotonic_ms();
        if now - self.heard_ms.get() > DEAD_MS {
            self.heard();
            self.disconnect();
        }
        let drawing = self.drawing.borrow();
        let transcript = &drawing.transcript;
        let tokens = transcript
            .usage
            .output
            .unwrap_or_else(|| estimated_tokens(&transcript.text, &transcript.thinking));
        let writing_ms = self.first_ms.get().map_or(0.0, |first| now - first);
        let expected = transcript.status.expected_tokens.unwrap_or(self.expected_tokens).max(1);
        self.view.progress.set(Progress {
            accepted: transcript.last > 0,
            elapsed_ms: now - self.began_ms,
            tokens,
            tokens_per_second: (writing_ms > 500.0).then(|| tokens as f64 * 1000.0 / writing_ms),
            share: (tokens > 0).then(|| (tokens as f64 / expected as f64).min(0.95)),
            stalled: transcript.status.phase == Phase::Writing
                && now - self.heard_ms.get() > STALLED_MS,
        });
    }

    /// Whether everything was drawn and the turn has ended.
    pub(crate) fn is_over(&self) -> bool {
        let drawing = self.drawing.borrow();
        drawing.transcript.ending.is_some()
    }

    /// Ends without a terminal event: the turn cannot be followed any more.
    pub(crate) fn abandon(&self) {
        LIVE.with_borrow_mut(|all| all.retain(|live| live.turn != self.turn));
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

    fn frame(self: Rc<Self>) {
        let more = {
            let mut drawing = self.drawing.borrow_mut();
            drawing.frame_wanted = false;
            let begun = dom::monotonic_ms();
            if begun >= drawing.not_before_ms {
                drawing.reveal();
                let took = dom::monotonic_ms() - begun;
                drawing.not_before_ms = begun + took / DRAWING_SHARE;
            }
            drawing.has_more()
        };
        if more {
            self.want_frame();
        } else if self.is_over() {
            self.complete();
        }
    }

    fn draw(self: &Rc<Self>) {
        self.drawing.borrow_mut().draw();
        self.want_frame();
    }

    /// The last text is drawn: the message becomes an ordinary one.
    fn complete(&self) {
        let mut drawing = self.drawing.borrow_mut();
        drawing.document.finish();
        drawing.draw();
        let transcript = &drawing.transcript;
        let Some(ending) = transcript.ending.clone() else { return };
        let interrupted = ending
            .problem
            .as_ref()
            .is_some_and(|problem| problem.kind == protocol::ProblemKind::Interrupted);
        self.shown.message.update(|message| {
            message.text.clone_from(&transcript.text);
            message.thinking.clone_from(&transcript.thinking);
            message.tools.clone_from(&transcript.tools);
            message.last_event = transcript.last;
            message.state =
                if interrupted { MessageState::Interrupted } else { transcript.state };
            message.reason = Some(ending.reason);
            message.problem = ending.problem;
            message.statistics = Some(ending.statistics);
        });
        drop(drawing);
        self.abandon();
    }
}

impl Drawing {
    fn target(&self) -> usize {
        self.limit.map_or(self.transcript.text.len(), |limit| limit.min(self.transcript.text.len()))
    }

    fn has_more(&self) -> bool {
        self.shown < self.target()
            || self.thinking.as_ref().is_some_and(|it| it.len() < self.transcript.thinking.len())
    }

    /// Shows the next piece of what has arrived.
    fn reveal(&mut self) {
        let target = self.target();
        if self.shown < target {
            let remaining = target - self.shown;
            let step = if self.transcript.ending.is_some() || dom::matches_media("(prefers-reduced-motion: reduce)") {
                remaining
            } else {
                remaining.div_ceil(REVEAL_FRAMES)
            };
            let next = ceil_boundary(&self.transcript.text, self.shown + step);
            self.document.push(&self.transcript.text[self.shown..next]);
            self.shown = next;
        }
        self.draw();
    }

    fn draw(&mut self) {
        if let Some(thinking) = &mut self.thinking {
            thinking.grow_to(&self.transcript.thinking);
        }
        if let Some(body) = &mut self.body {
            let final_nodes = body.draw(&self.document);
            if !final_nodes.is_empty() {
                enrich::improve(body.root(), final_nodes);
            }
        }
    }
}

fn estimated_tokens(text: &str, thinking: &str) -> u64 {
    Usage::estimate_tokens(text.len() + thinking.len())
}

fn ceil_boundary(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    at.min(text.len())
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
