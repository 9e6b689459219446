//! What it sends. Unknown fields are ignored; what imitators leave out or
//! send as null is optional.

use serde::Deserialize;
use serde_json::Value;

use crate::text::Text;

/// A chunk of a streamed answer, or a whole answer: the two differ in where
/// the message stands.
#[derive(Debug, Deserialize)]
pub(super) struct Chunk<'a> {
    /// Present and not empty where this is an error after all; to be looked
    /// at before anything else.
    #[serde(default)]
    pub(super) error: Option<Value>,
    /// `error` where an old vLLM puts the error's fields at the top.
    #[serde(borrow, default)]
    pub(super) object: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) model: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) choices: Option<Vec<Choice<'a>>>,
    #[serde(default)]
    pub(super) usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(default)]
    pub(super) index: Option<u32>,
    #[serde(borrow, default)]
    pub(super) delta: Option<Message<'a>>,
    /// Instead of `delta` in an answer that is not streamed.
    #[serde(borrow, default)]
    pub(super) message: Option<Message<'a>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) content: Option<Content<'a>>,
    #[serde(borrow, default)]
    pub(super) refusal: Option<Text<'a>>,
    /// Thinking, as xAI, DeepSeek and older vLLM call it.
    #[serde(borrow, default)]
    pub(super) reasoning_content: Option<Text<'a>>,
    /// Thinking, as Ollama and newer vLLM call it.
    #[serde(borrow, default)]
    pub(super) reasoning: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) tool_calls: Option<Vec<ToolCall<'a>>>,
    /// The only tool call there could be before `tool_calls`.
    #[serde(borrow, default)]
    pub(super) function_call: Option<Function<'a>>,
}

/// Text, or Mistral's list of text and thinking.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(#[serde(borrow)] Text<'a>),
    Parts(#[serde(borrow)] Vec<Part<'a>>),
}

/// A part, which says what it is by what it has. References and images have
/// nothing of this.
#[derive(Debug, Deserialize)]
pub(super) struct Part<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<Content<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToolCall<'a> {
    #[serde(default)]
    pub(super) index: Option<u32>,
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) function: Option<Function<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Function<'a> {
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) arguments: Option<Text<'a>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Usage {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens: Option<u64>,
    #[serde(default)]
    total_tokens: Option<u64>,
    #[serde(default)]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(default)]
    completion_tokens_details: Option<CompletionDetails>,
    /// What xAI itself says it costs, in 10⁻¹⁰ dollars.
    #[serde(default)]
    cost_in_usd_ticks: Option<i64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: Option<u64>,
    #[serde(default)]
    cache_write_tokens: Option<u64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct CompletionDetails {
    #[serde(default)]
    reasoning_tokens: Option<u64>,
}

impl From<Usage> for protocol::Usage {
    fn from(usage: Usage) -> Self {
        let thinking = usage
            .completion_tokens_details
            .and_then(|details| details.reasoning_tokens);
        let mut output = usage.completion_tokens;
        // xAI counts thinking beside the completion; only the total tells.
        if let (Some(input), Some(completion), Some(thinking), Some(total)) =
            (usage.prompt_tokens, output, thinking, usage.total_tokens)
            && thinking > 0
            && input
                .checked_add(completion)
                .and_then(|sum| sum.checked_add(thinking))
                == Some(total)
        {
            output = Some(completion + thinking);
        }
        Self {
            input: usage.prompt_tokens,
            output,
            cached: usage
                .prompt_tokens_details
                .and_then(|details| details.cached_tokens),
            cache_write: usage
                .prompt_tokens_details
                .and_then(|details| details.cache_write_tokens),
            thinking,
            estimated: false,
            cost: usage
                .cost_in_usd_ticks
                .and_then(|ticks| ticks.checked_mul(100))
                .map(protocol::Usd::from_picodollars),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_where_it_is() {
        let chunk: Chunk =
            serde_json::from_str(r#"{"choices":[{"delta":{"content":"Hel"}}]}"#).unwrap();
        let choice = chunk.choices.unwrap().remove(0);
        let content = choice.delta.unwrap().content.unwrap();
        assert!(matches!(content, Content::Text(text) if text.is_borrowed()));
    }
}
