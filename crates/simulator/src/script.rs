//! Scripts: what an answer says, how fast, and what goes wrong.

mod check;
mod fault;

use serde::Deserialize;
use serde_json::Value;

pub use fault::{Fault, FaultKind};

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
    /// A refusal, in place of text. Gemini shows a blocked prompt instead of
    /// these words, Anthropic and Ollama show them as text.
    pub refusal: Option<String>,
    /// The reason given for the end; the empty string leaves it out. Unset, it
    /// is the fitting one. OpenAI's `stop`, `length`, `tool_calls` and
    /// `content_filter` are translated into each format's words; anything else
    /// is sent as it is. Responses have a reason only where they are incomplete.
    pub finish_reason: Option<String>,
    /// Where usage is reported. Unset, as the request asks: at the end when it
    /// has `stream_options.include_usage`. The other formats have one place for
    /// it, and know only `never`.
    pub usage: Option<UsagePlace>,
    /// Tokens of the prompt reported as read from a cache; Ollama has no place
    /// to say so.
    pub cached_tokens: u64,
    /// Tokens of the prompt reported as written to a cache, where the format
    /// has a place to say so: Anthropic and OpenAI's two.
    pub cache_write_tokens: u64,
    /// Chat completions report usage as xAI does: `reasoning_tokens` outside
    /// `completion_tokens`, but in `total_tokens`, and `cost_in_usd_ticks`.
    pub xai_usage: bool,
    /// The line ends of an event stream; unset, CRLF for Gemini and LF for the
    /// others. Ollama's lines end in LF whatever is set.
    pub framing: Option<Framing>,
    /// Write the stream in pieces of this many bytes, so that events and
    /// characters are split anywhere.
    pub split_bytes: Option<usize>,
    /// Tokens in one event; 1 unless set.
    pub chunk_tokens: Option<u64>,
    /// Put a keep-alive comment before each event; not with Ollama.
    pub comments: bool,
    /// Begin the stream with a byte order mark.
    pub bom: bool,
    /// False leaves out the mark that nothing follows: `[DONE]` of chat
    /// completions, `message_stop` of Anthropic. The other formats have none
    /// that says nothing else, so that it changes nothing there.
    pub done: Option<bool>,
    /// After the last event of a stream the connection stays open, silently. The
    /// request counts as completed by then.
    pub hang_after_end: bool,
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// Whose requests are counted together for `fault.times`; unset, those for
    /// the same model. The header `x-simulate-key` says the same.
    pub key: Option<String>,
    /// What the model does when told to continue what it had begun to say.
    pub continuation: Option<Continuation>,
    /// The longest prompt, in estimated tokens: a longer one gets the provider's
    /// own error. Listings of models show it where they show such a limit.
    pub context_tokens: Option<u64>,
    /// Requests that end with the assistant's own words get a 400.
    pub refuse_prefill: bool,
    /// Requests for a stream get a 400 that says so.
    pub refuse_streaming: bool,
    /// Requests that carry one of these parameters get a 400 that names it.
    /// Members of Gemini's `generationConfig` and of Ollama's `options` are
    /// named without it.
    pub refuse_parameters: Vec<String>,
    /// Requests that bring another key than this, or none, get the error that
    /// the provider sends for a wrong key.
    pub require_key: Option<String>,
    /// Headers about rate limits on every response, where the format has some:
    /// `x-ratelimit-*` of OpenAI, `anthropic-ratelimit-*` of Anthropic.
    pub rate_limit: Option<RateLimit>,
}

/// A tool call in an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCallScript {
    /// The tool's name.
    pub name: String,
    /// Its arguments: a string is sent as it is, anything else as JSON. Formats
    /// that send arguments as an object cannot show what is none: Gemini then
    /// ends with `MALFORMED_FUNCTION_CALL`, the others show an empty object.
    #[serde(default)]
    pub arguments: Value,
}

/// What a model does when the person's last message begins with "Continue" and
/// the assistant's message before it is the beginning of the answer. A request
/// that ends with such a beginning (a prefill) is always continued exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuation {
    /// It goes on from there, without the white space at the seam.
    #[default]
    Exact,
    /// It repeats the last few words first.
    Overlap,
    /// It says the whole answer from its start.
    Restart,
    /// It says something worded differently.
    Differ,
}

/// What is left of a rate limit. What is unset is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    /// Requests allowed.
    pub limit_requests: Option<u64>,
    /// Requests left.
    pub remaining_requests: Option<u64>,
    /// Tokens allowed.
    pub limit_tokens: Option<u64>,
    /// Tokens left.
    pub remaining_tokens: Option<u64>,
    /// Milliseconds until both are whole again: a duration for OpenAI
    /// (`1.5s`), a time for Anthropic, rounded up to a second.
    pub reset_ms: Option<u64>,
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

impl Framing {
    /// What ends a line.
    pub(crate) fn line_end(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::Crlf => b"\r\n",
            Self::Cr => b"\r",
        }
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
