//! What the lines below a live answer show.

use leptos::prelude::*;
use protocol::{Status, ToolCall, Usage};

use super::super::estimate::Basis;

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
    /// Whether its text shows as it comes, without any effect.
    pub(crate) hurried: ArcRwSignal<bool>,
    /// Which live answer this is, by the key of its message's drawing.
    pub(crate) key: u64,
}

/// How far a live answer is.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) struct Progress {
    /// Whether the server has accepted the turn.
    pub(crate) accepted: bool,
    /// Since sending.
    pub(crate) elapsed_ms: f64,
    /// From sending to the first token; unknown where the answer was being
    /// written when the page was opened.
    pub(crate) first_ms: Option<f64>,
    /// Pieces in which it has come to this page. The server may have gathered
    /// several of the provider's into one.
    pub(crate) chunks: u64,
    /// Characters of its text that have arrived.
    pub(crate) characters: u64,
    /// Words of it.
    pub(crate) words: u64,
    /// Since the first token.
    pub(crate) writing_ms: f64,
    /// Output tokens so far: the provider's report, else an estimate.
    pub(crate) tokens: u64,
    /// Output tokens per second since the first.
    pub(crate) tokens_per_second: Option<f64>,
    /// Estimated share done, in percent; `None` before there is anything and
    /// where the answer is longer than expected.
    pub(crate) share: Option<u64>,
    /// What that estimate rests on.
    pub(crate) basis: Basis,
    /// Nothing came for a while although the model is writing.
    pub(crate) stalled: bool,
    /// How many seconds of a wait are left, where one was told.
    pub(crate) wait_s: Option<u64>,
    /// What it took so far, as far as the server has told.
    pub(crate) usage: Usage,
}
