//! The exact shapes of Anthropic's Messages.

use serde_json::{Value, json};

use crate::formats::Anthropic;
use crate::lab::{Lab, Received};

#[tokio::test]
async fn a_stream_has_every_event_in_its_place() {
    let lab = Lab::new().await;
    let script = json!({
        "text": "a b", "thinking_tokens": 1,
        "tool_calls": [{"name": "weather", "arguments": {"b": 1}}],
        "chunk_tokens": 100,
    });
    let received = Anthropic.ask(&lab, true, &script).await;
    let content_type = received.header("content-type").unwrap();
    assert!(content_type.starts_with("text/event-stream"));
    assert!(received.header("request-id").unwrap().starts_with("req_"));
    let events = received.named_events();
    for (name, data) in &events {
        assert_eq!(data["type"], name.as_str());
    }
    let message = &events[0].1["message"];
    assert!(message["id"].as_str().unwrap().starts_with("msg_"));
    assert_eq!(
        *message,
        json!({
            "id": message["id"], "type": "message", "role": "assistant", "model": "guide",
            "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": {
                "input_tokens": 6, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0, "output_tokens": 1,
            },
        })
    );
    let start = |index: u64, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta = |index: u64, kind: &str, field: &str, text: &str| {
        json!({
            "type": "content_block_delta", "index": index, "delta": {"type": kind, field: text},
        })
    };
    let stop = |index: u64| json!({"type": "content_block_stop", "index": index});
    let signature = events[4].1["delta"]["signature"].as_str().unwrap();
    let rest: Vec<Value> = events.iter().skip(1).map(|event| event.1.clone()).collect();
    let expected = [
        start(
            0,
            json!({"type": "thinking", "thinking": "", "signature": ""}),
        ),
        json!({"type": "ping"}),
        delta(0, "thinking_delta", "thinking", "("),
        delta(0, "signature_delta", "signature", signature),
        stop(0),
        start(1, json!({"type": "text", "text": ""})),
        delta(1, "text_delta", "text", "a b"),
        stop(1),
        start(
            2,
            json!({"type": "tool_use", "id": "toolu_sim0", "name": "weather", "input": {}}),
        ),
        delta(2, "input_json_delta", "partial_json", ""),
        delta(2, "input_json_delta", "partial_json", "{\"b\":1}"),
        stop(2),
        json!({
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": null},
            "usage": {
                "input_tokens": 6, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0, "output_tokens": 8,
            },
        }),
        json!({"type": "message_stop"}),
    ];
    assert_eq!(rest, expected);
}

#[tokio::test]
async fn a_message_in_one_piece_has_blocks() {
    let lab = Lab::new().await;
    let script = json!({
        "text": "a", "thinking_tokens": 1, "tool_calls": [{"name": "now"}],
    });
    let whole = Anthropic.ask(&lab, false, &script).await.json();
    let content = json!([
        {"type": "thinking", "thinking": "(", "signature": whole["content"][0]["signature"]},
        {"type": "text", "text": "a"},
        {"type": "tool_use", "id": "toolu_sim0", "name": "now", "input": {}},
    ]);
    assert_eq!(whole["content"], content);
    assert_eq!(whole["type"], "message");
    assert_eq!(whole["role"], "assistant");
    assert_eq!(whole["stop_sequence"], Value::Null);
    assert_eq!(whole.get("stop_details"), None);
}

#[tokio::test]
async fn a_refusal_is_a_stop_reason_with_details() {
    let lab = Lab::new().await;
    let script = json!({"fault": {"kind": "refused_content"}});
    let events = Anthropic.ask(&lab, true, &script).await.named_events();
    let names: Vec<&str> = events.iter().map(|event| event.0.as_str()).collect();
    assert_eq!(names, ["message_start", "message_delta", "message_stop"]);
    let delta = &events[1].1["delta"];
    assert_eq!(delta["stop_reason"], "refusal");
    assert_eq!(delta["stop_details"]["type"], "refusal");
    let whole = Anthropic.ask(&lab, false, &script).await.json();
    assert_eq!(whole["content"], json!([]));
    assert_eq!(whole["stop_details"]["type"], "refusal");

    let worded = json!({"refusal": "I will not."});
    let whole = Anthropic.ask(&lab, false, &worded).await.json();
    assert_eq!(whole["content"][0]["text"], "I will not.");
    assert_eq!(whole["stop_reason"], "refusal");
}

#[tokio::test]
async fn what_a_request_must_have_is_said() {
    let lab = Lab::new().await;
    let check = async |body: Value, message: &str| {
        let request = Anthropic.request(&lab, "guide", true, &body);
        let received = Received::read(request.send().await.unwrap()).await;
        assert_eq!(received.status, 400, "{body}");
        let error = received.json()["error"].clone();
        assert_eq!(error["type"], "invalid_request_error");
        let said = error["message"].as_str().unwrap();
        assert!(said.contains(message), "{body}: {said}");
    };
    let messages = json!([{"role": "user", "content": "hi"}]);
    check(
        json!({"model": "guide", "messages": messages}),
        "max_tokens: Field required",
    )
    .await;
    check(
        json!({"model": "guide", "messages": messages, "max_tokens": 0}),
        "max_tokens",
    )
    .await;
    check(
        json!({"messages": messages, "max_tokens": 9}),
        "model: Field required",
    )
    .await;
    check(json!({"model": "guide", "max_tokens": 9}), "messages").await;
    check(
        json!({"model": "guide", "max_tokens": 9, "messages": [{"role": "system"}]}),
        "role",
    )
    .await;
    let body = Anthropic.body("guide", true, &[("user", "hi")]).to_string();
    let received = lab.post("/v1/messages", body).await;
    let message = received.json()["error"]["message"].clone();
    assert_eq!(message, "anthropic-version: header is required");
    assert_eq!(lab.simulator.stats().by_format["anthropic"].failed, 6);
}

#[tokio::test]
async fn models_are_listed_in_anthropics_shape_when_asked_so() {
    let lab = Lab::new().await;
    let request = lab.client.get(lab.url("/v1/models"));
    let request = request.header("anthropic-version", "2023-06-01");
    let models: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(models["has_more"], false);
    assert_eq!(models["first_id"], "guide");
    assert_eq!(models["last_id"], "fragile");
    let first = &models["data"][0];
    assert_eq!(first["type"], "model");
    assert_eq!(first["id"], "guide");
    assert_eq!(first["display_name"], "Guide");
    assert!(first["created_at"].is_string());
}
