//! The exact shapes of Google's Gemini.

use serde_json::{Value, json};

use crate::formats::Gemini;
use crate::lab::{Lab, Received};

#[tokio::test]
async fn a_stream_is_whole_responses_with_the_next_part() {
    let lab = Lab::new().await;
    let script = json!({
        "text": "a b", "thinking_tokens": 1,
        "tool_calls": [{"name": "weather", "arguments": {"b": 1}}],
    });
    let received = Gemini.ask(&lab, true, &script).await;
    let content_type = received.header("content-type").unwrap();
    assert_eq!(content_type, "text/event-stream");
    let raw = received.string();
    assert!(raw.ends_with("}\r\n\r\n") && !raw.contains("event:") && !raw.contains("[DONE]"));
    let chunks = received.chunks();
    let id = chunks[0]["responseId"].clone();
    let chunk = |part: Value, said: u64, thinking: u64, reason: Option<&str>| {
        let mut usage = json!({
            "promptTokenCount": 6, "thoughtsTokenCount": thinking,
            "totalTokenCount": 6 + said + thinking,
        });
        if said > 0 {
            usage["candidatesTokenCount"] = said.into();
        }
        let mut candidate = json!({"content": {"role": "model", "parts": [part]}, "index": 0});
        if let Some(reason) = reason {
            candidate["finishReason"] = reason.into();
        }
        json!({
            "candidates": [candidate], "usageMetadata": usage, "modelVersion": "guide",
            "responseId": id,
        })
    };
    let signature = &chunks[3]["candidates"][0]["content"]["parts"][0]["thoughtSignature"];
    assert!(signature.is_string());
    let call = json!({
        "functionCall": {"name": "weather", "args": {"b": 1}}, "thoughtSignature": signature,
    });
    let expected = [
        chunk(json!({"text": "(", "thought": true}), 0, 1, None),
        chunk(json!({"text": "a"}), 1, 1, None),
        chunk(json!({"text": " b"}), 2, 1, None),
        chunk(call, 7, 1, None),
        chunk(json!({"text": ""}), 7, 1, Some("STOP")),
    ];
    assert_eq!(chunks, expected);
}

#[tokio::test]
async fn without_sse_a_stream_is_an_array() {
    let lab = Lab::new().await;
    let path = "/v1beta/models/guide:streamGenerateContent";
    let check = async |script: Value, length: usize| {
        let mut body = Gemini.body("guide", true, &[("user", "hello")]);
        body["simulate"] = script;
        let received = lab.post(path, body.to_string()).await;
        assert!(received.header("content-type").unwrap().contains("json"));
        let chunks = received.json();
        assert_eq!(chunks.as_array().unwrap().len(), length);
        chunks
    };
    let chunks = check(json!({"text": "a b"}), 3).await;
    assert_eq!(chunks[2]["candidates"][0]["finishReason"], "STOP");
    check(json!({"text": "a b", "finish_reason": ""}), 2).await;
    let fault = json!({"kind": "error_in_stream", "after_tokens": 1});
    let chunks = check(json!({"text": "a b", "fault": fault}), 2).await;
    assert_eq!(chunks[1]["error"]["status"], "INTERNAL");
}

#[tokio::test]
async fn a_response_in_one_piece_has_all_parts() {
    let lab = Lab::new().await;
    let script = json!({
        "text": "a", "thinking_tokens": 1,
        "tool_calls": [{"name": "now"}, {"name": "then", "arguments": {"b": 1}}],
    });
    let whole = Gemini.ask(&lab, false, &script).await.json();
    let candidate = &whole["candidates"][0];
    let parts = &candidate["content"]["parts"];
    let expected = json!([
        {"text": "(", "thought": true},
        {"text": "a"},
        {
            "functionCall": {"name": "now", "args": {}},
            "thoughtSignature": parts[2]["thoughtSignature"],
        },
        {"functionCall": {"name": "then", "args": {"b": 1}}},
    ]);
    assert_eq!(*parts, expected);
    assert_eq!(candidate["finishReason"], "STOP");
    assert_eq!(whole["usageMetadata"]["thoughtsTokenCount"], 1);

    let broken = json!({"tool_calls": [{"name": "t", "arguments": "{\"a\":"}]});
    for stream in [true, false] {
        let received = Gemini.ask(&lab, stream, &broken).await.string();
        assert!(received.contains("MALFORMED_FUNCTION_CALL"));
        assert!(!received.contains("functionCall"));
    }
}

#[tokio::test]
async fn a_blocked_prompt_has_no_candidates() {
    let lab = Lab::new().await;
    for script in [
        json!({"fault": {"kind": "refused_content"}}),
        json!({"refusal": "I will not."}),
    ] {
        let streamed = Gemini.ask(&lab, true, &script).await.chunks();
        let whole = Gemini.ask(&lab, false, &script).await.json();
        assert_eq!(streamed.len(), 1);
        for response in [&streamed[0], &whole] {
            assert_eq!(response.get("candidates"), None);
            assert_eq!(response["promptFeedback"]["blockReason"], "SAFETY");
            assert!(response["promptFeedback"]["safetyRatings"].is_array());
            assert_eq!(response["usageMetadata"]["promptTokenCount"], 6);
        }
    }
    let late = json!({"text": "a b", "fault": {"kind": "refused_content", "after_tokens": 1}});
    let last = Gemini.ask(&lab, true, &late).await.chunks().pop().unwrap();
    let candidate = json!({"content": {}, "finishReason": "SAFETY", "index": 0});
    assert_eq!(last["candidates"], json!([candidate]));
}

#[tokio::test]
async fn models_are_listed_with_their_limits() {
    let lab = Lab::new().await;
    let set = json!({"model": "guide", "script": {"context_tokens": 100}});
    lab.post("/control/script", set.to_string()).await;
    let get = async |path: &str| {
        Received::read(lab.client.get(lab.url(path)).send().await.unwrap()).await
    };
    let models = get("/v1beta/models").await.json();
    let guide = models["models"][0].clone();
    assert_eq!(guide["name"], "models/guide");
    assert_eq!(guide["displayName"], "Guide");
    assert_eq!(guide["inputTokenLimit"], 100);
    assert!(guide["outputTokenLimit"].is_u64());
    let methods = &guide["supportedGenerationMethods"];
    assert_eq!(*methods, json!(["generateContent"]));
    assert_eq!(get("/v1beta/models/guide").await.json(), guide);
    let missing = get("/v1beta/models/nobody").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json()["error"]["status"], "NOT_FOUND");
}

#[tokio::test]
async fn bad_requests_are_refused_in_googles_words() {
    let lab = Lab::new().await;
    let check = async |path: &str, body: &str, status: u16, word: &str| {
        let received = lab.post(path, body.to_owned()).await;
        assert_eq!(received.status, status, "{path} {body}");
        let error = received.json()["error"].clone();
        assert_eq!(error["status"], word);
        assert_eq!(error["code"], status);
    };
    let path = "/v1beta/models/guide:generateContent";
    check(path, "{", 400, "INVALID_ARGUMENT").await;
    check(path, "{}", 400, "INVALID_ARGUMENT").await;
    let odd = r#"{"contents": [{"role": "system", "parts": []}]}"#;
    check(path, odd, 400, "INVALID_ARGUMENT").await;
    check("/v1beta/models/guide:embed", "{}", 404, "NOT_FOUND").await;
    check("/v1beta/nothing", "{}", 404, "NOT_FOUND").await;
}
