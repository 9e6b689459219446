//! How an answer looks on the wire: what every format has to be able to write.

use std::fmt::Debug;

use bytes::{BufMut, BytesMut};
use serde_json::Value;

use crate::problem::Problem;
use crate::script::{Script, UsagePlace};
use crate::speech::{Piece, Spent};

/// The size of a huge event's text, in bytes: with its frame more than 1 MiB.
pub(crate) const HUGE: usize = 1024 * 1024;

/// Bytes that are not UTF-8.
pub(crate) const INVALID: &[u8] = b"\xff\xfe";

/// Writes the stream of one answer.
pub(crate) trait Wire: Debug + Send {
    /// What comes before the first token.
    fn open(&mut self, out: &mut BytesMut, spent: &Spent);

    /// A piece of the answer; `spent` includes it.
    fn piece(&mut self, out: &mut BytesMut, piece: &Piece<'_>, spent: &Spent);

    /// The end: why, what it cost, and the mark that nothing follows.
    fn finish(&mut self, out: &mut BytesMut, ending: &Ending, spent: &Spent);

    /// The end where the provider refuses to say more.
    fn refuse(&mut self, out: &mut BytesMut, problem: &Problem, spent: &Spent);

    /// A chunk that stops in the middle of its JSON.
    fn garbage(&mut self, out: &mut BytesMut);

    /// An event of more than 1 MiB.
    fn huge(&mut self, out: &mut BytesMut, spent: &Spent);

    /// A chunk whose text is not UTF-8.
    fn invalid_utf8(&mut self, out: &mut BytesMut, spent: &Spent);

    /// The provider's error object.
    fn error(&mut self, out: &mut BytesMut, problem: &Problem);

    /// The other shape of an error in a stream.
    fn plain_error(&mut self, out: &mut BytesMut, problem: &Problem);
}

/// What decides how an answer looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) script: &'a Script,
    pub(crate) model: &'a str,
    /// The request asks for usage.
    pub(crate) include_usage: bool,
    /// The stream is one JSON array, and no event stream.
    pub(crate) array: bool,
}

impl Setting<'_> {
    /// Whether a format with one place for usage reports it.
    pub(crate) fn reports_usage(&self) -> bool {
        self.script.usage != Some(UsagePlace::Never)
    }
}

/// Why an answer ends where it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All is said.
    Stop,
    /// The limit on tokens is reached.
    Length,
    /// Tools are called.
    Tools,
    /// The provider says no more about this.
    Filtered,
    /// The script's own word.
    Other(String),
    /// Left out.
    Unsaid,
}

impl Ending {
    /// The end a script names.
    pub(crate) fn named(reason: &str) -> Self {
        match reason {
            "" => Self::Unsaid,
            "stop" => Self::Stop,
            "length" => Self::Length,
            "tool_calls" => Self::Tools,
            "content_filter" => Self::Filtered,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Appends a string as JSON.
pub(crate) fn put_json(out: &mut BytesMut, text: &str) {
    serde_json::to_writer(out.writer(), text).expect("a string always makes JSON");
}

/// The arguments of a tool call as an object; `None` when they are none. No
/// arguments are an empty object.
pub(crate) fn arguments_object(arguments: &str) -> Option<Value> {
    if arguments.trim().is_empty() {
        return Some(Value::Object(serde_json::Map::new()));
    }
    let parsed: Value = serde_json::from_str(arguments).ok()?;
    parsed.is_object().then_some(parsed)
}

/// An empty object in place of arguments that are none.
pub(crate) fn arguments_or_empty(arguments: &str) -> Value {
    arguments_object(arguments).unwrap_or_else(|| Value::Object(serde_json::Map::new()))
}

/// `{"error":"text"}`
pub(crate) fn error_text(problem: &Problem) -> Value {
    serde_json::json!({"error": problem.message})
}
