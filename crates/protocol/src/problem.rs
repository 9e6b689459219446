//! One shape for everything that can go wrong, in HTTP bodies and in events.

use serde::{Deserialize, Serialize};

use crate::fields::read_fields;

/// What went wrong, named by what the reader can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The request itself is wrong: an empty message, malformed JSON.
    BadRequest,
    /// The request or the message is larger than the configured limit.
    TooLarge,
    /// No such conversation, message, turn, model or page.
    NotFound,
    /// The request contradicts the state of things, such as a second turn
    /// under an answer that is still being written.
    Conflict,
    /// The provider does not accept our key.
    Auth,
    /// The account at the provider has no money or quota left.
    QuotaExhausted,
    /// Too many requests; waiting helps.
    RateLimited,
    /// The provider is overloaded or failing on its side.
    Overloaded,
    /// The conversation does not fit the model's context window.
    ContextTooLong,
    /// The provider refuses to answer this content.
    ContentBlocked,
    /// No answer, or none in time: connect, first byte, silence, whole turn.
    Timeout,
    /// The provider cannot be reached, or the connection broke.
    Unreachable,
    /// The stream ended before the provider said it was done.
    CutOff,
    /// The provider sent what its format does not allow.
    Malformed,
    /// The server stopped while the answer was being written.
    Interrupted,
    /// The store cannot be written: disk full, database locked.
    Storage,
    /// A fault of ours, or what a newer server calls by a newer name.
    #[serde(other)]
    Internal,
}

/// A clear sentence about what happened, what can be done, and whether trying
/// again may help. It is the `data` of a `failed` event and, as RFC 9457
/// problem details, the body of every HTTP error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The category.
    pub kind: ProblemKind,
    /// What happened, as a sentence for a person.
    pub message: String,
    /// What the person can do about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub advice: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// How long to wait before trying again, in milliseconds, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The provider it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The HTTP status: the provider's in an event, ours in an HTTP body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's own error code, untouched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

read_fields!(Problem { kind, message } advice, retryable, retry_after_ms, provider, status, code);

impl Problem {
    /// A problem of this kind that trying again will not cure.
    pub fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            advice: String::new(),
            retryable: false,
            retry_after_ms: None,
            provider: None,
            status: None,
            code: None,
        }
    }

    /// Adds what the person can do about it.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// Says that the same request may succeed later.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if !self.advice.is_empty() {
            write!(f, " {}", self.advice)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
