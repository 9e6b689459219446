//! What is asked of a provider and what comes back, whatever its format.

use std::sync::Arc;

use protocol::{Role, Usage};
use serde_json::Value;

/// A request for an answer.
#[derive(Debug, Clone, Default)]
pub struct ChatRequest {
    /// The model, as the provider names it.
    pub model: String,
    /// Instructions placed before the conversation.
    pub system: Option<String>,
    /// The conversation so far, oldest first. Usually ends with the person's
    /// message or with tool results; where it ends with the model's own
    /// words, the model is asked to go on from them (prefill).
    pub messages: Arc<[ChatMessage]>,
    /// How to ask.
    pub params: Params,
    /// The tools that the model may want called.
    pub tools: Arc<[Tool]>,
    /// Whether it must.
    pub tool_choice: Option<ToolChoice>,
    /// False asks for the answer in one piece. What comes of it is the same
    /// deltas, at once.
    pub stream: bool,
}

/// Parameters of a request; what is absent is the model's default. An adapter
/// sends each in its own format's words, or refuses one that its format has no
/// word for with a [`protocol::ProblemKind::BadRequest`] that names it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Params {
    /// Randomness, 0 to 2.
    pub temperature: Option<f32>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f32>,
    /// Sampling from the so many likeliest tokens.
    pub top_k: Option<u32>,
    /// The most output tokens the answer may take.
    pub max_tokens: Option<u32>,
    /// Texts at which the answer ends, without them.
    pub stop: Vec<String>,
    /// Makes sampling repeatable, where the provider can.
    pub seed: Option<i64>,
    /// Discourages words by how often they came, -2 to 2.
    pub frequency_penalty: Option<f32>,
    /// Discourages words that came at all, -2 to 2.
    pub presence_penalty: Option<f32>,
    /// How much the model shall think.
    pub effort: Option<Effort>,
    /// The shape of the answer.
    pub format: Option<AnswerFormat>,
    /// Whether several tools may be called at once.
    pub parallel_tool_calls: Option<bool>,
}

/// How much a model shall think, in OpenAI's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    /// Not at all.
    None,
    /// As little as it can.
    Minimal,
    /// A little.
    Low,
    /// As usual.
    Medium,
    /// Much.
    High,
    /// More than much.
    Xhigh,
    /// As much as it can.
    Max,
}

impl Effort {
    /// OpenAI's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// Reads OpenAI's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::None,
            Self::Minimal,
            Self::Low,
            Self::Medium,
            Self::High,
            Self::Xhigh,
            Self::Max,
        ]
        .into_iter()
        .find(|effort| effort.as_str() == word)
    }

    /// The tokens of thinking that it allows, for formats that count them:
    /// our own scale, within what Anthropic and Gemini take.
    #[must_use]
    pub fn budget_tokens(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Minimal | Self::Low => 1_024,
            Self::Medium => 4_096,
            Self::High => 16_384,
            Self::Xhigh => 24_576,
            Self::Max => 32_000,
        }
    }
}

/// The shape that an answer shall have.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerFormat {
    /// Any JSON object.
    Json,
    /// JSON that a schema describes.
    Schema {
        /// A name for the schema.
        name: String,
        /// The JSON schema.
        schema: Value,
        /// Whether the provider must keep to it exactly.
        strict: Option<bool>,
    },
}

/// A tool that the model may want called.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// The JSON schema of its arguments.
    pub parameters: Option<Value>,
    /// Whether arguments must keep to the schema exactly.
    pub strict: Option<bool>,
}

/// Whether tools must be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// As the model thinks fit.
    Auto,
    /// None may be.
    None,
    /// At least one must be.
    Required,
    /// This one must be.
    Named(String),
}

/// A message of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatMessage {
    /// Who said it. Tool results are the person's side.
    pub role: Role,
    /// What, in order.
    pub parts: Vec<Part>,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text.
    Text(String),
    /// An image.
    Image(Image),
    /// Thinking of an earlier answer, which some providers want back unchanged
    /// when tools are used.
    Thinking {
        /// The thinking.
        text: String,
        /// The provider's seal on it.
        signature: Option<String>,
    },
    /// A tool that the model wanted called.
    ToolCall {
        /// Its id, which the result repeats.
        id: String,
        /// The tool.
        name: String,
        /// The arguments' JSON text, perhaps invalid.
        arguments: String,
        /// The provider's seal on it, which it wants back unchanged.
        signature: Option<String>,
    },
    /// What came of a tool call.
    ToolResult {
        /// The id of the call.
        id: String,
        /// The tool, where known.
        name: Option<String>,
        /// What it gave.
        content: String,
        /// Whether it failed.
        is_error: bool,
    },
}

/// An image of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// The image itself.
    Data {
        /// Its media type, such as `image/png`.
        media_type: String,
        /// Its bytes in Base64.
        base64: String,
    },
    /// Where it is. Formats that take no addresses refuse it.
    Url(String),
}

impl ChatMessage {
    /// A message of one text.
    #[must_use]
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            parts: vec![Part::Text(text.into())],
        }
    }

    /// All its text, parts joined by line ends. Borrowed where there is one.
    #[must_use]
    pub fn said(&self) -> std::borrow::Cow<'_, str> {
        let mut texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        match (texts.next(), texts.next()) {
            (None, _) => "".into(),
            (Some(only), None) => only.into(),
            (Some(first), Some(second)) => {
                let mut all = format!("{first}\n{second}");
                for text in texts {
                    all.push('\n');
                    all.push_str(text);
                }
                all.into()
            }
        }
    }

    /// Bytes of text in it, tool calls and results included; what an estimate
    /// of tokens counts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of = |part: &Part| match part {
            Part::Text(text) | Part::Thinking { text, .. } => text.len(),
            // About a thousand tokens, as for a middling image.
            Part::Image(_) => 4_000,
            Part::ToolCall {
                name, arguments, ..
            } => name.len() + arguments.len(),
            Part::ToolResult { content, .. } => content.len(),
        };
        self.parts.iter().map(of).sum()
    }
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    /// The provider accepted the request and says which model answers.
    Started {
        /// The provider's name of the model.
        model: Option<String>,
    },
    /// More text.
    Text(String),
    /// More thinking.
    Thinking(String),
    /// The provider's seal on the thinking before it; see [`Part::Thinking`].
    Signature(String),
    /// A fragment of a tool call.
    Tool {
        /// Which call of the answer, counted from 0.
        index: u32,
        /// Its id, in the first fragment.
        id: Option<String>,
        /// The tool's name, in the first fragment.
        name: Option<String>,
        /// More of the arguments' JSON text.
        arguments: String,
        /// The provider's seal on the call; see [`Part::ToolCall`].
        signature: Option<String>,
    },
    /// Tokens; replaces an earlier report.
    Usage(Usage),
    /// The provider says the answer is complete. Always the last delta of a
    /// whole answer; a stream that ends without it has failed.
    Finished(FinishReason),
}

impl Delta {
    /// Whether it is a piece of the answer itself, and not about it.
    pub(crate) fn is_content(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Thinking(_) | Self::Tool { .. })
    }
}

/// Why the model ended its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinishReason {
    /// It had said everything, or met a stop sequence.
    Stop,
    /// The limit on output tokens was reached.
    Length,
    /// It wants tools called.
    ToolCalls,
    /// The provider's filter cut it off, or the model refused.
    ContentFilter,
    /// Something newer than this list, in the provider's word.
    Other(String),
}

impl FinishReason {
    /// The reason in OpenAI's words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Other(word) => word,
        }
    }
}
