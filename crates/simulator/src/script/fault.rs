//! What goes wrong in an answer.

use serde::Deserialize;
use serde_json::Value;

use super::plain;

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// After how many tokens, thinking included, of a streamed answer; where an
    /// earlier one is continued, of what is said now. Unset, a reset, a silence
    /// and refused content come before the headers and everything else half-way.
    /// 0 is after the headers and before the first token.
    #[serde(default)]
    pub after_tokens: Option<u64>,
    /// The HTTP status of a `status` fault; 500 unless set.
    #[serde(default)]
    pub status: Option<u16>,
    /// The error's code: OpenAI's `code`, Anthropic's `type`, Gemini's
    /// `status`; Ollama's errors have none. Unset, what the provider sends with
    /// the HTTP status.
    #[serde(default)]
    pub code: Option<String>,
    /// The error's message.
    #[serde(default)]
    pub message: Option<String>,
    /// The header `retry-after-ms`, in milliseconds. Gemini says it in a
    /// `RetryInfo` of the body, Ollama not at all.
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
    /// The header `retry-after`: seconds, or a string sent as it is. Gemini
    /// says seconds in a `RetryInfo` of the body, Ollama nothing.
    #[serde(default)]
    pub retry_after: Option<Value>,
    /// Only the first so many requests with the script's key meet the fault;
    /// unset, all do.
    #[serde(default)]
    pub times: Option<u64>,
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// An HTTP error status with the provider's error body.
    Status,
    /// A 502 with an HTML page, as proxies send.
    Html,
    /// The connection is reset (TCP RST).
    Reset,
    /// The connection closes in the middle of the body.
    Cut,
    /// Nothing more is sent, until the caller closes.
    Silence,
    /// One chunk that is not JSON; the answer then goes on.
    Garbage,
    /// One event of more than 1 MiB; the answer then goes on.
    HugeEvent,
    /// One chunk with bytes that are not UTF-8; the answer then goes on.
    InvalidUtf8,
    /// The provider's error object inside a 200; the stream then ends.
    ErrorInStream,
    /// The other kind of error inside a 200; the stream then ends. It is
    /// `{"error":"text"}`, but with Gemini the indented error object without
    /// `data:` before it, and with Responses the event `response.failed`.
    PlainErrorInStream,
    /// The provider's own 400 for a prompt that is too long.
    ContextTooLong,
    /// The provider's own way of refusing what is asked: a 400 of OpenAI and
    /// Ollama, the stop reason `refusal` of Anthropic, a blocked prompt of
    /// Gemini. After some tokens of a stream it is the way to end there: the
    /// finish reason `content_filter` or `SAFETY`, `response.failed`, a line
    /// with an error.
    RefusedContent,
}

impl Fault {
    /// A fault without particulars.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            after_tokens: None,
            status: None,
            code: None,
            message: None,
            retry_after_ms: None,
            retry_after: None,
            times: None,
        }
    }

    /// After how many tokens it strikes, out of `total`; `None` is before the
    /// headers. An answer that is not streamed has no inside to be silent in.
    pub(crate) fn position(&self, stream: bool, total: impl FnOnce() -> u64) -> Option<u64> {
        match self.kind {
            FaultKind::Status | FaultKind::Html | FaultKind::ContextTooLong => None,
            FaultKind::Reset | FaultKind::Silence => self.after_tokens.filter(|_| stream),
            FaultKind::RefusedContent => self.after_tokens,
            _ => Some(self.after_tokens.unwrap_or_else(|| total() / 2)),
        }
    }

    /// The value of the header `retry-after`.
    pub(crate) fn retry_after(&self) -> Option<String> {
        self.retry_after.as_ref().map(plain)
    }
}
