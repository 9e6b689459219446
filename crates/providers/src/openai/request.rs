//! What we send.

use std::borrow::Cow;

use protocol::Role;
use serde::Serialize;
use serde_json::{Value, json};

use super::Dialect;
use crate::{
    AnswerFormat, ChatMessage, ChatRequest, Error, Image, Part, ToolChoice, http::Upstream,
};

/// The body of a request, as JSON.
///
/// # Errors
/// Where the request holds what the format has no word for.
pub(crate) fn body(
    request: &ChatRequest,
    dialect: Dialect,
    upstream: &Upstream,
) -> Result<Vec<u8>, Error> {
    let body = Body::new(request, dialect);
    serde_json::to_vec(&body).map_err(|_| upstream.cannot_ask("a number that JSON has no word for"))
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    /// Not OpenAI's own, but known to most of its imitators.
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

impl<'a> Message<'a> {
    fn new(role: &'static str, text: Cow<'a, str>) -> Self {
        Self {
            role,
            content: Some(Content::Text(text)),
            reasoning_content: None,
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Value>),
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_obfuscation: Option<bool>,
}

impl<'a> Body<'a> {
    fn new(request: &'a ChatRequest, dialect: Dialect) -> Self {
        let params = &request.params;
        let system = request.system.as_deref();
        let system = system.map(|text| Message::new("system", text.into()));
        let said = request.messages.iter();
        let said = said.flat_map(|message| messages(message, dialect));
        let limit = |completion| {
            params
                .max_tokens
                .filter(|_| dialect.completion_limit == completion)
        };
        let options = StreamOptions {
            include_usage: true,
            include_obfuscation: dialect.no_obfuscation.then_some(false),
        };
        Self {
            model: &request.model,
            messages: system.into_iter().chain(said).collect(),
            stream: request.stream,
            stream_options: (dialect.usage && request.stream).then_some(options),
            temperature: params.temperature,
            top_p: params.top_p,
            top_k: params.top_k,
            max_tokens: limit(false),
            max_completion_tokens: limit(true),
            stop: &params.stop,
            seed: params.seed,
            frequency_penalty: params.frequency_penalty,
            presence_penalty: params.presence_penalty,
            reasoning_effort: params.effort.map(|effort| effort.as_str()),
            response_format: params.format.as_ref().map(response_format),
            tools: request.tools.iter().map(tool).collect(),
            // Refused where there is nothing to choose from.
            tool_choice: request
                .tool_choice
                .as_ref()
                .filter(|_| !request.tools.is_empty())
                .map(tool_choice),
            parallel_tool_calls: params
                .parallel_tool_calls
                .filter(|_| !request.tools.is_empty()),
        }
    }
}

/// The messages that one of ours is: each tool result is one of its own.
fn messages(message: &ChatMessage, dialect: Dialect) -> Vec<Message<'_>> {
    let results = message.parts.iter().filter_map(|part| match part {
        Part::ToolResult { id, content, .. } => Some(Message {
            tool_call_id: Some(id),
            ..Message::new("tool", content.into())
        }),
        _ => None,
    });
    let mut all: Vec<_> = results.collect();
    let tool_calls: Vec<_> = message.parts.iter().filter_map(tool_call).collect();
    let content = content(message);
    if content.is_some() || !tool_calls.is_empty() {
        all.push(Message {
            role: match message.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            content,
            reasoning_content: (dialect.thinking && message.role == Role::Assistant)
                .then(|| thinking(message)),
            tool_calls,
            tool_call_id: None,
        });
    }
    all
}

/// All thinking of a message. Where it is wanted back, it is missed as well on
/// an answer that is another model's and has none.
fn thinking(message: &ChatMessage) -> String {
    let texts = message.parts.iter().filter_map(|part| match part {
        Part::Thinking { text, .. } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// Text alone goes out as a string, which every imitator knows.
fn content(message: &ChatMessage) -> Option<Content<'_>> {
    let is_image = |part: &Part| matches!(part, Part::Image(_));
    if !message.parts.iter().any(is_image) {
        let is_text = |part: &Part| matches!(part, Part::Text(_));
        let has_text = message.parts.iter().any(is_text);
        return has_text.then(|| Content::Text(message.said()));
    }
    let parts = message.parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(json!({"type": "text", "text": text})),
        Part::Image(image) => {
            let url = match image {
                Image::Url(url) => url.clone(),
                Image::Data { media_type, base64 } => format!("data:{media_type};base64,{base64}"),
            };
            Some(json!({"type": "image_url", "image_url": {"url": url}}))
        }
        _ => None,
    });
    Some(Content::Parts(parts.collect()))
}

fn tool_call(part: &Part) -> Option<Value> {
    let Part::ToolCall {
        id,
        name,
        arguments,
        ..
    } = part
    else {
        return None;
    };
    let function = json!({"name": name, "arguments": arguments});
    Some(json!({"id": id, "type": "function", "function": function}))
}

fn tool(tool: &crate::Tool) -> Value {
    let mut function = json!({"name": tool.name});
    if let Some(description) = &tool.description {
        function["description"] = description.as_str().into();
    }
    if let Some(parameters) = &tool.parameters {
        function["parameters"] = parameters.clone();
    }
    if let Some(strict) = tool.strict {
        function["strict"] = strict.into();
    }
    json!({"type": "function", "function": function})
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => json!({"type": "function", "function": {"name": name}}),
    }
}

fn response_format(format: &AnswerFormat) -> Value {
    match format {
        AnswerFormat::Json => json!({"type": "json_object"}),
        AnswerFormat::Schema {
            name,
            schema,
            strict,
        } => {
            let mut described = json!({"name": name, "schema": schema});
            if let Some(strict) = strict {
                described["strict"] = (*strict).into();
            }
            json!({"type": "json_schema", "json_schema": described})
        }
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
