//! Scripts: what an answer says, how fast, and what goes wrong.

use axum::http::HeaderValue;
use serde::Deserialize;
use serde_json::Value;

/// The most tokens a script may ask for.
const TOKEN_LIMIT: u64 = 1_000_000;

/// The longest wait for the first token, in milliseconds: an hour.
const WAIT_LIMIT_MS: u64 = 3_600_000;

/// The slowest speed that is not zero, in tokens per second.
const SLOWEST: f64 = 0.001;

/// How one request is answered. Everything is optional; the empty script gives
/// the model's own words as fast as the connection takes them. Unknown fields
/// are refused.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Milliseconds from the request to the first token.
    pub first_token_ms: u64,
    /// Tokens per second after the first; 0 is as fast as possible.
    pub tokens_per_second: f64,
    /// Without `text`, the answer is this many tokens of filler; with it, at
    /// most so many tokens of the text.
    pub tokens: Option<u64>,
    /// Say exactly this.
    pub text: Option<String>,
    /// Thinking sent before the answer, in tokens.
    pub thinking_tokens: u64,
    /// Tools the answer wants called, after its text. Without `text` or
    /// `tokens` there is then no text.
    pub tool_calls: Vec<ToolCallScript>,
    /// A refusal, in place of text.
    pub refusal: Option<String>,
    /// The reason given for the end; the empty string leaves it out. Unset, it
    /// is the fitting one.
    pub finish_reason: Option<String>,
    /// Where usage is reported. Unset, as the request asks: at the end when it
    /// has `stream_options.include_usage`.
    pub usage: Option<UsagePlace>,
    /// The line ends of the event stream.
    pub framing: Framing,
    /// Write the stream in pieces of this many bytes, so that events and
    /// characters are split anywhere.
    pub split_bytes: Option<usize>,
    /// Tokens in one event; 1 unless set.
    pub chunk_tokens: Option<u64>,
    /// Put a keep-alive comment before each event.
    pub comments: bool,
    /// Begin the stream with a byte order mark.
    pub bom: bool,
    /// False leaves out the closing `[DONE]`.
    pub done: Option<bool>,
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// Whose requests are counted together for `fault.times`; unset, those for
    /// the same model. The header `x-simulate-key` says the same.
    pub key: Option<String>,
}

/// A tool call in an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCallScript {
    /// The tool's name.
    pub name: String,
    /// Its arguments: a string is sent as it is, anything else as JSON.
    #[serde(default)]
    pub arguments: Value,
}

/// Where in the stream usage is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsagePlace {
    /// In a last chunk without choices, as OpenAI does.
    Last,
    /// With the finish reason.
    OnFinishChunk,
    /// In a last chunk that has a choice with an empty delta, as some
    /// compatible servers do.
    OnDeltaChunk,
    /// Nowhere.
    Never,
    /// Running totals in each chunk, and once more at the end.
    Repeated,
}

/// The line ends of an event stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// `\n`
    #[default]
    Lf,
    /// `\r\n`
    Crlf,
    /// `\r`
    Cr,
}

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// After how many tokens, thinking included, of a streamed answer. Unset,
    /// a reset and a silence come before the headers and everything else
    /// half-way. 0 is after the headers and before the first token.
    #[serde(default)]
    pub after_tokens: Option<u64>,
    /// The HTTP status of a `status` fault; 500 unless set.
    #[serde(default)]
    pub status: Option<u16>,
    /// The error's code; unset, what OpenAI sends with the status.
    #[serde(default)]
    pub code: Option<String>,
    /// The error's message.
    #[serde(default)]
    pub message: Option<String>,
    /// The header `retry-after-ms`, in milliseconds.
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
    /// The header `retry-after`: seconds, or a string sent as it is.
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
    /// An HTTP error status with OpenAI's error body.
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
    /// An error object inside a 200; the stream then ends.
    ErrorInStream,
    /// `{"error":"text"}` inside a 200; the stream then ends.
    PlainErrorInStream,
}

impl Script {
    /// Reads a script from JSON.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(crate) fn from_json(json: &str) -> Result<Self, String> {
        let script: Self = serde_json::from_str(json)
            .map_err(|error| format!("The script could not be read: {error}."))?;
        script.check()?;
        Ok(script)
    }

    /// Refuses numbers that make no sense.
    ///
    /// # Errors
    /// A sentence that says which.
    pub(crate) fn check(&self) -> Result<(), String> {
        let speed = self.tokens_per_second;
        let status = self.fault.as_ref().and_then(|fault| fault.status);
        let wait = self.fault.as_ref().and_then(Fault::retry_after);
        if speed != 0.0 && !(speed.is_finite() && speed >= SLOWEST) {
            return Err(format!(
                "tokens_per_second must be 0 or at least {SLOWEST}."
            ));
        }
        if self.first_token_ms > WAIT_LIMIT_MS {
            return Err(format!("first_token_ms must be at most {WAIT_LIMIT_MS}."));
        }
        if self.tokens.unwrap_or(0).max(self.thinking_tokens) > TOKEN_LIMIT {
            return Err(format!(
                "tokens and thinking_tokens must be at most {TOKEN_LIMIT}."
            ));
        }
        if self.split_bytes == Some(0) || self.chunk_tokens == Some(0) {
            return Err("split_bytes and chunk_tokens must be at least 1.".to_owned());
        }
        if status.is_some_and(|status| !(400..600).contains(&status)) {
            return Err("fault.status must be from 400 to 599.".to_owned());
        }
        if wait.is_some_and(|wait| HeaderValue::from_str(&wait).is_err()) {
            return Err("fault.retry_after cannot be the value of a header.".to_owned());
        }
        Ok(())
    }
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
            FaultKind::Status | FaultKind::Html => None,
            FaultKind::Reset | FaultKind::Silence => self.after_tokens.filter(|_| stream),
            _ => Some(self.after_tokens.unwrap_or_else(|| total() / 2)),
        }
    }

    /// The value of the header `retry-after`.
    pub(crate) fn retry_after(&self) -> Option<String> {
        self.retry_after.as_ref().map(plain)
    }

    /// Its message, or `otherwise`.
    pub(crate) fn message<'a>(&'a self, otherwise: &'a str) -> &'a str {
        self.message.as_deref().unwrap_or(otherwise)
    }
}

/// A string as it is, anything else as JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
