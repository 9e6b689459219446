//! The record of one upstream call.

use serde::{Deserialize, Serialize};

use crate::{AttemptId, Price, ProblemKind, TurnId, Usage};

/// One call to one upstream model: who, when, what came of it. Holds no
/// prompt and no answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The turn it served.
    pub turn: TurnId,
    /// Which attempt of the turn it was, from 1.
    pub number: u32,
    /// The provider asked.
    pub provider: String,
    /// The model asked, as the provider names it.
    pub model: String,
    /// The model that the provider says answered, where it says so.
    pub answered_by: Option<String>,
    /// When it began, milliseconds since the Unix epoch.
    pub started_ms: i64,
    /// From the request to the first text or thinking, in milliseconds.
    pub first_token_ms: Option<u64>,
    /// From the request to the end, in milliseconds.
    pub duration_ms: u64,
    /// What came of it.
    pub outcome: Outcome,
    /// The category of its failure.
    pub problem: Option<ProblemKind>,
    /// The provider's HTTP status, where one came.
    pub status: Option<u16>,
    /// The provider's own error code.
    pub code: Option<String>,
    /// Tokens and cost.
    pub usage: Usage,
    /// The price that the cost was computed from, so that history does not
    /// change when the price does.
    pub price: Option<Price>,
    /// Why it was made.
    pub reason: AttemptReason,
    /// How long the turn waited before it, in milliseconds: backing off, or
    /// for its place in a queue.
    pub waited_ms: u64,
    /// Whether the answer was asked for as a stream.
    pub streamed: bool,
    /// Why this model was chosen, in words, where the gateway chose it.
    pub route: Option<String>,
}

/// Why an attempt was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptReason {
    /// The first of its turn.
    #[default]
    First,
    /// The same deployment again, after a failure that may pass.
    Retry,
    /// Another deployment, after a failure.
    Fallback,
    /// To go on with an answer that broke off, from its own words.
    Continuation,
    /// The same deployment, asked without streaming.
    Unstreamed,
    /// Nobody was asked: the answer came from the cache, or from an identical
    /// request on its way.
    Cache,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer is whole.
    Finished,
    /// We closed the connection: Stop, or nobody was watching.
    Stopped,
    /// It failed.
    Failed,
}
