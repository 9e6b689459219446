//! What we send.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    conversation::{Turn, turns},
    thinking::Style,
};
use crate::{AnswerFormat, ChatRequest, Error, Params, Tool, ToolChoice, http::Upstream};

/// The limit on output tokens, which must be given, where none is asked for:
/// as much as every model since Claude 3.5 can write.
const MAX_TOKENS: u32 = 8_192;

/// The same for models that think as they see fit, and may do so unasked:
/// their thinking counts too. All of them can write twice as much.
const ADAPTIVE_MAX_TOKENS: u32 = 32_000;

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

/// The first parameter that the format has no word for. A penalty of zero is
/// none.
fn wordless(params: &Params) -> Option<&'static str> {
    let is_felt = |penalty: Option<f32>| penalty.is_some_and(|penalty| penalty != 0.0);
    [
        (params.seed.is_some(), "seed"),
        (is_felt(params.frequency_penalty), "frequency_penalty"),
        (is_felt(params.presence_penalty), "presence_penalty"),
        // A mere instruction in the prompt would not be kept to exactly.
        (
            params.format == Some(AnswerFormat::Json),
            "an answer in JSON without a schema",
        ),
    ]
    .into_iter()
    .find_map(|(is_asked, what)| is_asked.then_some(what))
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    messages: Vec<Turn<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    output_config: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
}

impl<'a> Body<'a> {
    fn new(request: &'a ChatRequest) -> Self {
        let params = &request.params;
        let style = Style::of(&request.model);
        let max_tokens = params.max_tokens.unwrap_or(match style {
            Style::Adaptive(_) => ADAPTIVE_MAX_TOKENS,
            // Thinking is on top of the answer, up to what Claude 4 can write.
            Style::Budget => {
                let budget = params.effort.map_or(0, |effort| effort.budget_tokens());
                (MAX_TOKENS + budget).min(32_000)
            }
        });
        let thinking = style.thinking(request, max_tokens);
        let is_thinking = thinking.is_some();
        Self {
            model: &request.model,
            max_tokens,
            system: request
                .system
                .as_deref()
                .filter(|system| !system.trim().is_empty()),
            messages: turns(&request.messages),
            stream: request.stream,
            // Its scale ends at 1, and what asks for more wants as much as there
            // is, not a refusal. Thinking goes with the default alone, and
            // with no more than a little narrowing.
            temperature: params
                .temperature
                .filter(|_| !is_thinking)
                .map(|temperature| temperature.min(1.0)),
            top_p: params.top_p.filter(|&top_p| !is_thinking || top_p >= 0.95),
            top_k: params.top_k.filter(|_| !is_thinking),
            stop_sequences: &params.stop,
            thinking,
            output_config: output_config(params, style),
            tools: request.tools.iter().map(tool).collect(),
            tool_choice: tool_choice(request),
        }
    }
}

fn output_config(params: &Params, style: Style) -> Map<String, Value> {
    let mut config = Map::new();
    if let Some(effort) = style.effort(params.effort) {
        config.insert("effort".to_owned(), effort.into());
    }
    // The schema needs no name here, and is always kept to exactly.
    if let Some(AnswerFormat::Schema { schema, .. }) = &params.format {
        let format = json!({"type": "json_schema", "schema": schema});
        config.insert("format".to_owned(), format);
    }
    config
}

fn tool(tool: &Tool) -> Value {
    let mut described = json!({"name": tool.name, "input_schema": schema(tool)});
    if let Some(description) = &tool.description {
        described["description"] = description.as_str().into();
    }
    // Not to be strict is the default, and no word that older models know.
    if tool.strict == Some(true) {
        described["strict"] = true.into();
    }
    described
}

/// The schema of a tool's arguments, which must say that they are an object.
fn schema(tool: &Tool) -> Value {
    match &tool.parameters {
        Some(Value::Object(schema)) if !schema.is_empty() => {
            let mut schema = schema.clone();
            schema.entry("type").or_insert_with(|| "object".into());
            schema.into()
        }
        _ => json!({"type": "object", "properties": {}}),
    }
}

/// Whether several tools may be called at once belongs to the choice, too. It
/// is refused where there is nothing to choose from.
fn tool_choice(request: &ChatRequest) -> Option<Value> {
    if request.tools.is_empty() {
        return None;
    }
    let one_at_a_time = request.params.parallel_tool_calls == Some(false);
    let mut choice = match &request.tool_choice {
        None if one_at_a_time => json!({"type": "auto"}),
        None => return None,
        Some(ToolChoice::Auto) => json!({"type": "auto"}),
        Some(ToolChoice::None) => return Some(json!({"type": "none"})),
        Some(ToolChoice::Required) => json!({"type": "any"}),
        Some(ToolChoice::Named(name)) => json!({"type": "tool", "name": name}),
    };
    if one_at_a_time {
        choice["disable_parallel_tool_use"] = true.into();
    }
    Some(choice)
}
