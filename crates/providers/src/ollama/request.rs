//! What we send.

use std::{borrow::Cow, collections::HashMap};

use protocol::Role;
use serde::Serialize;
use serde_json::{Value, json};

use super::Dialect;
use crate::{
    AnswerFormat, ChatMessage, ChatRequest, Effort, Error, Image, Params, Part, Tool, ToolChoice,
    http::Upstream,
};

/// The context that every Ollama gives a model unasked, in tokens.
const USUAL_CONTEXT: u64 = 4_096;

/// The largest context asked for. It takes memory whether it is used or not.
const LARGEST_CONTEXT: u64 = 131_072;

/// Tokens of an answer of usual length.
const USUAL_ANSWER: u64 = 2_048;

/// The body of a request, as JSON.
///
/// # Errors
/// Where the request holds what the format has no word for.
pub(crate) fn body(
    request: &ChatRequest,
    dialect: Dialect,
    upstream: &Upstream,
) -> Result<Vec<u8>, Error> {
    let body = Body::new(request, dialect, upstream)?;
    serde_json::to_vec(&body).map_err(|_| upstream.cannot_ask("a number that JSON has no word for"))
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    /// Always said: Ollama streams unless told not to.
    stream: bool,
    /// Not to cut the beginning of a conversation off without a word.
    truncate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Cow<'a, Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Options::is_empty")]
    options: Options<'a>,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    thinking: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    num_ctx: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f32>,
}

impl<'a> Body<'a> {
    fn new(request: &'a ChatRequest, dialect: Dialect, upstream: &Upstream) -> Result<Self, Error> {
        let params = &request.params;
        let tools = tools(request, upstream)?;
        let mut messages = Vec::new();
        if let Some(system) = &request.system {
            messages.push(Message::new("system", system.into()));
        }
        let mut calls = HashMap::new();
        for message in &*request.messages {
            add(&mut messages, message, &mut calls, upstream)?;
        }
        Ok(Self {
            model: &request.model,
            messages,
            stream: request.stream,
            truncate: false,
            think: params.effort.filter(|_| !dialect.silent).map(think),
            format: params.format.as_ref().map(|format| match format {
                AnswerFormat::Json => Cow::Owned("json".into()),
                // It always keeps to the schema, strict or not.
                AnswerFormat::Schema { schema, .. } => Cow::Borrowed(schema),
            }),
            options: Options::new(params, context(request, &tools)),
            tools,
        })
    }
}

impl<'a> Message<'a> {
    fn new(role: &'static str, content: Cow<'a, str>) -> Self {
        Self {
            role,
            content,
            thinking: String::new(),
            images: Vec::new(),
            tool_calls: Vec::new(),
            tool_name: None,
            tool_call_id: None,
        }
    }
}

impl<'a> Options<'a> {
    fn new(params: &'a Params, num_ctx: Option<u64>) -> Self {
        Self {
            num_ctx,
            num_predict: params.max_tokens,
            temperature: params.temperature,
            top_p: params.top_p,
            top_k: params.top_k,
            stop: &params.stop,
            seed: params.seed,
            frequency_penalty: params.frequency_penalty,
            presence_penalty: params.presence_penalty,
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The context to ask for, where the usual one may be too small: a longer
/// prompt would be refused, or lose its beginning. Three bytes a token, because
/// code and many languages have shorter ones than English. A power of two,
/// because the model is loaded anew for each size.
fn context(request: &ChatRequest, tools: &[Value]) -> Option<u64> {
    let said: usize = request.messages.iter().map(ChatMessage::bytes).sum();
    let system = request.system.as_ref().map_or(0, String::len);
    let tools: usize = tools.iter().map(|tool| tool.to_string().len()).sum();
    let question = (said + system + tools).div_ceil(3) as u64;
    let answer = request.params.max_tokens.map_or(USUAL_ANSWER, u64::from);
    let tokens = question + answer;
    (tokens > USUAL_CONTEXT).then(|| tokens.next_power_of_two().min(LARGEST_CONTEXT))
}

/// Adds the messages that one of ours is: each tool result is one of its own.
/// `calls` holds the tools of the calls so far by their ids.
fn add<'a>(
    messages: &mut Vec<Message<'a>>,
    message: &'a ChatMessage,
    calls: &mut HashMap<&'a str, &'a str>,
    upstream: &Upstream,
) -> Result<(), Error> {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let mut rest = Message::new(role, message.said());
    for part in &message.parts {
        match part {
            // Said already.
            Part::Text(_) => {}
            Part::Image(Image::Data { base64, .. }) => rest.images.push(base64),
            Part::Image(Image::Url(_)) => {
                return Err(upstream.cannot_ask(
                    "to fetch an image from its address (`image_url`); it takes images as data",
                ));
            }
            // The seal is another provider's. The model's template knows
            // whether it wants to see the thinking again.
            Part::Thinking { text, .. } => rest.thinking.push_str(text),
            Part::ToolCall {
                id,
                name,
                arguments,
                ..
            } => {
                calls.insert(id, name);
                let function = json!({"name": name, "arguments": object(arguments)});
                rest.tool_calls
                    .push(json!({"id": id, "function": function}));
            }
            Part::ToolResult {
                id, name, content, ..
            } => messages.push(Message {
                // Templates name it.
                tool_name: name.as_deref().or_else(|| calls.get(id.as_str()).copied()),
                tool_call_id: Some(id),
                ..Message::new("tool", content.into())
            }),
        }
    }
    let is_result = |part: &Part| matches!(part, Part::ToolResult { .. });
    let is_empty = rest.content.is_empty() && rest.images.is_empty();
    if !(is_empty && rest.tool_calls.is_empty() && message.parts.iter().any(is_result)) {
        messages.push(rest);
    }
    Ok(())
}

/// Arguments as a JSON object, which they must be.
fn object(arguments: &str) -> Value {
    match serde_json::from_str(arguments) {
        Ok(Value::Object(object)) => object.into(),
        _ if arguments.trim().is_empty() => json!({}),
        _ => json!({"arguments": arguments}),
    }
}

/// Whether to think, or how much. A model without levels takes any of the
/// words for yes; of those with levels some ignore a plain yes or no. More
/// than `high` is not known to every version.
fn think(effort: Effort) -> Value {
    match effort {
        Effort::None => false.into(),
        Effort::Minimal | Effort::Low => "low".into(),
        Effort::Medium => "medium".into(),
        Effort::High | Effort::Xhigh | Effort::Max => "high".into(),
    }
}

/// The tools that may be called. There is no word for which must be, nor for
/// that only one may; calls behind the first are not passed on.
fn tools(request: &ChatRequest, upstream: &Upstream) -> Result<Vec<Value>, Error> {
    if request.tools.is_empty() {
        return Ok(Vec::new());
    }
    match request.tool_choice {
        Some(ToolChoice::None) => Ok(Vec::new()),
        None | Some(ToolChoice::Auto) => Ok(request.tools.iter().map(tool).collect()),
        Some(ToolChoice::Required | ToolChoice::Named(_)) => {
            Err(upstream.cannot_ask("to call a tool whether it wants to or not (`tool_choice`)"))
        }
    }
}

fn tool(tool: &Tool) -> Value {
    let nothing = || json!({"type": "object", "properties": {}});
    let mut function = json!({
        "name": tool.name,
        "parameters": tool.parameters.clone().unwrap_or_else(nothing),
    });
    if let Some(description) = &tool.description {
        function["description"] = description.as_str().into();
    }
    json!({"type": "function", "function": function})
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
