use protocol::ProblemKind;

use super::*;
use crate::{Effort, Params, Tool};

fn request() -> ChatRequest {
    let message = |role, text: &str| ChatMessage::text(role, text);
    ChatRequest {
        model: "m".into(),
        system: Some("Be brief.".into()),
        messages: [
            message(Role::User, "Hi"),
            message(Role::Assistant, "Hello"),
            message(Role::User, "Why?"),
        ]
        .into(),
        params: Params {
            temperature: Some(0.7),
            max_tokens: Some(100),
            ..Params::default()
        },
        stream: true,
        ..ChatRequest::default()
    }
}

fn sent(dialect: Dialect) -> Value {
    serde_json::to_value(Body::new(&request(), dialect)).unwrap()
}

#[test]
fn imitators_get_the_common_parameters_alone() {
    let body = serde_json::to_string(&Body::new(&request(), Dialect::first("127.0.0.1"))).unwrap();
    assert_eq!(
        body,
        r#"{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},{"role":"user","content":"Why?"}],"stream":true,"stream_options":{"include_usage":true},"temperature":0.7,"max_tokens":100}"#
    );
    let bare = ChatRequest {
        stream: true,
        ..ChatRequest::default()
    };
    assert_eq!(
        serde_json::to_value(Body::new(&bare, Dialect::first("127.0.0.1"))).unwrap(),
        json!({"model": "", "messages": [], "stream": true, "stream_options": {"include_usage": true}})
    );
}

#[test]
fn openai_gets_its_own() {
    let body = sent(Dialect::first("api.openai.com"));
    assert_eq!(body["max_completion_tokens"], 100);
    assert_eq!(body["max_tokens"], Value::Null);
    assert_eq!(body["stream_options"]["include_obfuscation"], false);
}

#[test]
fn a_refused_parameter_is_left_out_or_renamed_once() {
    let url = "http://127.0.0.1:9/v1".parse().unwrap();
    let upstream = Upstream::new("p", &url, None);
    let error = |message: &str| Error {
        status: Some(400),
        ..upstream.error(ProblemKind::BadRequest, message)
    };
    let first = Dialect::first("127.0.0.1");
    let check = |dialect: Dialect, message: &str| dialect.after(&error(message), &request());

    let without = check(first, "Unknown field: stream_options").unwrap();
    assert_eq!(sent(without)["stream_options"], Value::Null);
    assert_eq!(check(without, "Unknown field: stream_options"), None);

    let refusal = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                   'max_completion_tokens' instead.";
    let renamed = check(first, refusal).unwrap();
    assert_eq!(sent(renamed)["max_completion_tokens"], 100);

    assert_eq!(check(first, "max_tokens is too large: 100"), None);
    assert_eq!(check(first, "messages: must not be empty"), None);

    let thinking = |dialect| sent(dialect)["messages"][2]["reasoning_content"].clone();
    assert_eq!(thinking(first), Value::Null);
    let missed = "The `reasoning_content` in the thinking mode must be passed back to the API.";
    let with = check(first, missed).unwrap();
    assert_eq!(thinking(with), "");
    let without = check(with, "Extra inputs are not permitted: reasoning_content").unwrap();
    assert_eq!(without, first);
}

#[test]
fn images_tools_and_parameters_have_their_place() {
    let request = ChatRequest {
        model: "m".into(),
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
                parts: vec![Part::ToolCall {
                    id: "call_1".into(),
                    name: "look".into(),
                    arguments: "{}".into(),
                    signature: None,
                }],
            },
            ChatMessage {
                role: Role::User,
                parts: vec![Part::ToolResult {
                    id: "call_1".into(),
                    name: None,
                    content: "a cat".into(),
                    is_error: false,
                }],
            },
        ]
        .into(),
        params: Params {
            top_p: Some(0.5),
            stop: vec!["END".into()],
            seed: Some(7),
            effort: Some(Effort::Low),
            format: Some(AnswerFormat::Json),
            ..Params::default()
        },
        tools: [Tool {
            name: "look".into(),
            description: Some("Looks.".into()),
            parameters: Some(json!({"type": "object"})),
            strict: None,
        }]
        .into(),
        tool_choice: Some(ToolChoice::Named("look".into())),
        ..ChatRequest::default()
    };
    let sent = serde_json::to_value(Body::new(&request, Dialect::first("127.0.0.1"))).unwrap();
    assert_eq!(
        sent,
        json!({
            "model": "m",
            "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                ]},
                {"role": "assistant", "tool_calls": [
                    {"id": "call_1", "type": "function",
                     "function": {"name": "look", "arguments": "{}"}},
                ]},
                {"role": "tool", "content": "a cat", "tool_call_id": "call_1"},
            ],
            "stream": false,
            "top_p": 0.5,
            "stop": ["END"],
            "seed": 7,
            "reasoning_effort": "low",
            "response_format": {"type": "json_object"},
            "tools": [{"type": "function", "function": {
                "name": "look", "description": "Looks.", "parameters": {"type": "object"},
            }}],
            "tool_choice": {"type": "function", "function": {"name": "look"}},
        })
    );
}

#[test]
fn deepseek_gets_its_thinking_back() {
    let mut request = request();
    request.messages = [
        ChatMessage::text(Role::User, "What is this?"),
        ChatMessage {
            role: Role::Assistant,
            parts: vec![
                Part::Thinking {
                    text: "I should look.".into(),
                    signature: None,
                },
                Part::ToolCall {
                    id: "call_1".into(),
                    name: "look".into(),
                    arguments: "{}".into(),
                    signature: None,
                },
            ],
        },
    ]
    .into();
    for (host, expected) in [
        ("api.deepseek.com", json!("I should look.")),
        ("api.openai.com", Value::Null),
        ("127.0.0.1", Value::Null),
    ] {
        let sent = serde_json::to_value(Body::new(&request, Dialect::first(host))).unwrap();
        assert_eq!(sent["messages"][2]["reasoning_content"], expected, "{host}");
        assert_eq!(sent["messages"][1]["reasoning_content"], Value::Null);
    }
}

#[test]
fn a_choice_among_no_tools_is_left_out() {
    let request = ChatRequest {
        tool_choice: Some(ToolChoice::Auto),
        ..request()
    };
    let sent = serde_json::to_value(Body::new(&request, Dialect::first("127.0.0.1"))).unwrap();
    assert_eq!(sent["tool_choice"], Value::Null);
}
