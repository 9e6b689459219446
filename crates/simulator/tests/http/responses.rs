//! The exact shapes of OpenAI's Responses.

use serde_json::{Value, json};

use crate::formats::Responses;
use crate::lab::{Lab, Received};

#[tokio::test]
async fn a_stream_has_every_event_in_its_place() {
    let lab = Lab::new().await;
    let script = json!({
        "text": "a b", "thinking_tokens": 1,
        "tool_calls": [{"name": "weather", "arguments": {"b": 1}}],
        "chunk_tokens": 100,
    });
    let received = Responses.ask(&lab, true, &script).await;
    let content_type = received.header("content-type").unwrap();
    assert!(content_type.starts_with("text/event-stream"));
    let events = received.named_events();
    for (index, (name, data)) in events.iter().enumerate() {
        assert_eq!(data["type"], name.as_str());
        assert_eq!(data["sequence_number"], index);
    }
    let names: Vec<&str> = events
        .iter()
        .map(|event| event.0.strip_prefix("response.").unwrap())
        .collect();
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ];
    assert_eq!(names, expected);
    let data = |index: usize| &events[index].1;
    let created = &data(0)["response"];
    assert_eq!(created["status"], "in_progress");
    assert_eq!(created["object"], "response");
    assert_eq!(created["usage"], Value::Null);
    assert_eq!(
        *data(4),
        json!({
            "type": "response.reasoning_summary_text.delta", "sequence_number": 4,
            "item_id": data(2)["item"]["id"], "output_index": 0, "summary_index": 0,
            "delta": "(",
        })
    );
    let message = data(8)["item"]["id"].clone();
    assert_eq!(
        *data(10),
        json!({
            "type": "response.output_text.delta", "sequence_number": 10, "item_id": message,
            "output_index": 1, "content_index": 0, "delta": "a b", "logprobs": [],
        })
    );
    assert_eq!(data(11)["text"], "a b");
    assert_eq!(data(12)["part"]["text"], "a b");
    let call = data(14)["item"].clone();
    assert_eq!(call["type"], "function_call");
    assert_eq!(call["arguments"], "");
    assert_eq!(
        *data(15),
        json!({
            "type": "response.function_call_arguments.delta", "sequence_number": 15,
            "item_id": call["id"], "output_index": 2, "delta": "{\"b\":1}",
        })
    );
    assert_eq!(data(16)["name"], "weather");
    assert_eq!(data(16)["arguments"], "{\"b\":1}");
    let response = &data(18)["response"];
    assert_eq!(response["id"], created["id"]);
    assert_eq!(response["status"], "completed");
    for (index, done) in [7, 13, 17].into_iter().enumerate() {
        assert_eq!(response["output"][index], data(done)["item"]);
    }
    assert_eq!(
        response["usage"],
        json!({
            "input_tokens": 6,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 8,
            "output_tokens_details": {"reasoning_tokens": 1},
            "total_tokens": 14,
        })
    );
}

#[tokio::test]
async fn a_response_in_one_piece_has_the_same_items() {
    let lab = Lab::new().await;
    let script = json!({"text": "a", "thinking_tokens": 1, "tool_calls": [{"name": "now"}]});
    let whole = Responses.ask(&lab, false, &script).await.json();
    let output = &whole["output"];
    let id = |index: usize| output[index]["id"].clone();
    let expected = json!([
        {"type": "reasoning", "id": id(0), "summary": [{"type": "summary_text", "text": "("}]},
        {
            "type": "message", "id": id(1), "status": "completed", "role": "assistant",
            "content": [
                {"type": "output_text", "text": "a", "annotations": [], "logprobs": []},
            ],
        },
        {
            "type": "function_call", "id": id(2), "call_id": "call_sim0", "status": "completed",
            "name": "now", "arguments": "",
        },
    ]);
    assert_eq!(*output, expected);
    assert_eq!(whole["status"], "completed");
    assert_eq!(whole["error"], Value::Null);
    assert_eq!(whole["incomplete_details"], Value::Null);
}

#[tokio::test]
async fn a_refusal_is_a_part_of_its_own() {
    let lab = Lab::new().await;
    let script = json!({"refusal": "I will not.", "chunk_tokens": 100});
    let events = Responses.ask(&lab, true, &script).await.named_events();
    let find = |name: &str| {
        let event = events.iter().find(|event| event.0 == name);
        event.unwrap_or_else(|| panic!("no {name}")).1.clone()
    };
    assert_eq!(find("response.refusal.delta")["delta"], "I will not.");
    assert_eq!(find("response.refusal.done")["refusal"], "I will not.");
    let completed = find("response.completed");
    let part = &completed["response"]["output"][0]["content"][0];
    assert_eq!(*part, json!({"type": "refusal", "refusal": "I will not."}));
}

#[tokio::test]
async fn an_incomplete_response_says_why() {
    let lab = Lab::new().await;
    let mut body = Responses.body("guide", true, &[("user", "hello")]);
    body["simulate"] = json!({"tokens": 5});
    body["max_output_tokens"] = 2.into();
    let request = Responses.request(&lab, "guide", true, &body);
    let received = Received::read(request.send().await.unwrap()).await;
    let (name, last) = received.named_events().pop().unwrap();
    assert_eq!(name, "response.incomplete");
    let response = &last["response"];
    assert_eq!(response["status"], "incomplete");
    let details = json!({"reason": "max_output_tokens"});
    assert_eq!(response["incomplete_details"], details);
    assert_eq!(response["output"][0]["status"], "incomplete");
}

#[tokio::test]
async fn refused_content_fails_the_response() {
    let lab = Lab::new().await;
    let fault = json!({"kind": "refused_content", "after_tokens": 0, "message": "No."});
    let received = Responses.ask(&lab, true, &json!({"fault": fault})).await;
    let (name, last) = received.named_events().pop().unwrap();
    assert_eq!(name, "response.failed");
    let error = json!({"code": "content_policy_violation", "message": "No."});
    assert_eq!(last["response"]["error"], error);
}

#[tokio::test]
async fn the_input_may_be_a_text() {
    let lab = Lab::new().await;
    let body = json!({"model": "guide", "input": "repeat x"});
    let received = lab.post("/v1/responses", body.to_string()).await;
    let text = received.json()["output"][0]["content"][0]["text"].clone();
    assert_eq!(text, "Simulated echo:\n\nx");
    for body in [json!({"model": "guide"}), json!({"input": "x"})] {
        let received = lab.post("/v1/responses", body.to_string()).await;
        assert_eq!(received.status, 400, "{body}");
        assert!(received.json()["error"]["param"].is_string());
    }
}
