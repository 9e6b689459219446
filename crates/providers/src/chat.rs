//! What is asked of a provider and what comes back, whatever its format.

use protocol::{Role, Settings, Usage};

/// A request for an answer.
#[derive(Debug, Clone, Default)]
pub struct ChatRequest {
    /// The model, as the provider names it.
    pub model: String,
    /// The conversation so far, oldest first; ends with the person's message.
    pub messages: Vec<ChatMessage>,
    /// How to ask.
    pub settings: Settings,
}

/// A message of the conversation.
#[derive(Debug, Clone)]
pub struct ChatMessage {
    /// Who said it.
    pub role: Role,
    /// What.
    pub text: String,
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
    /// A fragment of a tool call.
    Tool {
        /// The provider's index of the call.
        index: u32,
        /// Its id, in the first fragment.
        id: Option<String>,
        /// The tool's name, in the first fragment.
        name: Option<String>,
        /// More of the arguments' JSON text.
        arguments: String,
    },
    /// Tokens; replaces an earlier report.
    Usage(Usage),
    /// The provider says the answer is complete. Always the last delta of a
    /// whole answer; a stream that ends without it has failed.
    Finished(FinishReason),
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
    /// The provider's filter cut it off.
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
