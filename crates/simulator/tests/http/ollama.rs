//! The exact shapes of Ollama's own format.

use serde_json::{Value, json};

use crate::formats::Ollama;
use crate::lab::{Lab, Received};

#[tokio::test]
async fn a_stream_is_a_line_for_each_message() {
    let lab = Lab::new().await;
    let script = json!({
        "text": "a b", "thinking_tokens": 1, "tokens_per_second": 1000,
        "tool_calls": [{"name": "weather", "arguments": {"b": 1}}],
    });
    let received = Ollama.ask(&lab, true, &script).await;
    let content_type = received.header("content-type").unwrap();
    assert_eq!(content_type, "application/x-ndjson");
    let text = received.string();
    assert!(text.ends_with("}\n"));
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let messages: Vec<&Value> = lines.iter().map(|line| &line["message"]).collect();
    let call = json!({
        "id": "call_sim0",
        "function": {"index": 0, "name": "weather", "arguments": {"b": 1}},
    });
    let expected = [
        json!({"role": "assistant", "content": "", "thinking": "("}),
        json!({"role": "assistant", "content": "a"}),
        json!({"role": "assistant", "content": " b"}),
        json!({"role": "assistant", "content": "", "tool_calls": [call]}),
        json!({"role": "assistant", "content": ""}),
    ];
    assert_eq!(messages, expected.iter().collect::<Vec<_>>());
    for line in &lines {
        assert_eq!(line["model"], "guide");
        assert!(line["created_at"].as_str().unwrap().ends_with('Z'));
    }
    assert!(lines[..4].iter().all(|line| line["done"] == false));
    let last = &lines[4];
    assert_eq!(last["done"], true);
    assert_eq!(last["done_reason"], "stop");
    assert_eq!(last["prompt_eval_count"], 6);
    assert_eq!(last["eval_count"], 8);
    let nanoseconds = |field: &str| last[field].as_u64().unwrap();
    assert!(nanoseconds("eval_duration") > 5_000_000);
    assert!(nanoseconds("total_duration") > nanoseconds("eval_duration"));
    assert!(nanoseconds("load_duration") > 0 && nanoseconds("prompt_eval_duration") > 0);
}

#[tokio::test]
async fn it_streams_unless_told_not_to() {
    let lab = Lab::new().await;
    let mut body = Ollama.body("guide", true, &[("user", "hello")]);
    body["simulate"] = json!({"text": "a b", "thinking_tokens": 1});
    body.as_object_mut().unwrap().remove("stream");
    let received = lab.post("/api/chat", body.to_string()).await;
    assert_eq!(received.string().lines().count(), 4);

    body["stream"] = false.into();
    let whole = lab.post("/api/chat", body.to_string()).await.json();
    let message = json!({"role": "assistant", "content": "a b", "thinking": "("});
    assert_eq!(whole["message"], message);
    assert_eq!(whole["done"], true);
    assert_eq!(whole["done_reason"], "stop");
    assert_eq!(whole["eval_count"], 3);
}

#[tokio::test]
async fn models_are_listed_and_shown() {
    let lab = Lab::new().await;
    let set = json!({"model": "llama:8b", "script": {"context_tokens": 4096}});
    lab.post("/control/script", set.to_string()).await;
    let get = async |path: &str| {
        let response = lab.client.get(lab.url(path)).send().await.unwrap();
        Received::read(response).await.json()
    };
    let tags = get("/api/tags").await;
    let names: Vec<&str> = tags["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["name"].as_str().unwrap())
        .collect();
    let expected = [
        "guide", "thinker", "slow", "novelist", "fragile", "llama:8b",
    ];
    assert_eq!(names, expected);
    assert!(get("/api/version").await["version"].is_string());
    let shown = lab
        .post("/api/show", r#"{"model": "llama:8b"}"#)
        .await
        .json();
    let info = &shown["model_info"];
    assert_eq!(info["general.architecture"], "simulated");
    assert_eq!(info["simulated.context_length"], 4096);
    let capabilities = shown["capabilities"].as_array().unwrap();
    assert!(capabilities.contains(&"completion".into()));
}

#[tokio::test]
async fn errors_are_sentences() {
    let lab = Lab::new().await;
    let check = async |path: &str, body: &str, status: u16, error: &str| {
        let received = lab.post(path, body.to_owned()).await;
        assert_eq!(received.status, status, "{path} {body}");
        let said = received.json()["error"].clone();
        assert!(said.as_str().unwrap().contains(error), "{said}");
    };
    check("/api/chat", "{", 400, "could not be read").await;
    check("/api/chat", r#"{"messages": []}"#, 400, "model is required").await;
    let unknown = r#"{"model": "x", "messages": [{"role": "user", "content": "a"}]}"#;
    check("/api/chat", unknown, 404, "model 'x' not found").await;
    check("/api/show", r#"{"model": "x"}"#, 404, "model 'x' not found").await;
    check("/api/nothing", "{}", 404, "nothing at this path").await;
}
