//! Requests that cannot be answered.

use serde_json::{Value, json};

use crate::lab::{Lab, ask};

#[tokio::test]
async fn bad_requests_are_refused_in_openais_words() {
    let lab = Lab::new().await;
    let check = async |body: &str, status: u16, param: Option<&str>, message: &str| {
        let received = lab.post("/v1/chat/completions", body.to_owned()).await;
        assert_eq!(received.status, status, "{body}");
        assert_eq!(received.header("content-type"), Some("application/json"));
        let error = received.json()["error"].clone();
        assert_eq!(error["type"], "invalid_request_error", "{body}");
        assert_eq!(error["param"].as_str(), param, "{body}");
        let said = error["message"].as_str().unwrap();
        assert!(said.contains(message), "{body}: {said}");
        error
    };
    let messages = r#""messages":[{"role":"user","content":"hi"}]"#;
    check("", 400, None, "could not be read").await;
    check("{\"model\":", 400, None, "could not be read").await;
    check("[1]", 400, None, "could not be read").await;
    check(&format!("{{{messages}}}"), 400, Some("model"), "model").await;
    check(r#"{"model":"guide"}"#, 400, Some("messages"), "message").await;
    check(
        r#"{"model":"guide","messages":[]}"#,
        400,
        Some("messages"),
        "message",
    )
    .await;
    check(
        r#"{"model":"guide","messages":"hi"}"#,
        400,
        None,
        "could not be read",
    )
    .await;
    let unknown = format!(r#"{{"model":"nobody",{messages}}}"#);
    let error = check(&unknown, 404, Some("model"), "`nobody`").await;
    assert_eq!(error["code"], "model_not_found");
    assert_eq!(lab.simulator.stats().failed, 8);
}

#[tokio::test]
async fn bad_scripts_are_refused() {
    let lab = Lab::new().await;
    let check = async |script: Value, message: &str| {
        let received = lab.stream(script.clone()).await;
        assert_eq!(received.status, 400, "{script}");
        let error = received.json()["error"]["message"].clone();
        assert!(error.as_str().unwrap().contains(message), "{error}");
    };
    check(json!({"speed": 3}), "unknown field `speed`").await;
    check(json!({"fault": {"kind": "explosion"}}), "explosion").await;
    check(
        json!({"fault": {"kind": "cut", "when": 3}}),
        "unknown field",
    )
    .await;
    check(json!({"tokens_per_second": -1}), "tokens_per_second").await;
    check(json!({"tokens_per_second": 1e-300}), "tokens_per_second").await;
    check(json!({"tokens": 1_000_001}), "tokens").await;
    check(json!({"first_token_ms": u64::MAX}), "first_token_ms").await;
    check(json!({"split_bytes": 0}), "split_bytes").await;
    check(
        json!({"fault": {"kind": "status", "status": 200}}),
        "status",
    )
    .await;
    check(
        json!({"fault": {"kind": "status", "retry_after": "a\nb"}}),
        "retry_after",
    )
    .await;
    check(
        json!({"key": "k".repeat(201), "fault": {"kind": "cut"}}),
        "key",
    )
    .await;

    let request = lab.request(ask(json!({}))).header("x-simulate", "{oops");
    assert_eq!(request.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn wrong_paths_and_methods_are_told_so() {
    let lab = Lab::new().await;
    let nowhere = lab.post("/v1/nothing", "").await;
    assert_eq!(nowhere.status, 404);
    assert_eq!(nowhere.json()["error"]["code"], "unknown_url");
    let method = lab.post("/v1/models", "").await;
    assert_eq!(method.status, 405);
    assert!(method.json()["error"]["message"].is_string());
}
