//! What we send.

use std::collections::HashMap;

use protocol::Role;
use serde::Serialize;
use serde_json::{Value, json};

use super::schema::{cleaned, is_empty_object};
use crate::{
    AnswerFormat, ChatRequest, Effort, Error, Image, Params, Part as Said, Tool, ToolChoice,
    http::Upstream,
};

/// The most texts at which an answer may end.
const STOP_LIMIT: usize = 5;

/// Stands for the seal on a call that another model made, or that was lost on
/// the way. Google's word for it, without which its newer models refuse the
/// conversation:
/// <https://ai.google.dev/gemini-api/docs/thought-signatures#faqs>
const NO_SEAL: &str = "skip_thought_signature_validator";

/// The body of a request, as JSON.
///
/// # Errors
/// Where the request holds what the format has no word for.
pub(crate) fn body(request: &ChatRequest, upstream: &Upstream) -> Result<Vec<u8>, Error> {
    let body = Body::new(request, upstream)?;
    serde_json::to_vec(&body).map_err(|_| upstream.cannot_ask("a number that JSON has no word for"))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Value>,
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "GenerationConfig::is_empty")]
    generation_config: GenerationConfig<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Value>,
}

#[derive(Debug, Serialize)]
struct Content<'a> {
    role: &'static str,
    parts: Vec<Part<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(flatten)]
    payload: Payload<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Payload<'a> {
    Text(&'a str),
    #[serde(rename_all = "camelCase")]
    InlineData {
        mime_type: &'a str,
        data: &'a str,
    },
    FunctionCall {
        id: &'a str,
        name: &'a str,
        args: Value,
    },
    FunctionResponse {
        id: &'a str,
        name: &'a str,
        response: Value,
    },
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_schema: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Value>,
}

impl<'a> Body<'a> {
    fn new(request: &'a ChatRequest, upstream: &Upstream) -> Result<Self, Error> {
        let system = request.system.as_deref().filter(|text| !text.is_empty());
        Ok(Self {
            system_instruction: system.map(|text| json!({"parts": [{"text": text}]})),
            contents: contents(request, upstream)?,
            generation_config: GenerationConfig::new(request, upstream)?,
            tools: match request.tools.is_empty() {
                true => Vec::new(),
                false => {
                    let all: Vec<_> = request.tools.iter().map(declaration).collect();
                    vec![json!({"functionDeclarations": all})]
                }
            },
            tool_config: tool_config(request),
        })
    }
}

/// The conversation. Neighbours of one role are one content: all results of
/// calls that were made together must come together.
fn contents<'a>(request: &'a ChatRequest, upstream: &Upstream) -> Result<Vec<Content<'a>>, Error> {
    let mut contents: Vec<Content> = Vec::new();
    let mut calls = HashMap::new();
    for message in &*request.messages {
        let role = match message.role {
            Role::User => "user",
            Role::Assistant => "model",
        };
        let mut parts = Vec::new();
        for said in &message.parts {
            parts.extend(part(said, &mut calls, upstream)?);
        }
        match contents.last_mut() {
            _ if parts.is_empty() => {}
            Some(last) if last.role == role => last.parts.append(&mut parts),
            _ => contents.push(Content { role, parts }),
        }
    }
    if generation(&request.model) >= 3 {
        for content in &mut contents {
            let is_call = |part: &&mut Part| matches!(part.payload, Payload::FunctionCall { .. });
            // Of calls that were made together only the first has a seal.
            if let Some(first) = content.parts.iter_mut().find(is_call) {
                first.thought_signature.get_or_insert(NO_SEAL);
            }
        }
    }
    Ok(contents)
}

/// A part as it is said there; nothing, where it would be refused for saying
/// nothing. `calls` holds the tools of the calls so far by their ids.
fn part<'a>(
    said: &'a Said,
    calls: &mut HashMap<&'a str, &'a str>,
    upstream: &Upstream,
) -> Result<Option<Part<'a>>, Error> {
    let plain = |payload| Part {
        payload,
        thought: None,
        thought_signature: None,
    };
    Ok(Some(match said {
        Said::Text(text) if text.is_empty() => return Ok(None),
        Said::Text(text) => plain(Payload::Text(text)),
        Said::Image(Image::Data { media_type, base64 }) => plain(Payload::InlineData {
            mime_type: media_type,
            data: base64,
        }),
        Said::Image(Image::Url(_)) => {
            return Err(upstream.cannot_ask(
                "to fetch an image from its address (`image_url`); it takes images as data",
            ));
        }
        Said::Thinking { text, signature } => match signature {
            // Without its seal it is of no use to the model.
            None => return Ok(None),
            Some(signature) => Part {
                payload: Payload::Text(text),
                thought: (!text.is_empty()).then_some(true),
                thought_signature: Some(signature),
            },
        },
        Said::ToolCall {
            id,
            name,
            arguments,
            signature,
        } => {
            calls.insert(id, name);
            Part {
                payload: Payload::FunctionCall {
                    id,
                    name,
                    args: object(arguments).unwrap_or_else(|| match arguments.trim().is_empty() {
                        true => json!({}),
                        false => json!({"arguments": arguments}),
                    }),
                },
                thought: None,
                thought_signature: signature.as_deref(),
            }
        }
        Said::ToolResult {
            id,
            name,
            content,
            is_error,
        } => plain(Payload::FunctionResponse {
            id,
            name: match name.as_deref().or_else(|| calls.get(id.as_str()).copied()) {
                Some(name) => name,
                None => {
                    let what = format!(
                        "what came of the tool call {id}, which is not in the conversation"
                    );
                    return Err(upstream.cannot_ask(&what));
                }
            },
            response: match object(content) {
                _ if *is_error => json!({"error": content}),
                Some(object) => object,
                None => json!({"result": content}),
            },
        }),
    }))
}

/// The text as a JSON object, which calls and results must be.
fn object(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(Value::is_object)
}

impl<'a> GenerationConfig<'a> {
    fn new(request: &'a ChatRequest, upstream: &Upstream) -> Result<Self, Error> {
        let params: &'a Params = &request.params;
        if params.stop.len() > STOP_LIMIT {
            let what = format!("to end at more than {STOP_LIMIT} texts (`stop`)");
            return Err(upstream.cannot_ask(&what));
        }
        let seed = params.seed.map(i32::try_from).transpose();
        Ok(Self {
            temperature: params.temperature,
            top_p: params.top_p,
            top_k: params.top_k,
            max_output_tokens: params.max_tokens,
            stop_sequences: &params.stop,
            seed: seed.map_err(|_| upstream.cannot_ask("a `seed` of more than 32 bits"))?,
            frequency_penalty: params.frequency_penalty,
            presence_penalty: params.presence_penalty,
            response_mime_type: params.format.as_ref().map(|_| "application/json"),
            response_schema: match &params.format {
                // It always keeps to the schema, strict or not.
                Some(AnswerFormat::Schema { schema, .. }) => Some(cleaned(schema)),
                Some(AnswerFormat::Json) | None => None,
            },
            thinking_config: params.effort.map(|effort| thinking(effort, &request.model)),
        })
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How much to think: newer models take a level, older ones a number of
/// tokens, and each refuses the other.
fn thinking(effort: Effort, model: &str) -> Value {
    let is_flash = model.contains("flash");
    let mut config = match generation(model) {
        3.. => json!({"thinkingLevel": match effort {
            // The larger ones cannot do with less than a little.
            Effort::None | Effort::Minimal if is_flash => "MINIMAL",
            Effort::None | Effort::Minimal | Effort::Low => "LOW",
            Effort::Medium => "MEDIUM",
            Effort::High | Effort::Xhigh | Effort::Max => "HIGH",
        }}),
        _ => {
            let most = if is_flash { 24_576 } else { 32_768 };
            // The older large ones cannot do without thinking, either.
            let least = if model.contains("2.5-pro") { 128 } else { 0 };
            json!({"thinkingBudget": effort.budget_tokens().clamp(least, most)})
        }
    };
    // It refuses to show thoughts where there shall be none.
    if effort != Effort::None {
        config["includeThoughts"] = true.into();
    }
    config
}

/// 3 of `gemini-3.1-pro`; 0 where the name says nothing.
fn generation(model: &str) -> u32 {
    let model = model.trim_start_matches("models/");
    let number = model.strip_prefix("gemini-").unwrap_or_default();
    // Names that move on to each new model, such as `gemini-flash-latest`.
    if number.starts_with(|c: char| c.is_ascii_alphabetic()) && number.ends_with("-latest") {
        return 3;
    }
    let digits = number.split(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn declaration(tool: &Tool) -> Value {
    let mut declaration = json!({"name": tool.name});
    if let Some(description) = &tool.description {
        declaration["description"] = description.as_str().into();
    }
    let parameters = tool.parameters.as_ref().map(cleaned);
    if let Some(parameters) = parameters.filter(|schema| !is_empty_object(schema)) {
        declaration["parameters"] = parameters;
    }
    declaration
}

fn tool_config(request: &ChatRequest) -> Option<Value> {
    if request.tools.is_empty() {
        return None;
    }
    let is_strict = request.tools.iter().any(|tool| tool.strict == Some(true));
    let config = match &request.tool_choice {
        // Calls keep to their schemas in this mode, as they do in `ANY`.
        None | Some(ToolChoice::Auto) if is_strict => json!({"mode": "VALIDATED"}),
        None => return None,
        Some(ToolChoice::Auto) => json!({"mode": "AUTO"}),
        Some(ToolChoice::None) => json!({"mode": "NONE"}),
        Some(ToolChoice::Required) => json!({"mode": "ANY"}),
        Some(ToolChoice::Named(name)) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
    };
    Some(json!({"functionCallingConfig": config}))
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
