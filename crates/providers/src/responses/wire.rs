//! What it sends. Unknown fields, events, items and parts are ignored; what
//! imitators leave out or send as null is optional.

use serde::Deserialize;
use serde_json::Value;

use crate::text::Text;

/// An event of a stream.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum Event<'a> {
    #[serde(
        rename = "response.created",
        alias = "response.queued",
        alias = "response.in_progress"
    )]
    Begun {
        #[serde(borrow)]
        response: Response<'a>,
    },
    #[serde(rename = "response.output_item.added")]
    ItemAdded {
        #[serde(default)]
        output_index: Option<u64>,
        #[serde(borrow)]
        item: Item<'a>,
    },
    #[serde(rename = "response.output_item.done")]
    ItemDone {
        #[serde(default)]
        output_index: Option<u64>,
        #[serde(borrow)]
        item: Item<'a>,
    },
    #[serde(rename = "response.output_text.delta")]
    Text(#[serde(borrow)] Piece<'a>),
    #[serde(rename = "response.refusal.delta")]
    Refusal(#[serde(borrow)] Piece<'a>),
    #[serde(
        rename = "response.reasoning_summary_text.delta",
        alias = "response.reasoning_text.delta"
    )]
    Thinking(#[serde(borrow)] Piece<'a>),
    #[serde(rename = "response.function_call_arguments.delta")]
    Arguments(#[serde(borrow)] Piece<'a>),
    #[serde(rename = "response.function_call_arguments.done")]
    ArgumentsDone {
        #[serde(default)]
        output_index: Option<u64>,
        #[serde(borrow, default)]
        item_id: Option<Text<'a>>,
        #[serde(borrow, default)]
        arguments: Option<Text<'a>>,
    },
    #[serde(rename = "response.completed")]
    Completed {
        #[serde(borrow)]
        response: Response<'a>,
    },
    #[serde(rename = "response.incomplete")]
    Incomplete {
        #[serde(borrow)]
        response: Response<'a>,
    },
    #[serde(rename = "response.failed")]
    Failed {
        #[serde(borrow)]
        response: Response<'a>,
    },
    /// Without an envelope: the error's own fields.
    #[serde(rename = "error")]
    Error(Value),
    #[serde(other)]
    Unknown,
}

/// More of an item.
#[derive(Debug, Deserialize)]
pub(super) struct Piece<'a> {
    #[serde(default)]
    pub(super) output_index: Option<u64>,
    #[serde(borrow, default)]
    pub(super) item_id: Option<Text<'a>>,
    /// Which part of the item's summary, or else of its content.
    #[serde(default)]
    pub(super) summary_index: Option<u64>,
    #[serde(default)]
    pub(super) content_index: Option<u64>,
    #[serde(borrow)]
    pub(super) delta: Text<'a>,
}

/// A whole answer, or what is known of one at its start.
#[derive(Debug, Deserialize)]
pub(super) struct Response<'a> {
    #[serde(default)]
    pub(super) error: Option<Value>,
    #[serde(borrow, default)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) model: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) output: Option<Vec<Item<'a>>>,
    #[serde(borrow, default)]
    pub(super) incomplete_details: Option<IncompleteDetails<'a>>,
    #[serde(default)]
    pub(super) usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
pub(super) struct IncompleteDetails<'a> {
    #[serde(borrow, default)]
    pub(super) reason: Option<Text<'a>>,
}

/// A part of the answer's output.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item<'a> {
    Message {
        #[serde(borrow, default)]
        content: Option<Vec<Content<'a>>>,
    },
    Reasoning {
        #[serde(borrow, default)]
        summary: Option<Vec<Content<'a>>>,
        #[serde(borrow, default)]
        content: Option<Vec<Content<'a>>>,
    },
    FunctionCall {
        #[serde(borrow, default)]
        id: Option<Text<'a>>,
        /// What a result repeats; `id` names only the item.
        #[serde(borrow, default)]
        call_id: Option<Text<'a>>,
        #[serde(borrow, default)]
        name: Option<Text<'a>>,
        #[serde(borrow, default)]
        arguments: Option<Text<'a>>,
    },
    /// Tools that the provider runs itself, and what is newer than this list.
    #[serde(other)]
    Unknown,
}

/// A part of an item.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Content<'a> {
    #[serde(
        rename = "output_text",
        alias = "summary_text",
        alias = "reasoning_text"
    )]
    Text {
        #[serde(borrow, default)]
        text: Option<Text<'a>>,
    },
    Refusal {
        #[serde(borrow, default)]
        refusal: Option<Text<'a>>,
    },
    #[serde(other)]
    Unknown,
}

/// Tokens: those from the cache are inside the input, thinking inside the
/// output.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Usage {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    input_tokens_details: Option<InputDetails>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default)]
    output_tokens_details: Option<OutputDetails>,
    /// What xAI itself says it costs, in 10⁻¹⁰ dollars.
    #[serde(default)]
    cost_in_usd_ticks: Option<i64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct InputDetails {
    #[serde(default)]
    cached_tokens: Option<u64>,
    #[serde(default)]
    cache_write_tokens: Option<u64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct OutputDetails {
    #[serde(default)]
    reasoning_tokens: Option<u64>,
}

impl From<Usage> for protocol::Usage {
    fn from(usage: Usage) -> Self {
        let input = usage.input_tokens_details;
        let output = usage.output_tokens_details;
        Self {
            input: usage.input_tokens,
            output: usage.output_tokens,
            cached: input.and_then(|details| details.cached_tokens),
            cache_write: input.and_then(|details| details.cache_write_tokens),
            thinking: output.and_then(|details| details.reasoning_tokens),
            estimated: false,
            cost: usage
                .cost_in_usd_ticks
                .and_then(|ticks| ticks.checked_mul(100))
                .map(protocol::Usd::from_picodollars),
        }
    }
}
