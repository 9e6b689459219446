use super::*;

fn upstream() -> Upstream {
    let url = "http://127.0.0.1:9".parse().unwrap();
    Upstream::new("acme", &url, None)
}

fn sent(request: &ChatRequest) -> Value {
    serde_json::from_slice(&body(request, Dialect::default(), &upstream()).unwrap()).unwrap()
}

fn message(role: Role, parts: impl Into<Vec<Part>>) -> ChatMessage {
    ChatMessage {
        role,
        parts: parts.into(),
    }
}

fn call(id: &str, arguments: &str) -> Part {
    Part::ToolCall {
        id: id.into(),
        name: "look".into(),
        arguments: arguments.into(),
        signature: Some("another's".into()),
    }
}

fn result(id: &str, name: Option<&str>) -> Part {
    Part::ToolResult {
        id: id.into(),
        name: name.map(Into::into),
        content: "a cat".into(),
        is_error: false,
    }
}

fn look(parameters: Option<Value>) -> Tool {
    Tool {
        name: "look".into(),
        description: None,
        parameters,
        strict: None,
    }
}

#[test]
fn a_conversation_has_four_roles() {
    let request = ChatRequest {
        model: "m".into(),
        system: Some("Be brief.".into()),
        messages: [
            message(
                Role::User,
                [
                    Part::Text("What is this?".into()),
                    Part::Image(Image::Data {
                        media_type: "image/png".into(),
                        base64: "AAAA".into(),
                    }),
                ],
            ),
            message(
                Role::Assistant,
                [
                    Part::Thinking {
                        text: "Hm".into(),
                        signature: None,
                    },
                    call("a", r#"{"at":1}"#),
                    call("b", ""),
                    call("c", "1"),
                ],
            ),
            message(
                Role::User,
                [
                    result("a", None),
                    result("z", None),
                    result("b", Some("named")),
                    Part::Text("And?".into()),
                ],
            ),
            ChatMessage::text(Role::Assistant, "It is"),
        ]
        .into(),
        stream: true,
        ..ChatRequest::default()
    };
    let called =
        |id, arguments| json!({"id": id, "function": {"name": "look", "arguments": arguments}});
    let expected = json!({
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What is this?", "images": ["AAAA"]},
            {"role": "assistant", "content": "", "thinking": "Hm", "tool_calls": [
                called("a", json!({"at": 1})),
                called("b", json!({})),
                called("c", json!({"arguments": "1"})),
            ]},
            {"role": "tool", "content": "a cat", "tool_name": "look", "tool_call_id": "a"},
            {"role": "tool", "content": "a cat", "tool_call_id": "z"},
            {"role": "tool", "content": "a cat", "tool_name": "named", "tool_call_id": "b"},
            {"role": "user", "content": "And?"},
            {"role": "assistant", "content": "It is"},
        ],
        "stream": true,
        "truncate": false,
    });
    assert_eq!(sent(&request), expected);
    let expected = json!({
        "model": "", "messages": [], "stream": false, "truncate": false,
    });
    assert_eq!(sent(&ChatRequest::default()), expected);
}

#[test]
fn every_parameter_has_its_place() {
    let schema = json!({"type": "object", "additionalProperties": false});
    let request = ChatRequest {
        params: Params {
            temperature: Some(0.7),
            top_p: Some(0.5),
            top_k: Some(40),
            max_tokens: Some(100),
            stop: vec!["END".into()],
            seed: Some(7),
            frequency_penalty: Some(0.25),
            presence_penalty: Some(-0.5),
            effort: Some(Effort::None),
            format: Some(AnswerFormat::Schema {
                name: "n".into(),
                schema: schema.clone(),
                strict: None,
            }),
            parallel_tool_calls: Some(false),
        },
        ..ChatRequest::default()
    };
    let expected = json!({
        "model": "",
        "messages": [],
        "stream": false,
        "truncate": false,
        "think": false,
        "format": schema,
        "options": {
            "num_predict": 100,
            "temperature": 0.7,
            "top_p": 0.5,
            "top_k": 40,
            "stop": ["END"],
            "seed": 7,
            "frequency_penalty": 0.25,
            "presence_penalty": -0.5,
        },
    });
    assert_eq!(sent(&request), expected);

    for (effort, expected) in [
        (Effort::Minimal, "low"),
        (Effort::Medium, "medium"),
        (Effort::Max, "high"),
    ] {
        let request = ChatRequest {
            params: Params {
                effort: Some(effort),
                format: Some(AnswerFormat::Json),
                ..Params::default()
            },
            ..ChatRequest::default()
        };
        let sent = sent(&request);
        assert_eq!(
            (&sent["think"], &sent["format"]),
            (&expected.into(), &"json".into())
        );
    }
}

#[test]
fn a_long_conversation_asks_for_the_context_it_needs() {
    for (bytes, max_tokens, expected) in [
        (10, None, None),
        (3 * 2_048, None, None),
        (3 * 2_049, None, Some(8_192)),
        (3 * 6_144, None, Some(8_192)),
        (3 * 6_145, None, Some(16_384)),
        (3 * 2_049, Some(10), None),
        (10, Some(5_000), Some(8_192)),
        (4 << 20, None, Some(131_072)),
    ] {
        let request = ChatRequest {
            messages: [ChatMessage::text(Role::User, "x".repeat(bytes))].into(),
            params: Params {
                max_tokens,
                ..Params::default()
            },
            ..ChatRequest::default()
        };
        let sent = sent(&request);
        assert_eq!(
            sent["options"]["num_ctx"].as_u64(),
            expected,
            "{bytes} {max_tokens:?}"
        );
    }
}

#[test]
fn a_model_is_asked_as_it_was_found_to_take_it() {
    let request = ChatRequest {
        params: Params {
            effort: Some(Effort::None),
            ..Params::default()
        },
        ..ChatRequest::default()
    };
    let sent = |silent| {
        let body = body(&request, Dialect { silent }, &upstream()).unwrap();
        let sent: Value = serde_json::from_slice(&body).unwrap();
        sent["think"].clone()
    };
    assert_eq!(sent(false), Value::from(false));
    assert_eq!(sent(true), Value::Null);
}

#[test]
fn tools_may_be_called_and_never_must() {
    let parameters = json!({"type": "object", "properties": {"at": {"type": "string"}}});
    let choose = |tool_choice| ChatRequest {
        tools: [look(Some(parameters.clone())), look(None)].into(),
        tool_choice,
        ..ChatRequest::default()
    };
    let nothing = json!({"type": "object", "properties": {}});
    let expected = json!([
        {"type": "function", "function": {"name": "look", "parameters": parameters}},
        {"type": "function", "function": {"name": "look", "parameters": nothing}},
    ]);
    assert_eq!(sent(&choose(None))["tools"], expected);
    assert_eq!(sent(&choose(Some(ToolChoice::Auto)))["tools"], expected);
    assert_eq!(sent(&choose(Some(ToolChoice::None)))["tools"], Value::Null);

    // There is no word for it; `ChatStream` keeps to the first call.
    let one_at_a_time = ChatRequest {
        params: Params {
            parallel_tool_calls: Some(false),
            ..Params::default()
        },
        ..choose(None)
    };
    assert_eq!(sent(&one_at_a_time), sent(&choose(None)));

    let image = Part::Image(Image::Url("https://example.com/a.png".into()));
    for (request, expected) in [
        (
            choose(Some(ToolChoice::Required)),
            "to call a tool whether it wants to or not (`tool_choice`)",
        ),
        (
            choose(Some(ToolChoice::Named("look".into()))),
            "to call a tool whether it wants to or not (`tool_choice`)",
        ),
        (
            ChatRequest {
                messages: [message(Role::User, [image])].into(),
                ..ChatRequest::default()
            },
            "to fetch an image from its address (`image_url`); it takes images as data",
        ),
    ] {
        let error = body(&request, Dialect::default(), &upstream()).unwrap_err();
        assert_eq!(error.kind, protocol::ProblemKind::BadRequest);
        assert_eq!(
            error.message,
            format!("acme cannot be asked this: {expected}.")
        );
    }
}
