//! The numbered facts about a turn that a watcher may see.

use serde::{Deserialize, Serialize};

use crate::{ConversationId, MessageId, Problem, TurnId, Usage};

/// One entry of a turn's log as a watcher receives it. A watcher that was
/// behind gets several entries in one bite, under the number of the last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The number of the last log entry covered; the SSE `id`. Counts from 1.
    pub id: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen in a turn. On the wire the SSE `event` field carries the
/// name and `data` the content; NDJSON carries `{id, event, data}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// The turn exists. Always the first entry.
    Accepted {
        /// The turn.
        turn: TurnId,
        /// The conversation it belongs to, perhaps begun by it.
        conversation: ConversationId,
        /// The person's message.
        question: MessageId,
        /// The message that the answer is written into.
        answer: MessageId,
    },
    /// What the turn is doing now.
    Status(Status),
    /// More of the answer.
    Text {
        /// The text to append.
        delta: String,
    },
    /// More of the model's thinking.
    Thinking {
        /// The text to append.
        delta: String,
    },
    /// A tool call forming.
    Tool {
        /// Which call of this answer; calls may interleave.
        index: u32,
        /// The provider's id of the call, in the first fragment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The tool's name, in the first fragment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// More of the arguments' JSON text.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        arguments_delta: String,
    },
    /// Take back the end of the answer and show this instead.
    Replace {
        /// How many characters (Unicode scalar values) of the answer's text
        /// stay.
        keep: usize,
        /// What follows them now.
        text: String,
    },
    /// Tokens so far; replaces an earlier report.
    Usage(Usage),
    /// Terminal: the answer is whole.
    Finished(Ending),
    /// Terminal: someone pressed Stop, or nobody was watching.
    Stopped(Ending),
    /// Terminal: the answer could not be completed; what came of it is kept.
    Failed(Ending),
}

impl Event {
    /// The SSE event name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Status(_) => "status",
            Self::Text { .. } => "text",
            Self::Thinking { .. } => "thinking",
            Self::Tool { .. } => "tool",
            Self::Replace { .. } => "replace",
            Self::Usage(_) => "usage",
            Self::Finished(_) => "finished",
            Self::Stopped(_) => "stopped",
            Self::Failed(_) => "failed",
        }
    }

    /// Whether nothing can come after it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.ending().is_some()
    }

    /// The ending that a terminal event carries.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Finished(ending) | Self::Stopped(ending) | Self::Failed(ending) => Some(ending),
            _ => None,
        }
    }
}

/// What the turn is doing, for the status line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The phase.
    pub phase: Phase,
    /// The provider in use, once chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model in use, as `provider/model`, once chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Which attempt this is, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Why, in words, where there is something to explain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long until the next attempt, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// How many output tokens the answer is thought to take, where something
    /// tells (a limit, a demo script). An estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_tokens: Option<u64>,
}

/// The phases of a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Accepted, not begun.
    #[default]
    Queued,
    /// Choosing the model.
    Routing,
    /// The provider was asked and has not answered yet.
    Waiting,
    /// The model thinks.
    Thinking,
    /// The model writes.
    Writing,
    /// The same deployment is asked again.
    Retrying,
    /// Another deployment takes over.
    Switching,
}

/// How a turn ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// Why it ended: the model's finish reason (`stop`, `length`,
    /// `tool_calls`, …), `stopped by the reader`, `nobody was watching`, or
    /// the problem's kind.
    pub reason: String,
    /// What it took.
    pub statistics: Statistics,
    /// What went wrong; present in `failed` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What an answer took. Times are in milliseconds from acceptance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// The provider that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model that answered, as `provider/model`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Time until the first text or thinking, if any came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<u64>,
    /// Time until the end.
    pub duration_ms: u64,
    /// Deltas received from the provider, before gathering.
    pub chunks: u64,
    /// Characters (Unicode scalar values) of the answer's text.
    pub characters: u64,
    /// Words of the answer's text, split at white space.
    pub words: u64,
    /// Tokens.
    pub usage: Usage,
    /// Upstream calls made.
    pub attempts: u32,
}

impl Statistics {
    /// Output tokens per second between the first token and the end; `None`
    /// where tokens or times are unknown or too short to mean anything.
    #[must_use]
    pub fn tokens_per_second(&self) -> Option<f64> {
        let writing = self.duration_ms.checked_sub(self.first_token_ms?)?;
        let tokens = self.usage.output?;
        (writing >= 50 && tokens > 1).then(|| tokens as f64 * 1000.0 / writing as f64)
    }
}
