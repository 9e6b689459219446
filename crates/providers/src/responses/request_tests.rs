use protocol::{ProblemKind, Role};
use serde_json::{Value, json};

use super::body;
use crate::{
    AnswerFormat, ChatMessage, ChatRequest, Effort, Error, Image, Params, Part, Tool, ToolChoice,
    http::Upstream,
};

fn sent(request: &ChatRequest) -> Result<Value, Error> {
    let url = "http://127.0.0.1:9".parse().unwrap();
    let body = body(request, &Upstream::new("acme", &url, None))?;
    Ok(serde_json::from_slice(&body).unwrap())
}

fn asking(params: Params) -> ChatRequest {
    ChatRequest {
        model: "m".into(),
        messages: [ChatMessage::text(Role::User, "Hi")].into(),
        params,
        stream: true,
        ..ChatRequest::default()
    }
}

/// What is sent besides what is always sent.
fn sent_besides(request: &ChatRequest) -> Value {
    let mut body = sent(request).unwrap();
    let fields = body.as_object_mut().unwrap();
    fields.retain(|name, _| !matches!(name.as_str(), "model" | "input" | "stream" | "store"));
    body
}

#[test]
fn a_plain_question_is_asked_plainly() {
    let request = ChatRequest {
        system: Some("Be brief.".into()),
        ..asking(Params::default())
    };
    assert_eq!(
        sent(&request).unwrap(),
        json!({
            "model": "m",
            "instructions": "Be brief.",
            "input": [{"type": "message", "role": "user", "content": "Hi"}],
            "stream": true,
            "store": false,
        })
    );
}

#[test]
fn calls_and_results_stand_beside_the_messages() {
    let request = ChatRequest {
        messages: [
            ChatMessage {
                role: Role::User,
                parts: vec![
                    Part::Text("What is this?".into()),
                    Part::Image(Image::Data {
                        media_type: "image/png".into(),
                        base64: "AAAA".into(),
                    }),
                    Part::Image(Image::Url("https://example.com/a.png".into())),
                ],
            },
            ChatMessage {
                role: Role::Assistant,
                parts: vec![
                    Part::Thinking {
                        text: "Hm.".into(),
                        signature: Some("c2ln".into()),
                    },
                    Part::Text("It is small.".into()),
                    Part::Text("I look.".into()),
                    Part::ToolCall {
                        id: "call_1".into(),
                        name: "look".into(),
                        arguments: "{\"at\":".into(),
                        signature: None,
                    },
                ],
            },
            ChatMessage {
                role: Role::User,
                parts: vec![
                    Part::ToolResult {
                        id: "call_1".into(),
                        name: None,
                        content: "a cat".into(),
                        is_error: false,
                    },
                    Part::Text("And?".into()),
                ],
            },
        ]
        .into(),
        ..ChatRequest::default()
    };
    assert_eq!(
        sent(&request).unwrap()["input"],
        json!([
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
                {"type": "input_image", "image_url": "https://example.com/a.png"},
            ]},
            {"type": "message", "role": "assistant", "content": [
                {"type": "output_text", "text": "It is small."},
                {"type": "output_text", "text": "I look."},
            ]},
            {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{\"at\":"},
            {"type": "function_call_output", "call_id": "call_1", "output": "a cat"},
            {"type": "message", "role": "user", "content": "And?"},
        ])
    );
}

#[test]
fn parameters_have_their_words() {
    let params = |change: fn(&mut Params)| {
        let mut params = Params::default();
        change(&mut params);
        params
    };
    for (params, expected) in [
        (
            params(|all| {
                all.temperature = Some(0.7);
                all.top_p = Some(0.5);
                all.max_tokens = Some(100);
                all.presence_penalty = Some(0.0);
                // Nothing to say where there are no tools.
                all.parallel_tool_calls = Some(false);
            }),
            json!({"temperature": 0.7, "top_p": 0.5, "max_output_tokens": 100}),
        ),
        (
            params(|all| all.effort = Some(Effort::Low)),
            json!({"reasoning": {"effort": "low", "summary": "auto"}}),
        ),
        (
            params(|all| all.effort = Some(Effort::None)),
            json!({"reasoning": {"effort": "none"}}),
        ),
        (
            params(|all| all.format = Some(AnswerFormat::Json)),
            json!({"text": {"format": {"type": "json_object"}}}),
        ),
        (
            params(|all| {
                all.format = Some(AnswerFormat::Schema {
                    name: "shape".into(),
                    schema: json!({"type": "object"}),
                    strict: Some(true),
                });
            }),
            json!({"text": {"format": {
                "type": "json_schema",
                "name": "shape",
                "schema": {"type": "object"},
                "strict": true,
            }}}),
        ),
    ] {
        assert_eq!(sent_besides(&asking(params)), expected);
    }
}

#[test]
fn tools_and_their_choice_have_their_words() {
    let tools = [
        Tool {
            name: "look".into(),
            description: Some("Looks.".into()),
            parameters: Some(json!({"type": "object", "properties": {"at": {}}})),
            strict: Some(true),
        },
        Tool {
            name: "wait".into(),
            description: None,
            parameters: None,
            strict: None,
        },
    ];
    for (choice, expected) in [
        (ToolChoice::Auto, json!("auto")),
        (ToolChoice::None, json!("none")),
        (ToolChoice::Required, json!("required")),
        (
            ToolChoice::Named("look".into()),
            json!({"type": "function", "name": "look"}),
        ),
    ] {
        let params = Params {
            parallel_tool_calls: Some(false),
            ..Params::default()
        };
        let request = ChatRequest {
            tools: tools.clone().into(),
            tool_choice: Some(choice),
            ..asking(params)
        };
        assert_eq!(
            sent_besides(&request),
            json!({
                "tools": [
                    {"type": "function", "name": "look", "description": "Looks.", "strict": true,
                        "parameters": {"type": "object", "properties": {"at": {}}}},
                    {"type": "function", "name": "wait", "strict": false,
                        "parameters": {"type": "object", "properties": {}}},
                ],
                "tool_choice": expected,
                "parallel_tool_calls": false,
            })
        );
    }
}

#[test]
fn a_choice_among_no_tools_is_left_out() {
    let request = ChatRequest {
        tool_choice: Some(ToolChoice::Auto),
        ..asking(Params::default())
    };
    assert_eq!(sent_besides(&request), json!({}));
}

#[test]
fn what_has_no_word_is_refused_by_name() {
    type Change = fn(&mut Params);
    let refused: [(Change, &str); 5] = [
        (|all| all.stop = vec!["END".into()], "stop sequences"),
        (|all| all.top_k = Some(40), "top_k"),
        (|all| all.seed = Some(7), "seed"),
        (|all| all.frequency_penalty = Some(1.0), "frequency_penalty"),
        (|all| all.presence_penalty = Some(1.0), "presence_penalty"),
    ];
    for (change, name) in refused {
        let mut params = Params::default();
        change(&mut params);
        let error = sent(&asking(params)).unwrap_err();
        assert_eq!(error.kind, ProblemKind::BadRequest);
        assert!(error.message.contains(name), "{}", error.message);
    }
}
