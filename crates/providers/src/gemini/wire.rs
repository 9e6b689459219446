//! What it sends. Every event is a whole response; unknown fields are ignored,
//! and Google leaves out whatever is zero, false or empty.

use serde::Deserialize;
use serde_json::Value;

use crate::text::Text;

/// A piece of an answer, or a whole one: they look the same.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response<'a> {
    /// Present where this is an error after all; to be looked at before
    /// anything else.
    #[serde(default)]
    pub(super) error: Option<Value>,
    #[serde(borrow, default)]
    pub(super) candidates: Option<Vec<Candidate<'a>>>,
    #[serde(borrow, default)]
    pub(super) prompt_feedback: Option<PromptFeedback<'a>>,
    #[serde(default)]
    pub(super) usage_metadata: Option<Usage>,
    #[serde(borrow, default)]
    pub(super) model_version: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    #[serde(default)]
    pub(super) index: Option<u32>,
    #[serde(borrow, default)]
    pub(super) content: Option<Content<'a>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Option<Text<'a>>,
    /// What there is to say about the reason.
    #[serde(borrow, default)]
    pub(super) finish_message: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Content<'a> {
    #[serde(borrow, default)]
    pub(super) parts: Option<Vec<Part<'a>>>,
}

/// Text, thinking or a call; sometimes no more than a signature.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    /// The text is thinking.
    #[serde(default)]
    pub(super) thought: Option<bool>,
    #[serde(borrow, default)]
    pub(super) thought_signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) function_call: Option<FunctionCall<'a>>,
}

/// A call as a whole.
#[derive(Debug, Deserialize)]
pub(super) struct FunctionCall<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(default)]
    pub(super) args: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PromptFeedback<'a> {
    #[serde(borrow, default)]
    pub(super) block_reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) block_reason_message: Option<Text<'a>>,
}

/// Tokens up to here, not since the last event.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage {
    /// Cached ones included.
    #[serde(default)]
    prompt_token_count: Option<u64>,
    #[serde(default)]
    cached_content_token_count: Option<u64>,
    /// Thinking not included.
    #[serde(default)]
    candidates_token_count: Option<u64>,
    #[serde(default)]
    thoughts_token_count: Option<u64>,
    /// What Google's own tools added to the prompt.
    #[serde(default)]
    tool_use_prompt_token_count: Option<u64>,
}

impl From<Usage> for protocol::Usage {
    fn from(usage: Usage) -> Self {
        Self {
            input: sum(usage.prompt_token_count, usage.tool_use_prompt_token_count),
            output: sum(usage.candidates_token_count, usage.thoughts_token_count),
            cached: usage.cached_content_token_count,
            cache_write: None,
            thinking: usage.thoughts_token_count,
            estimated: false,
            cost: None,
        }
    }
}

/// Unknown only where both are.
fn sum(some: Option<u64>, more: Option<u64>) -> Option<u64> {
    match (some, more) {
        (Some(some), Some(more)) => Some(some.saturating_add(more)),
        (some, more) => some.or(more),
    }
}
