//! Understanding an answer in any format.

use serde_json::Value;

use crate::formats::{Anthropic, Format, Gemini, Ollama, OpenAi, Responses};
use crate::lab::Received;

/// An answer, whatever format it came in.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Heard {
    pub(crate) text: String,
    pub(crate) thinking: String,
    /// Names and arguments.
    pub(crate) tools: Vec<(String, Value)>,
    pub(crate) reason: Option<String>,
    /// Whether the mark that nothing follows was there, where there is one.
    pub(crate) complete: bool,
    /// Prompt, completion and thinking.
    pub(crate) usage: Option<(u64, u64, u64)>,
    /// An error within the answer.
    pub(crate) error: Option<Value>,
}

/// The answer in a stream.
pub(crate) fn hear(format: Format, received: &Received) -> Heard {
    let mut heard = Heard::default();
    if format == Ollama {
        let text = String::from_utf8_lossy(&received.bytes()).into_owned();
        for line in text.lines() {
            if let Ok(line) = serde_json::from_str(line) {
                heard.ollama(&line);
            }
        }
        return heard;
    }
    let mut arguments = Vec::new();
    for (name, data) in received.named_events() {
        match format {
            OpenAi => heard.openai(&data, &mut arguments),
            Responses => heard.responses(&name, &data),
            Anthropic => heard.anthropic(&data, &mut arguments),
            Gemini | Ollama => heard.gemini(&data),
        }
    }
    for (call, text) in heard.tools.iter_mut().zip(arguments) {
        call.1 = parse(&text);
    }
    heard
}

/// The answer in one piece.
pub(crate) fn hear_whole(format: Format, received: &Received) -> Heard {
    let whole = received.json();
    let mut heard = Heard::default();
    match format {
        OpenAi => {
            let choice = &whole["choices"][0];
            heard.text = string(&choice["message"]["content"]);
            heard.thinking = string(&choice["message"]["reasoning_content"]);
            for call in list(&choice["message"]["tool_calls"]) {
                let arguments = parse(&string(&call["function"]["arguments"]));
                heard.call(&call["function"]["name"], arguments);
            }
            heard.reason = reason(&choice["finish_reason"]);
            heard.use_openai(&whole["usage"]);
        }
        Responses => heard.response(&whole),
        Anthropic => {
            for block in list(&whole["content"]) {
                heard.text.push_str(&string(&block["text"]));
                heard.thinking.push_str(&string(&block["thinking"]));
                if block["type"] == "tool_use" {
                    heard.call(&block["name"], block["input"].clone());
                }
            }
            heard.reason = reason(&whole["stop_reason"]);
            heard.use_anthropic(&whole["usage"]);
        }
        Gemini => heard.gemini(&whole),
        Ollama => heard.ollama(&whole),
    }
    heard.complete = heard.reason.is_some();
    heard
}

impl Heard {
    fn call(&mut self, name: &Value, arguments: Value) {
        self.tools.push((string(name), arguments));
    }

    fn openai(&mut self, data: &Value, arguments: &mut Vec<String>) {
        if data == "[DONE]" {
            self.complete = true;
            return;
        }
        self.note_error(data);
        let choice = &data["choices"][0];
        self.text.push_str(&string(&choice["delta"]["content"]));
        let thinking = &choice["delta"]["reasoning_content"];
        self.thinking.push_str(&string(thinking));
        let call = &choice["delta"]["tool_calls"][0];
        if !call["function"]["name"].is_null() {
            self.call(&call["function"]["name"], Value::Null);
            arguments.push(String::new());
        }
        if let Some(last) = arguments.last_mut() {
            last.push_str(&string(&call["function"]["arguments"]));
        }
        self.reason = reason(&choice["finish_reason"]).or(self.reason.take());
        self.use_openai(&data["usage"]);
    }

    fn use_openai(&mut self, usage: &Value) {
        if usage.is_object() {
            let thinking = &usage["completion_tokens_details"]["reasoning_tokens"];
            self.usage = Some((
                number(&usage["prompt_tokens"]),
                number(&usage["completion_tokens"]),
                number(thinking),
            ));
        }
    }

    fn responses(&mut self, name: &str, data: &Value) {
        if data.is_object() {
            assert_eq!(data["type"], name);
        }
        let delta = string(&data["delta"]);
        match name {
            "response.output_text.delta" => self.text.push_str(&delta),
            "response.reasoning_summary_text.delta" => self.thinking.push_str(&delta),
            "response.function_call_arguments.done" => {
                self.call(&data["name"], parse(&string(&data["arguments"])));
            }
            "error" => self.error = Some(data.clone()),
            "response.failed" => self.error = Some(data["response"]["error"].clone()),
            "response.completed" | "response.incomplete" => {
                let mut ended = Self::default();
                ended.response(&data["response"]);
                assert_eq!(self.tools, ended.tools);
                self.reason = ended.reason;
                self.usage = ended.usage;
                self.complete = true;
            }
            _ => {}
        }
    }

    /// A whole response object.
    fn response(&mut self, response: &Value) {
        for item in list(&response["output"]) {
            self.text.push_str(&string(&item["content"][0]["text"]));
            self.thinking.push_str(&string(&item["summary"][0]["text"]));
            if item["type"] == "function_call" {
                self.call(&item["name"], parse(&string(&item["arguments"])));
            }
        }
        self.reason = reason(&response["incomplete_details"]["reason"])
            .or_else(|| reason(&response["status"]));
        let usage = &response["usage"];
        if usage.is_object() {
            let thinking = &usage["output_tokens_details"]["reasoning_tokens"];
            self.usage = Some((
                number(&usage["input_tokens"]),
                number(&usage["output_tokens"]),
                number(thinking),
            ));
        }
    }

    fn anthropic(&mut self, data: &Value, arguments: &mut Vec<String>) {
        self.note_error(data);
        let delta = &data["delta"];
        self.text.push_str(&string(&delta["text"]));
        self.thinking.push_str(&string(&delta["thinking"]));
        if data["content_block"]["type"] == "tool_use" {
            self.call(&data["content_block"]["name"], Value::Null);
            arguments.push(String::new());
        }
        if let Some(last) = arguments.last_mut() {
            last.push_str(&string(&delta["partial_json"]));
        }
        self.reason = reason(&delta["stop_reason"]).or(self.reason.take());
        self.use_anthropic(&data["message"]["usage"]);
        self.use_anthropic(&data["usage"]);
        self.complete |= data["type"] == "message_stop";
    }

    fn use_anthropic(&mut self, usage: &Value) {
        if usage.is_object() {
            let prompt = number(&usage["input_tokens"])
                + number(&usage["cache_read_input_tokens"])
                + number(&usage["cache_creation_input_tokens"]);
            // How much of it was thinking is not said.
            self.usage = Some((prompt, number(&usage["output_tokens"]), 0));
        }
    }

    fn gemini(&mut self, data: &Value) {
        self.note_error(data);
        let candidate = &data["candidates"][0];
        for part in list(&candidate["content"]["parts"]) {
            let text = string(&part["text"]);
            if part["thought"] == true {
                self.thinking.push_str(&text);
            } else {
                self.text.push_str(&text);
            }
            let call = &part["functionCall"];
            if call.is_object() {
                self.call(&call["name"], call["args"].clone());
            }
        }
        self.reason = reason(&candidate["finishReason"])
            .or_else(|| reason(&data["promptFeedback"]["blockReason"]))
            .or(self.reason.take());
        self.complete = self.reason.is_some();
        let usage = &data["usageMetadata"];
        if usage.is_object() {
            let thinking = number(&usage["thoughtsTokenCount"]);
            let said = number(&usage["candidatesTokenCount"]);
            let prompt = number(&usage["promptTokenCount"]);
            assert_eq!(usage["totalTokenCount"], prompt + said + thinking);
            self.usage = Some((prompt, said + thinking, thinking));
        }
    }

    fn ollama(&mut self, line: &Value) {
        self.note_error(line);
        let message = &line["message"];
        self.text.push_str(&string(&message["content"]));
        self.thinking.push_str(&string(&message["thinking"]));
        for call in list(&message["tool_calls"]) {
            let function = &call["function"];
            self.call(&function["name"], function["arguments"].clone());
        }
        if line["done"] == true {
            self.complete = true;
            self.reason = reason(&line["done_reason"]);
            // Nor here.
            let prompt = number(&line["prompt_eval_count"]);
            self.usage = Some((prompt, number(&line["eval_count"]), 0));
        }
    }

    fn note_error(&mut self, data: &Value) {
        if !data["error"].is_null() {
            self.error = Some(data["error"].clone());
        }
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn reason(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Arguments as an object; none are an empty one.
fn parse(arguments: &str) -> Value {
    if arguments.is_empty() {
        return Value::Object(serde_json::Map::new());
    }
    serde_json::from_str(arguments).unwrap()
}
