use serde_json::{Value, json};

use super::request_tests::{asking, bare_tool, sent};
use crate::{ChatRequest, Params, Tool, ToolChoice};

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
            strict: Some(false),
        },
    ];
    let choice = |tool_choice, parallel_tool_calls| {
        let params = Params {
            parallel_tool_calls,
            ..Params::default()
        };
        let request = ChatRequest {
            tools: tools.clone().into(),
            tool_choice,
            ..asking("claude-x", params)
        };
        sent(&request).unwrap()
    };
    assert_eq!(
        choice(None, None)["tools"],
        json!([
            {"name": "look", "description": "Looks.", "strict": true,
                "input_schema": {"type": "object", "properties": {"at": {}}}},
            {"name": "wait", "input_schema": {"type": "object", "properties": {}}},
        ])
    );
    let named = || Some(ToolChoice::Named("look".into()));
    for (wanted, parallel, expected) in [
        (None, None, Value::Null),
        (None, Some(true), Value::Null),
        (
            None,
            Some(false),
            json!({"type": "auto", "disable_parallel_tool_use": true}),
        ),
        (Some(ToolChoice::Auto), None, json!({"type": "auto"})),
        (Some(ToolChoice::None), Some(false), json!({"type": "none"})),
        (
            Some(ToolChoice::Required),
            Some(false),
            json!({"type": "any", "disable_parallel_tool_use": true}),
        ),
        (named(), None, json!({"type": "tool", "name": "look"})),
    ] {
        let sent = choice(wanted.clone(), parallel);
        assert_eq!(sent["tool_choice"], expected, "{wanted:?} {parallel:?}");
    }
}

#[test]
fn a_choice_among_no_tools_is_left_out() {
    for choice in [ToolChoice::Auto, ToolChoice::None, ToolChoice::Required] {
        let request = ChatRequest {
            tool_choice: Some(choice),
            ..asking("claude-x", Params::default())
        };
        assert_eq!(sent(&request).unwrap()["tool_choice"], Value::Null);
    }
}

#[test]
fn arguments_are_always_said_to_be_an_object() {
    let at = json!({"at": {"type": "string"}});
    for (parameters, expected) in [
        (json!({}), json!({"type": "object", "properties": {}})),
        (json!(null), json!({"type": "object", "properties": {}})),
        (
            json!({"properties": at}),
            json!({"type": "object", "properties": at}),
        ),
    ] {
        let request = ChatRequest {
            tools: [bare_tool(Some(parameters))].into(),
            ..asking("claude-x", Params::default())
        };
        let sent = sent(&request).unwrap();
        assert_eq!(sent["tools"][0]["input_schema"], expected);
    }
}
