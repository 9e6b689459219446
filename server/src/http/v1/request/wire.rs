//! OpenAI's format as it comes, with what others and we add to it.

use protocol::{Preference, Usd};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct Wire {
    pub(super) model: Option<String>,
    pub(super) messages: Vec<Message>,
    pub(super) stream: Option<bool>,
    pub(super) stream_options: Option<StreamOptions>,
    pub(super) max_tokens: Option<u32>,
    pub(super) max_completion_tokens: Option<u32>,
    pub(super) temperature: Option<f32>,
    pub(super) top_p: Option<f32>,
    pub(super) top_k: Option<u32>,
    pub(super) stop: Option<OneOrMany>,
    pub(super) n: Option<u32>,
    pub(super) seed: Option<i64>,
    pub(super) frequency_penalty: Option<f32>,
    pub(super) presence_penalty: Option<f32>,
    pub(super) reasoning_effort: Option<String>,
    pub(super) response_format: Option<ResponseFormat>,
    pub(super) tools: Option<Vec<WireTool>>,
    pub(super) tool_choice: Option<WireChoice>,
    pub(super) parallel_tool_calls: Option<bool>,
    pub(super) logprobs: Option<bool>,
    pub(super) top_logprobs: Option<u32>,
    pub(super) logit_bias: Option<serde_json::Map<String, Value>>,
    pub(super) functions: Option<Value>,
    pub(super) function_call: Option<Value>,
    pub(super) prediction: Option<Value>,
    pub(super) web_search_options: Option<Value>,
    pub(super) audio: Option<Value>,
    pub(super) verbosity: Option<Value>,
    pub(super) min_p: Option<Value>,
    pub(super) repetition_penalty: Option<Value>,
    pub(super) modalities: Option<Vec<String>>,
    /// Models to fall back to.
    pub(super) fallbacks: Option<Vec<String>>,
    /// The same, as OpenRouter calls it; without `model` the first of them is
    /// asked first.
    pub(super) models: Option<Vec<String>>,
    pub(super) rivulet: Option<Extras>,
}

/// What OpenAI's format has no word for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Extras {
    pub(super) prefer: Option<Preference>,
    #[serde(default, deserialize_with = "dollars")]
    pub(super) max_cost: Option<Usd>,
    pub(super) cache: Option<bool>,
    pub(super) fallbacks: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(super) struct StreamOptions {
    pub(super) include_usage: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }

    pub(super) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Message {
    pub(super) role: String,
    pub(super) content: Option<Content>,
    pub(super) tool_calls: Option<Vec<WireToolCall>>,
    pub(super) tool_call_id: Option<String>,
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    Parts(Vec<WirePart>),
}

#[derive(Deserialize)]
pub(super) struct WirePart {
    pub(super) r#type: String,
    pub(super) text: Option<String>,
    pub(super) refusal: Option<String>,
    pub(super) image_url: Option<ImageUrl>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ImageUrl {
    Object { url: String },
    Plain(String),
}

#[derive(Deserialize)]
pub(super) struct WireToolCall {
    pub(super) id: String,
    pub(super) function: CalledFunction,
}

#[derive(Deserialize)]
pub(super) struct CalledFunction {
    pub(super) name: String,
    pub(super) arguments: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct WireTool {
    pub(super) r#type: Option<String>,
    pub(super) function: Option<Function>,
}

#[derive(Deserialize)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) parameters: Option<Value>,
    pub(super) strict: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum WireChoice {
    Word(String),
    Named { function: ChosenFunction },
}

#[derive(Deserialize)]
pub(super) struct ChosenFunction {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct ResponseFormat {
    pub(super) r#type: String,
    pub(super) json_schema: Option<JsonSchema>,
}

#[derive(Deserialize)]
pub(super) struct JsonSchema {
    pub(super) name: Option<String>,
    pub(super) schema: Option<Value>,
    pub(super) strict: Option<bool>,
}

/// An amount as a decimal in a text, or as a number, which is taken for the
/// shortest decimal that means it.
fn dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Usd>, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        other => other.to_string(),
    };
    text.parse().map(Some).map_err(de::Error::custom)
}
