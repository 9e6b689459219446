//! Failures of a provider, named by what the caller can do about them.

use std::time::Duration;

use protocol::{Problem, ProblemKind};

use crate::RateLimits;

/// A provider's failure: its category, and the provider's own words untouched.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{provider}: {message}")]
pub struct Error {
    /// The category.
    pub kind: ProblemKind,
    /// The provider.
    pub provider: String,
    /// The provider's message, or ours where it said nothing. Bounded in
    /// length; never holds a key.
    pub message: String,
    /// The HTTP status, where one came.
    pub status: Option<u16>,
    /// The provider's error code, where it gave one.
    pub code: Option<String>,
    /// How long the provider asks to wait.
    pub retry_after: Option<Duration>,
    /// What the provider itself says about trying again; overrides what the
    /// category suggests.
    pub should_retry: Option<bool>,
    /// What of the request the provider does not take, where the same can be
    /// asked in another way.
    pub refuses: Option<Refusal>,
    /// What the response's headers say of the provider's limits.
    pub limits: Option<Box<RateLimits>>,
}

/// Ways of asking that a model may not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// To go on from the model's own last words.
    Prefill,
    /// To answer as a stream.
    Streaming,
}

impl Error {
    /// Whether the same request to the same provider may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.should_retry.unwrap_or(matches!(
            self.kind,
            ProblemKind::RateLimited
                | ProblemKind::Overloaded
                | ProblemKind::Timeout
                | ProblemKind::Unreachable
                | ProblemKind::CutOff
                | ProblemKind::Malformed
        ))
    }

    /// The same for a person: what happened and what can be done.
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        let advice = match self.kind {
            ProblemKind::Auth => "Check the provider's key in the configuration.",
            ProblemKind::QuotaExhausted => {
                "Check the balance and limits of the provider's account."
            }
            ProblemKind::RateLimited | ProblemKind::Overloaded => "Wait a moment and try again.",
            ProblemKind::ContextTooLong => {
                "Start a new conversation, shorten the message, or choose a model with a larger \
                 context window."
            }
            ProblemKind::ContentBlocked => "Say it differently, or choose another model.",
            ProblemKind::NotFound => "Choose another model.",
            ProblemKind::Unreachable => {
                "Check that the provider is running and that its address is right."
            }
            ProblemKind::CutOff | ProblemKind::Timeout | ProblemKind::Malformed => "Try again.",
            _ => "",
        };
        Problem {
            kind: self.kind,
            message: self.message.clone(),
            advice: match self.retry_after {
                Some(wait) if self.is_retryable() => {
                    format!("Try again in {} s.", wait.as_secs_f32().ceil())
                }
                _ => advice.to_owned(),
            },
            retryable: self.is_retryable(),
            retry_after_ms: self.retry_after.map(|wait| wait.as_millis() as u64),
            provider: Some(self.provider.clone()),
            status: self.status,
            code: self.code.clone(),
        }
    }
}
