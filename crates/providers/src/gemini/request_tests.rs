use super::*;
use crate::ChatMessage;

fn upstream() -> Upstream {
    let url = "http://127.0.0.1:9/v1beta".parse().unwrap();
    Upstream::new("acme", &url, None)
}

fn sent(request: &ChatRequest) -> Value {
    serde_json::from_slice(&body(request, &upstream()).unwrap()).unwrap()
}

#[track_caller]
fn refused(request: &ChatRequest, message: &str) {
    let error = body(request, &upstream()).unwrap_err();
    assert_eq!(error.kind, protocol::ProblemKind::BadRequest);
    assert_eq!(error.message, message);
}

fn message(role: Role, parts: impl Into<Vec<Said>>) -> ChatMessage {
    ChatMessage {
        role,
        parts: parts.into(),
    }
}

fn with_params(model: &str, params: Params) -> ChatRequest {
    ChatRequest {
        model: model.into(),
        messages: [ChatMessage::text(Role::User, "Hi")].into(),
        params,
        ..ChatRequest::default()
    }
}

fn tool(parameters: Option<Value>) -> Tool {
    Tool {
        name: "look".into(),
        description: Some("Looks.".into()),
        parameters,
        strict: None,
    }
}

fn call(id: &str, arguments: &str, signature: Option<&str>) -> Said {
    Said::ToolCall {
        id: id.into(),
        name: format!("tool_{id}"),
        arguments: arguments.into(),
        signature: signature.map(Into::into),
    }
}

fn result(id: &str, content: &str, is_error: bool) -> Said {
    Said::ToolResult {
        id: id.into(),
        name: None,
        content: content.into(),
        is_error,
    }
}

#[test]
fn a_conversation_has_two_roles_that_take_turns() {
    let request = ChatRequest {
        system: Some("Be brief.".into()),
        messages: [
            ChatMessage::text(Role::User, "Hi"),
            message(
                Role::User,
                [
                    Said::Text(String::new()),
                    Said::Image(Image::Data {
                        media_type: "image/png".into(),
                        base64: "AAAA".into(),
                    }),
                ],
            ),
            message(
                Role::Assistant,
                [Said::Thinking {
                    text: "unsealed".into(),
                    signature: None,
                }],
            ),
            ChatMessage::text(Role::User, "Well?"),
            ChatMessage::text(Role::Assistant, "It is"),
        ]
        .into(),
        ..ChatRequest::default()
    };
    let expected = json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [
                {"text": "Hi"},
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                {"text": "Well?"},
            ]},
            {"role": "model", "parts": [{"text": "It is"}]},
        ],
    });
    assert_eq!(sent(&request), expected);
    assert_eq!(sent(&ChatRequest::default()), json!({"contents": []}));
}

#[test]
fn calls_and_results_are_objects_and_keep_their_seals() {
    let mut request = ChatRequest {
        model: "gemini-2.5-pro".into(),
        messages: [
            message(
                Role::Assistant,
                [
                    Said::Thinking {
                        text: "Hm".into(),
                        signature: Some("c2VhbA==".into()),
                    },
                    Said::Thinking {
                        text: String::new(),
                        signature: Some("ZW1wdHk=".into()),
                    },
                    call("a", r#"{"x":1}"#, Some("czE=")),
                    call("b", "[1]", None),
                    call("c", "", None),
                ],
            ),
            message(Role::User, [result("a", r#"{"y":2}"#, false)]),
            message(
                Role::User,
                [result("b", "two", false), result("c", "no", true)],
            ),
            message(Role::Assistant, [call("a", "{}", None)]),
            message(
                Role::User,
                [Said::ToolResult {
                    id: "z".into(),
                    name: Some("named".into()),
                    content: "[]".into(),
                    is_error: false,
                }],
            ),
        ]
        .into(),
        ..ChatRequest::default()
    };
    let mut expected = json!({"contents": [
        {"role": "model", "parts": [
            {"text": "Hm", "thought": true, "thoughtSignature": "c2VhbA=="},
            {"text": "", "thoughtSignature": "ZW1wdHk="},
            {"functionCall": {"id": "a", "name": "tool_a", "args": {"x": 1}},
             "thoughtSignature": "czE="},
            {"functionCall": {"id": "b", "name": "tool_b", "args": {"arguments": "[1]"}}},
            {"functionCall": {"id": "c", "name": "tool_c", "args": {}}},
        ]},
        {"role": "user", "parts": [
            {"functionResponse": {"id": "a", "name": "tool_a", "response": {"y": 2}}},
            {"functionResponse": {"id": "b", "name": "tool_b", "response": {"result": "two"}}},
            {"functionResponse": {"id": "c", "name": "tool_c", "response": {"error": "no"}}},
        ]},
        {"role": "model", "parts": [
            {"functionCall": {"id": "a", "name": "tool_a", "args": {}}},
        ]},
        {"role": "user", "parts": [
            {"functionResponse": {"id": "z", "name": "named", "response": {"result": "[]"}}},
        ]},
    ]});
    assert_eq!(sent(&request), expected);

    // What insists on seals is told where there is none.
    expected["contents"][2]["parts"][0]["thoughtSignature"] = NO_SEAL.into();
    for model in ["gemini-3-pro", "gemini-flash-latest", "gemini-pro-latest"] {
        request.model = model.into();
        assert_eq!(sent(&request), expected, "{model}");
    }
}

#[test]
fn every_parameter_has_its_place() {
    let request = with_params(
        "gemini-2.5-flash",
        Params {
            temperature: Some(0.7),
            top_p: Some(0.5),
            top_k: Some(40),
            max_tokens: Some(100),
            stop: vec!["END".into()],
            seed: Some(-7),
            frequency_penalty: Some(0.25),
            presence_penalty: Some(-0.5),
            effort: Some(Effort::Max),
            format: Some(AnswerFormat::Schema {
                name: "n".into(),
                schema: json!({"type": "object", "additionalProperties": false}),
                strict: Some(true),
            }),
            parallel_tool_calls: Some(false),
        },
    );
    let expected = json!({
        "temperature": 0.7,
        "topP": 0.5,
        "topK": 40,
        "maxOutputTokens": 100,
        "stopSequences": ["END"],
        "seed": -7,
        "frequencyPenalty": 0.25,
        "presencePenalty": -0.5,
        "responseMimeType": "application/json",
        "responseSchema": {"type": "object"},
        "thinkingConfig": {"thinkingBudget": 24_576, "includeThoughts": true},
    });
    assert_eq!(sent(&request)["generationConfig"], expected);

    let request = with_params(
        "m",
        Params {
            format: Some(AnswerFormat::Json),
            ..Params::default()
        },
    );
    let expected = json!({"responseMimeType": "application/json"});
    assert_eq!(sent(&request)["generationConfig"], expected);
}

#[test]
fn thinking_is_counted_or_has_a_level() {
    let level = |level: &str| json!({"thinkingLevel": level, "includeThoughts": true});
    let budget = |tokens: u32| json!({"thinkingBudget": tokens, "includeThoughts": true});
    for (model, effort, expected) in [
        ("gemini-2.5-pro", Effort::Max, budget(32_000)),
        ("gemini-2.5-flash", Effort::Low, budget(1_024)),
        (
            "gemini-2.5-flash",
            Effort::None,
            json!({"thinkingBudget": 0}),
        ),
        (
            "gemini-2.5-pro",
            Effort::None,
            json!({"thinkingBudget": 128}),
        ),
        ("gemini-flash-latest", Effort::Low, level("LOW")),
        ("tuned", Effort::Medium, budget(4_096)),
        ("gemini-3-flash", Effort::Minimal, level("MINIMAL")),
        (
            "gemini-3-flash",
            Effort::None,
            json!({"thinkingLevel": "MINIMAL"}),
        ),
        ("models/gemini-3.1-pro", Effort::Minimal, level("LOW")),
        ("gemini-10-pro", Effort::Medium, level("MEDIUM")),
        ("gemini-3-pro", Effort::Xhigh, level("HIGH")),
    ] {
        let request = with_params(
            model,
            Params {
                effort: Some(effort),
                ..Params::default()
            },
        );
        let sent = &sent(&request)["generationConfig"]["thinkingConfig"];
        assert_eq!(*sent, expected, "{model} {effort:?}");
    }
}

#[test]
fn tools_are_declared_and_chosen() {
    let parameters = json!({"type": "object", "properties": {"at": {"type": "string", "x": 1}}});
    let empty = json!({"type": "object", "properties": {}});
    let request = ChatRequest {
        tools: [tool(Some(parameters)), tool(Some(empty)), tool(None)].into(),
        ..ChatRequest::default()
    };
    // There is no word for it; `ChatStream` keeps to the first call.
    let one_at_a_time = ChatRequest {
        params: Params {
            parallel_tool_calls: Some(false),
            ..Params::default()
        },
        ..request.clone()
    };
    assert_eq!(sent(&one_at_a_time), sent(&request));
    let bare = json!({"name": "look", "description": "Looks."});
    let mut full = bare.clone();
    full["parameters"] = json!({"type": "object", "properties": {"at": {"type": "string"}}});
    let expected = json!({
        "contents": [],
        "tools": [{"functionDeclarations": [full, bare, bare]}],
    });
    assert_eq!(sent(&request), expected);

    for (strict, choice, expected) in [
        (None, ToolChoice::Auto, json!({"mode": "AUTO"})),
        (Some(true), ToolChoice::Auto, json!({"mode": "VALIDATED"})),
        (Some(true), ToolChoice::None, json!({"mode": "NONE"})),
        (None, ToolChoice::Required, json!({"mode": "ANY"})),
        (
            None,
            ToolChoice::Named("look".into()),
            json!({"mode": "ANY", "allowedFunctionNames": ["look"]}),
        ),
    ] {
        let tool = Tool {
            strict,
            ..tool(None)
        };
        let request = ChatRequest {
            tools: [tool].into(),
            tool_choice: Some(choice),
            ..ChatRequest::default()
        };
        let config = &sent(&request)["toolConfig"];
        assert_eq!(*config, json!({"functionCallingConfig": expected}));
    }
}

#[test]
fn what_it_has_no_word_for_is_refused_by_name() {
    let many = (0..6).map(|at| at.to_string()).collect();
    refused(
        &with_params(
            "m",
            Params {
                stop: many,
                ..Params::default()
            },
        ),
        "acme cannot be asked this: to end at more than 5 texts (`stop`).",
    );
    refused(
        &with_params(
            "m",
            Params {
                seed: Some(1 << 40),
                ..Params::default()
            },
        ),
        "acme cannot be asked this: a `seed` of more than 32 bits.",
    );
    for (part, expected) in [
        (
            Said::Image(Image::Url("https://example.com/a.png".into())),
            "acme cannot be asked this: to fetch an image from its address (`image_url`); it \
             takes images as data.",
        ),
        (
            result("gone", "x", false),
            "acme cannot be asked this: what came of the tool call gone, which is not in the \
             conversation.",
        ),
    ] {
        let request = ChatRequest {
            messages: [message(Role::User, [part])].into(),
            ..ChatRequest::default()
        };
        refused(&request, expected);
    }
}
