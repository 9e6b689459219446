use protocol::{ProblemKind, Role};
use serde_json::{Value, json};

use super::body;
use crate::{
    AnswerFormat, ChatMessage, ChatRequest, Effort, Error, Image, Params, Part, Tool, ToolChoice,
    http::Upstream,
};

pub(super) fn sent(request: &ChatRequest) -> Result<Value, Error> {
    let url = "http://127.0.0.1:9".parse().unwrap();
    let body = body(request, &Upstream::new("acme", &url, None))?;
    Ok(serde_json::from_slice(&body).unwrap())
}

pub(super) fn asking(model: &str, params: Params) -> ChatRequest {
    ChatRequest {
        model: model.into(),
        messages: [ChatMessage::text(Role::User, "Hi")].into(),
        params,
        stream: true,
        ..ChatRequest::default()
    }
}

/// What is sent besides the model, the question and the wish to stream.
fn sent_besides(request: &ChatRequest) -> Value {
    let mut body = sent(request).unwrap();
    let fields = body.as_object_mut().unwrap();
    fields.retain(|name, _| !matches!(name.as_str(), "model" | "messages" | "stream"));
    body
}

fn message(role: Role, parts: impl Into<Vec<Part>>) -> ChatMessage {
    ChatMessage {
        role,
        parts: parts.into(),
    }
}

fn text(text: &str) -> Part {
    Part::Text(text.into())
}

fn thinking(text: &str, signature: Option<&str>) -> Part {
    Part::Thinking {
        text: text.into(),
        signature: signature.map(Into::into),
    }
}

fn call(id: &str, arguments: &str) -> Part {
    Part::ToolCall {
        id: id.into(),
        name: "look".into(),
        arguments: arguments.into(),
        signature: None,
    }
}

fn result(id: &str, content: &str, is_error: bool) -> Part {
    Part::ToolResult {
        id: id.into(),
        name: Some("look".into()),
        content: content.into(),
        is_error,
    }
}

pub(super) fn bare_tool(parameters: Option<Value>) -> Tool {
    Tool {
        name: "look".into(),
        description: None,
        parameters,
        strict: None,
    }
}

#[test]
fn a_plain_question_is_asked_plainly() {
    let request = ChatRequest {
        system: Some("Be brief.".into()),
        ..asking("claude-x", Params::default())
    };
    assert_eq!(
        sent(&request).unwrap(),
        json!({
            "model": "claude-x",
            "max_tokens": 8192,
            "system": "Be brief.",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
            "stream": true,
        })
    );
}

#[test]
fn turns_alternate_and_begin_with_the_results() {
    let url = Image::Url("https://example.com/a.png".into());
    let data = Image::Data {
        media_type: "image/png".into(),
        base64: "AAAA".into(),
    };
    let request = ChatRequest {
        messages: [
            message(Role::User, [text("What is this?"), Part::Image(data)]),
            message(Role::User, [text(" \n"), Part::Image(url)]),
            message(
                Role::Assistant,
                [
                    thinking("Unsealed.", None),
                    thinking("Sealed.", Some("c2ln")),
                    text("I look."),
                    call("toolu_1", r#"{"at":"it"}"#),
                    call("functions.look:1", ""),
                    call("toolu_3", "{\"at\":"),
                    call("toolu_4", "[1]"),
                ],
            ),
            message(
                Role::User,
                [text("And?"), result("toolu_1", "a cat", false)],
            ),
            message(Role::User, [result("functions.look:1", "no", true)]),
            message(Role::Assistant, [text("  ")]),
            message(Role::User, [text("Well?")]),
            message(Role::Assistant, [text("It is ")]),
        ]
        .into(),
        ..ChatRequest::default()
    };
    assert_eq!(
        sent(&request).unwrap()["messages"],
        json!([
            {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image", "source":
                    {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Sealed.", "signature": "c2ln"},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "it"}},
                {"type": "tool_use", "id": "functions_look_1", "name": "look", "input": {}},
                {"type": "tool_use", "id": "toolu_3", "name": "look",
                    "input": {"arguments": "{\"at\":"}},
                {"type": "tool_use", "id": "toolu_4", "name": "look",
                    "input": {"arguments": "[1]"}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a cat"},
                {"type": "tool_result", "tool_use_id": "functions_look_1", "content": "no",
                    "is_error": true},
                {"type": "text", "text": "And?"},
                {"type": "text", "text": "Well?"},
            ]},
            {"role": "assistant", "content": [{"type": "text", "text": "It is"}]},
        ])
    );
}

#[test]
fn parameters_have_their_words() {
    let schema = json!({"type": "object"});
    let of = |params| sent_besides(&asking("claude-x", params));
    let all = Params {
        temperature: Some(1.5),
        top_p: Some(0.5),
        top_k: Some(40),
        max_tokens: Some(100),
        stop: vec!["END".into()],
        frequency_penalty: Some(0.0),
        format: Some(AnswerFormat::Schema {
            name: "shape".into(),
            schema: schema.clone(),
            strict: Some(false),
        }),
        ..Params::default()
    };
    assert_eq!(
        of(all),
        json!({
            "max_tokens": 100,
            "temperature": 1.0,
            "top_p": 0.5,
            "top_k": 40,
            "stop_sequences": ["END"],
            "output_config": {"format": {"type": "json_schema", "schema": schema}},
        })
    );
}

#[test]
fn thinking_is_asked_for_as_the_model_takes_it() {
    let adaptive = json!({"type": "adaptive", "display": "summarized"});
    let budget = |tokens: u32| json!({"type": "enabled", "budget_tokens": tokens});
    for (model, effort, max_tokens, expected) in [
        (
            "claude-opus-4-5",
            Effort::Medium,
            None,
            json!({"max_tokens": 12_288, "thinking": budget(4_096)}),
        ),
        (
            "claude-opus-4-5",
            Effort::Max,
            None,
            json!({"max_tokens": 32_000, "thinking": budget(24_000)}),
        ),
        (
            "claude-opus-4-5",
            Effort::High,
            Some(2_000),
            json!({"max_tokens": 2_000, "thinking": budget(1_500)}),
        ),
        (
            "claude-opus-4-5",
            Effort::High,
            Some(1_000),
            json!({"max_tokens": 1_000}),
        ),
        (
            "claude-opus-4-5",
            Effort::None,
            None,
            json!({"max_tokens": 8_192}),
        ),
        (
            "claude-sonnet-5",
            Effort::High,
            None,
            json!({
                "max_tokens": 32_000,
                "thinking": adaptive,
                "output_config": {"effort": "high"},
            }),
        ),
        (
            "claude-sonnet-5",
            Effort::None,
            Some(10),
            json!({"max_tokens": 10}),
        ),
    ] {
        let params = Params {
            effort: Some(effort),
            max_tokens,
            ..Params::default()
        };
        assert_eq!(
            sent_besides(&asking(model, params)),
            expected,
            "{model} {effort:?} {max_tokens:?}"
        );
    }
}

#[test]
fn thinking_leaves_out_what_does_not_go_with_it() {
    let params = Params {
        temperature: Some(0.5),
        top_p: Some(0.5),
        top_k: Some(40),
        effort: Some(Effort::Low),
        ..Params::default()
    };
    let request = asking("claude-opus-4-5", params.clone());
    let enabled = json!({"type": "enabled", "budget_tokens": 1_024});
    assert_eq!(
        sent_besides(&request),
        json!({"max_tokens": 9_216, "thinking": enabled})
    );
    let narrow = Params {
        top_p: Some(0.96),
        ..params
    };
    let request = asking("claude-opus-4-5", narrow);
    assert_ne!(sent_besides(&request)["top_p"], Value::Null);

    // What it does not go with itself: a forced call, words to go on from,
    // calls without the thinking before them.
    let think = |messages: Vec<ChatMessage>, tool_choice| {
        let request = ChatRequest {
            messages: messages.into(),
            tools: [bare_tool(None)].into(),
            tool_choice,
            ..request.clone()
        };
        !sent(&request).unwrap()["thinking"].is_null()
    };
    let question = || message(Role::User, [text("Hi")]);
    let called = |thinking: Part| {
        vec![
            question(),
            message(Role::Assistant, [thinking, call("toolu_1", "{}")]),
            message(Role::User, [result("toolu_1", "a cat", false)]),
        ]
    };
    assert!(think(vec![question()], Some(ToolChoice::Auto)));
    assert!(!think(vec![question()], Some(ToolChoice::Required)));
    assert!(!think(
        vec![question(), message(Role::Assistant, [text("It")])],
        None
    ));
    assert!(think(called(thinking("", Some("c2ln"))), None));
    assert!(!think(called(thinking("Hm.", None)), None));
}

#[test]
fn what_has_no_word_is_refused_by_name() {
    for (params, name) in [
        (
            Params {
                seed: Some(7),
                ..Params::default()
            },
            "seed",
        ),
        (
            Params {
                frequency_penalty: Some(0.5),
                ..Params::default()
            },
            "frequency_penalty",
        ),
        (
            Params {
                presence_penalty: Some(-0.5),
                ..Params::default()
            },
            "presence_penalty",
        ),
        (
            Params {
                format: Some(AnswerFormat::Json),
                ..Params::default()
            },
            "JSON without a schema",
        ),
    ] {
        let error = sent(&asking("claude-x", params)).unwrap_err();
        assert_eq!(error.kind, ProblemKind::BadRequest);
        assert!(error.message.contains(name), "{}", error.message);
    }
}
