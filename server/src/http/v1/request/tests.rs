//! What a request in OpenAI's format asks of the gateway.

use axum::http::{HeaderValue, header};
use gateway::{Image, Part};
use serde_json::{Value, json};

use super::*;

fn read(more: Value) -> Result<Ask, ApiError> {
    let mut body = json!({"messages": [{"role": "user", "content": "Hi"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    Ask::read(&HeaderMap::new(), body.to_string().as_bytes())
}

#[track_caller]
fn refused(more: Value, param: &str) {
    let said = read(more.clone()).err().map(|error| error.body());
    let said = said.unwrap_or_else(|| panic!("{more} was taken"));
    assert_eq!(said["error"]["param"], param, "{said}");
}

#[test]
fn what_would_change_the_answer_is_not_passed_over() {
    for param in [
        "functions",
        "function_call",
        "prediction",
        "web_search_options",
        "audio",
        "verbosity",
        "min_p",
        "repetition_penalty",
    ] {
        refused(json!({param: 1}), param);
        assert!(read(json!({param: null})).is_ok(), "{param}");
    }
    assert!(read(json!({"user": "x", "store": true, "new": 1})).is_ok());
}

#[test]
fn stops_are_few_and_short() {
    refused(json!({"stop": vec!["x"; 17]}), "stop");
    refused(json!({"stop": ["x", "y".repeat(1_001)]}), "stop");
    refused(json!({"stop": "y".repeat(1_001)}), "stop");
    let taken = read(json!({"stop": vec!["x".repeat(1_000); 16]})).unwrap();
    assert_eq!(taken.chat.params.stop.len(), 16);
}

#[test]
fn the_first_of_several_models_is_asked_first() {
    let fallbacks = |ask: &Ask| ask.options.fallbacks.clone().unwrap();
    let ask = read(json!({"models": ["a", "b", "c"]})).unwrap();
    assert_eq!(ask.model.as_deref(), Some("a"));
    assert_eq!(fallbacks(&ask), ["b", "c"]);
    let ask = read(json!({"model": "x", "models": ["a", "b"]})).unwrap();
    assert_eq!(ask.model.as_deref(), Some("x"));
    assert_eq!(fallbacks(&ask), ["a", "b"]);
    let ask = read(json!({"fallbacks": ["a"]})).unwrap();
    assert_eq!(ask.model, None, "the default");
    assert_eq!(fallbacks(&ask), ["a"]);
}

#[test]
fn an_amount_may_be_a_number() {
    for (amount, expected) in [
        (json!("0.01"), Some("0.01")),
        (json!(0.01), Some("0.01")),
        (json!(2), Some("2")),
        (json!(1e-7), Some("0.0000001")),
        (json!(null), None),
    ] {
        let ask = read(json!({"rivulet": {"max_cost": amount}})).unwrap();
        let expected = expected.map(|it| it.parse().unwrap());
        assert_eq!(ask.options.max_cost, expected, "{amount}");
    }
    for amount in [json!("much"), json!([1]), json!(true)] {
        refused(json!({"rivulet": {"max_cost": amount}}), "body");
    }
}

#[test]
fn a_result_is_of_the_tool_that_was_called() {
    let messages = json!([
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "a", "arguments": null}},
            {"id": "2", "type": "function", "function": {"name": "b"}},
        ]},
        {"role": "tool", "tool_call_id": "2", "content": "x"},
        {"role": "tool", "tool_call_id": "1", "content": "y"},
        {"role": "tool", "tool_call_id": "3", "content": "z"},
    ]);
    let ask = read(json!({"messages": messages})).unwrap();
    let parts = ask.chat.messages.iter().flat_map(|message| &message.parts);
    let mut names = Vec::new();
    for part in parts {
        match part {
            Part::ToolCall { arguments, .. } => assert_eq!(arguments, ""),
            Part::ToolResult { name, .. } => names.push(name.as_deref()),
            _ => {}
        }
    }
    assert_eq!(names, [Some("b"), Some("a"), None]);
}

#[test]
fn an_image_has_the_media_type_that_providers_know() {
    for (address, expected) in [
        ("data:image/png;base64,AAAA", "image/png"),
        ("data:image/png;charset=utf-8;base64,AAAA", "image/png"),
        ("data:image/jpg;base64,AAAA", "image/jpeg"),
        ("data:IMAGE/GIF;base64,AAAA", "image/gif"),
    ] {
        let content = json!([{"type": "image_url", "image_url": {"url": address}}]);
        let ask = read(json!({"messages": [{"role": "user", "content": content}]})).unwrap();
        let expected = Part::Image(Image::Data {
            media_type: expected.to_owned(),
            base64: "AAAA".to_owned(),
        });
        assert_eq!(ask.chat.messages[0].parts, [expected]);
    }
}

#[test]
fn who_has_no_key_is_nobody() {
    let body = json!({"messages": [{"role": "user", "content": "Hi"}]}).to_string();
    let owner = |key: Option<&'static str>| {
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(key));
        }
        let ask = Ask::read(&headers, body.as_bytes()).unwrap();
        ask.options.owner
    };
    assert_eq!(owner(None), None);
    assert!(owner(Some("Bearer a")).is_some());
    assert_eq!(owner(Some("Bearer a")), owner(Some("Bearer a")));
    assert_ne!(owner(Some("Bearer a")), owner(Some("Bearer b")));
}
