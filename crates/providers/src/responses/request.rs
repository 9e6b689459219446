//! What we send.

use std::borrow::Cow;

use protocol::Role;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::{
    AnswerFormat, ChatMessage, ChatRequest, Effort, Error, Image, Params, Part, Tool, ToolChoice,
    http::Upstream,
};

/// The body of a request, as JSON.
///
/// # Errors
/// Where the request holds what the format has no word for.
pub(crate) fn body(request: &ChatRequest, upstream: &Upstream) -> Result<Vec<u8>, Error> {
    if let Some(what) = wordless(&request.params) {
        return Err(upstream.cannot_ask(what));
    }
    let body = Body::new(request);
    serde_json::to_vec(&body).map_err(|_| upstream.cannot_ask("a number that JSON has no word for"))
}

/// The first parameter that the format has no word for, though chat
/// completions have. A penalty of zero is none.
fn wordless(params: &Params) -> Option<&'static str> {
    let is_felt = |penalty: Option<f32>| penalty.is_some_and(|penalty| penalty != 0.0);
    [
        (!params.stop.is_empty(), "stop sequences"),
        (params.top_k.is_some(), "top_k"),
        (params.seed.is_some(), "seed"),
        (is_felt(params.frequency_penalty), "frequency_penalty"),
        (is_felt(params.presence_penalty), "presence_penalty"),
    ]
    .into_iter()
    .find_map(|(is_asked, what)| is_asked.then_some(what))
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    input: Vec<Item<'a>>,
    stream: bool,
    /// The conversation is ours to keep.
    store: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
}

/// A message, or a tool call or its result, which stand beside messages.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item<'a> {
    Message {
        role: &'static str,
        #[serde(serialize_with = "as_text_where_it_is_one")]
        content: Vec<Content<'a>>,
    },
    FunctionCall {
        call_id: &'a str,
        name: &'a str,
        arguments: &'a str,
    },
    FunctionCallOutput {
        call_id: &'a str,
        output: &'a str,
    },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content<'a> {
    InputText {
        text: &'a str,
    },
    /// Text of the model's own.
    OutputText {
        text: &'a str,
    },
    InputImage {
        image_url: Cow<'a, str>,
    },
}

impl<'a> Body<'a> {
    fn new(request: &'a ChatRequest) -> Self {
        let params = &request.params;
        Self {
            model: &request.model,
            instructions: request
                .system
                .as_deref()
                .filter(|system| !system.is_empty()),
            input: request.messages.iter().flat_map(items).collect(),
            stream: request.stream,
            store: false,
            temperature: params.temperature,
            top_p: params.top_p,
            max_output_tokens: params.max_tokens,
            reasoning: params.effort.map(reasoning),
            text: params.format.as_ref().map(text),
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

/// A single text goes out as a string: some imitators take the model's own
/// words in no other shape.
fn as_text_where_it_is_one<S: Serializer>(
    content: &[Content],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match content {
        [Content::InputText { text } | Content::OutputText { text }] => text.serialize(serializer),
        parts => parts.serialize(serializer),
    }
}

/// The items that a message is, in its order.
fn items(message: &ChatMessage) -> Vec<Item<'_>> {
    let mut items: Vec<Item> = Vec::new();
    for part in &message.parts {
        let content = match (part, message.role) {
            // Only sealed thinking could go back, and ours is not: it is the
            // summary.
            (Part::Thinking { .. }, _) => continue,
            (
                Part::ToolCall {
                    id,
                    name,
                    arguments,
                    ..
                },
                _,
            ) => {
                items.push(Item::FunctionCall {
                    call_id: id,
                    name,
                    arguments,
                });
                continue;
            }
            // That it failed is for the result itself to say.
            (Part::ToolResult { id, content, .. }, _) => {
                items.push(Item::FunctionCallOutput {
                    call_id: id,
                    output: content,
                });
                continue;
            }
            (Part::Text(text), _) if text.is_empty() => continue,
            (Part::Text(text), Role::User) => Content::InputText { text },
            (Part::Text(text), Role::Assistant) => Content::OutputText { text },
            (Part::Image(image), _) => Content::InputImage {
                image_url: match image {
                    Image::Url(url) => url.into(),
                    Image::Data { media_type, base64 } => {
                        format!("data:{media_type};base64,{base64}").into()
                    }
                },
            },
        };
        match items.last_mut() {
            Some(Item::Message { content: said, .. }) => said.push(content),
            _ => items.push(Item::Message {
                role: match message.role {
                    Role::User => "user",
                    Role::Assistant => "assistant",
                },
                content: vec![content],
            }),
        }
    }
    items
}

/// A summary of the thinking comes only where one is asked for.
fn reasoning(effort: Effort) -> Value {
    match effort {
        Effort::None => json!({"effort": "none"}),
        _ => json!({"effort": effort.as_str(), "summary": "auto"}),
    }
}

fn text(format: &AnswerFormat) -> Value {
    let format = match format {
        AnswerFormat::Json => json!({"type": "json_object"}),
        AnswerFormat::Schema {
            name,
            schema,
            strict,
        } => {
            let mut described = json!({"type": "json_schema", "name": name, "schema": schema});
            if let Some(strict) = strict {
                described["strict"] = (*strict).into();
            }
            described
        }
    };
    json!({"format": format})
}

fn tool(tool: &Tool) -> Value {
    let anything = || json!({"type": "object", "properties": {}});
    let mut described = json!({
        "type": "function",
        "name": tool.name,
        "parameters": tool.parameters.clone().unwrap_or_else(anything),
        // Here, unlike in chat completions, tools are strict by default, and
        // most schemas are not made for that.
        "strict": tool.strict.unwrap_or(false),
    });
    if let Some(description) = &tool.description {
        described["description"] = description.as_str().into();
    }
    described
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => json!({"type": "function", "name": name}),
    }
}
