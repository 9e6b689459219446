//! What it sends. Unknown fields, events, blocks and deltas are ignored; what
//! imitators leave out or send as null is optional.

use serde::Deserialize;
use serde_json::Value;

use crate::text::Text;

/// An event of a stream.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    MessageStart {
        #[serde(borrow)]
        message: Message<'a>,
    },
    ContentBlockStart {
        index: u64,
        #[serde(borrow)]
        content_block: Block<'a>,
    },
    ContentBlockDelta {
        index: u64,
        #[serde(borrow)]
        delta: BlockDelta<'a>,
    },
    ContentBlockStop {
        index: u64,
    },
    MessageDelta {
        #[serde(borrow, default)]
        delta: Option<Stop<'a>>,
        #[serde(default)]
        usage: Option<Usage>,
    },
    MessageStop,
    Error {
        #[serde(default)]
        error: Value,
    },
    #[serde(other)]
    Unknown,
}

/// A whole answer, or what is known of one at its start.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    /// Instead of everything else.
    #[serde(default)]
    pub(super) error: Option<Value>,
    #[serde(borrow, default)]
    pub(super) model: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) content: Option<Vec<Block<'a>>>,
    #[serde(borrow, flatten)]
    pub(super) stop: Stop<'a>,
    #[serde(default)]
    pub(super) usage: Option<Usage>,
}

/// Why the model ended its answer.
#[derive(Debug, Deserialize)]
pub(super) struct Stop<'a> {
    #[serde(borrow, default)]
    pub(super) stop_reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) stop_details: Option<StopDetails<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StopDetails<'a> {
    /// A refusal's sentence.
    #[serde(borrow, default)]
    pub(super) explanation: Option<Text<'a>>,
}

/// A block of the answer: whole in a document, without its content at its
/// start in a stream.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        #[serde(borrow, default)]
        text: Option<Text<'a>>,
    },
    Thinking {
        #[serde(borrow, default)]
        thinking: Option<Text<'a>>,
        #[serde(borrow, default)]
        signature: Option<Text<'a>>,
    },
    ToolUse {
        #[serde(borrow, default)]
        id: Option<Text<'a>>,
        #[serde(borrow, default)]
        name: Option<Text<'a>>,
        #[serde(default)]
        input: Value,
    },
    /// Thinking that we cannot read, tools that the provider runs itself, and
    /// what is newer than this list.
    #[serde(other)]
    Unknown,
}

/// More of a block.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum BlockDelta<'a> {
    #[serde(rename = "text_delta")]
    Text {
        #[serde(borrow)]
        text: Text<'a>,
    },
    #[serde(rename = "thinking_delta")]
    Thinking {
        #[serde(borrow)]
        thinking: Text<'a>,
    },
    #[serde(rename = "signature_delta")]
    Signature {
        #[serde(borrow)]
        signature: Text<'a>,
    },
    #[serde(rename = "input_json_delta")]
    Input {
        #[serde(borrow)]
        partial_json: Text<'a>,
    },
    #[serde(other)]
    Unknown,
}

/// Tokens. Those of the request are three numbers that do not overlap;
/// thinking is inside the output.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Usage {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default)]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct OutputDetails {
    #[serde(default)]
    thinking_tokens: Option<u64>,
}

impl Usage {
    /// Without the tokens of the answer, which are no more than a placeholder
    /// where an answer begins.
    pub(super) fn of_request(self) -> Self {
        Self {
            output_tokens: None,
            output_tokens_details: None,
            ..self
        }
    }

    /// With what a later report says: its numbers are totals, and those that
    /// it leaves out stand.
    pub(super) fn replaced_by(self, later: Self) -> Self {
        Self {
            input_tokens: later.input_tokens.or(self.input_tokens),
            cache_creation_input_tokens: later
                .cache_creation_input_tokens
                .or(self.cache_creation_input_tokens),
            cache_read_input_tokens: later
                .cache_read_input_tokens
                .or(self.cache_read_input_tokens),
            output_tokens: later.output_tokens.or(self.output_tokens),
            output_tokens_details: later.output_tokens_details.or(self.output_tokens_details),
        }
    }
}

impl From<Usage> for protocol::Usage {
    fn from(usage: Usage) -> Self {
        let (cached, cache_write) = (
            usage.cache_read_input_tokens,
            usage.cache_creation_input_tokens,
        );
        Self {
            input: [usage.input_tokens, cached, cache_write]
                .into_iter()
                .flatten()
                .reduce(u64::saturating_add),
            output: usage.output_tokens,
            cached,
            cache_write,
            thinking: usage
                .output_tokens_details
                .and_then(|details| details.thinking_tokens),
            estimated: false,
            cost: None,
        }
    }
}
