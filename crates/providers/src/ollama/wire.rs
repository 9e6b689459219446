//! What it sends: lines that are a JSON document each. Unknown fields are
//! ignored; what is zero or empty is left out.

use serde::Deserialize;
use serde_json::Value;

use crate::text::Text;

/// A piece of an answer, or a whole one: they look the same.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    /// Present where this is an error after all; to be looked at before
    /// anything else.
    #[serde(default)]
    pub(super) error: Option<Value>,
    /// The HTTP status that an error would have had.
    #[serde(default)]
    pub(super) status: Option<Value>,
    #[serde(borrow, default)]
    pub(super) model: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<Message<'a>>,
    /// This is the last line.
    #[serde(default)]
    pub(super) done: Option<bool>,
    #[serde(borrow, default)]
    pub(super) done_reason: Option<Text<'a>>,
    /// Tokens of the request; left out where all of it was cached.
    #[serde(default)]
    pub(super) prompt_eval_count: Option<u64>,
    /// Tokens of the answer, thinking included.
    #[serde(default)]
    pub(super) eval_count: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) content: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) tool_calls: Option<Vec<ToolCall<'a>>>,
}

/// A call as a whole.
#[derive(Debug, Deserialize)]
pub(super) struct ToolCall<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) function: Option<Function<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Function<'a> {
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    /// An object, where OpenAI has the text of one.
    #[serde(default)]
    pub(super) arguments: Option<Value>,
}
