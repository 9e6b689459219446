//! Each fault, as a caller meets it.

use std::error::Error;
use std::io;

use serde_json::{Value, json};

use crate::lab::{Lab, Received, ask};

/// Ten tokens and a fault.
fn script(fault: Value) -> Value {
    json!({"text": "a b c d e f g h i j", "fault": fault})
}

/// The kind of the I/O error at the root of a client's error.
fn io_kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut kind = None;
    while let Some(error) = cause {
        kind = error
            .downcast_ref::<io::Error>()
            .map(io::Error::kind)
            .or(kind);
        cause = error.source();
    }
    kind
}

#[tokio::test]
async fn statuses_come_with_openais_error_and_wait_hints() {
    let lab = Lab::new().await;
    let check = async |fault: Value, status: u16, kind: &str, code: Value| {
        for received in [
            lab.stream(script(fault.clone())).await,
            lab.whole(script(fault.clone())).await,
        ] {
            assert_eq!(received.status, status, "{fault}");
            let error = &received.json()["error"];
            assert_eq!(error["type"], kind, "{fault}");
            assert_eq!(error["code"], code, "{fault}");
            assert_eq!(error["param"], Value::Null);
            let message = fault["message"].as_str();
            let message = message.unwrap_or("The simulator was told to fail.");
            assert_eq!(error["message"], message);
            for hint in ["retry-after-ms", "retry-after"] {
                let wanted = match &fault[hint.replace('-', "_")] {
                    Value::Null => None,
                    Value::String(text) => Some(text.clone()),
                    number => Some(number.to_string()),
                };
                assert_eq!(received.header(hint), wanted.as_deref(), "{fault}");
            }
        }
    };
    check(json!({"kind": "status"}), 500, "server_error", Value::Null).await;
    check(
        json!({"kind": "status", "status": 401}),
        401,
        "invalid_request_error",
        "invalid_api_key".into(),
    )
    .await;
    check(
        json!({"kind": "status", "status": 429, "retry_after_ms": 1500, "retry_after": 1.5}),
        429,
        "rate_limit_error",
        "rate_limit_exceeded".into(),
    )
    .await;
    check(
        json!({"kind": "status", "status": 503, "retry_after": "Sun, 06 Nov 1994 08:49:37 GMT"}),
        503,
        "service_unavailable_error",
        "server_is_overloaded".into(),
    )
    .await;
    check(
        json!({"kind": "status", "status": 400, "code": "context_length_exceeded", "message": "too long"}),
        400,
        "invalid_request_error",
        "context_length_exceeded".into(),
    )
    .await;
}

#[tokio::test]
async fn a_proxys_page_is_not_json() {
    let received = Lab::new()
        .await
        .stream(script(json!({"kind": "html"})))
        .await;
    assert_eq!(received.status, 502);
    assert!(received.header("content-type").unwrap().contains("html"));
    assert!(received.string().starts_with("<html>"));
}

#[tokio::test]
async fn a_reset_before_the_headers_is_a_reset() {
    let lab = Lab::new().await;
    for stream in [true, false] {
        let mut body = ask(script(json!({"kind": "reset"})));
        body["stream"] = stream.into();
        let error = lab.request(body).send().await.unwrap_err();
        assert_eq!(io_kind(&error), Some(io::ErrorKind::ConnectionReset));
    }
    let stats = lab.wait_for(|stats| stats.open_connections == 0).await;
    assert_eq!((stats.failed, stats.open), (2, 0));
}

#[tokio::test]
async fn a_reset_within_the_answer_comes_after_its_tokens() {
    let lab = Lab::new().await;
    let received = lab
        .stream(script(json!({"kind": "reset", "after_tokens": 3})))
        .await;
    assert_eq!(received.text(), "a b c");
    let error = received.error.as_ref().unwrap();
    assert_eq!(io_kind(error), Some(io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_cut_is_an_early_close_and_no_reset() {
    let lab = Lab::new().await;
    let check = async |after: Option<u64>, text: &str| {
        let fault = json!({"kind": "cut", "after_tokens": after});
        let received = lab.stream(script(fault)).await;
        assert_eq!(received.status, 200);
        assert_eq!(received.text(), text);
        assert_eq!(received.finish_reason(), None);
        let error = received.error.as_ref().unwrap();
        assert_ne!(io_kind(error), Some(io::ErrorKind::ConnectionReset));
    };
    check(None, "a b c d e").await;
    check(Some(0), "").await;
    check(Some(1), "a").await;
    check(Some(10), "a b c d e f g h i j").await;
    check(Some(99), "a b c d e f g h i j").await;

    let whole = lab.whole(script(json!({"kind": "cut"}))).await;
    assert!(whole.error.is_some());
    assert!(whole.bytes().starts_with(b"{"));
    let stats = lab.wait_for(|stats| stats.open == 0).await;
    assert_eq!((stats.failed, stats.closed_by_caller), (6, 0));
}

#[tokio::test]
async fn silence_lasts_until_the_caller_closes() {
    let lab = Lab::new().await;
    let silent = ask(script(json!({"kind": "silence"})));
    let mut silent_whole = silent.clone();
    silent_whole["stream"] = false.into();
    for body in [silent, silent_whole] {
        let before = lab.simulator.stats();
        let request = lab.request(body);
        let call = tokio::spawn(async move { request.send().await });
        lab.wait_for(|stats| stats.open == 1).await;
        call.abort();
        let stats = lab.wait_for(|stats| stats.open == 0).await;
        assert_eq!(stats.closed_by_caller, before.closed_by_caller + 1);
    }
    for after_tokens in [0, 4] {
        let before = lab.simulator.stats();
        let fault = json!({"kind": "silence", "after_tokens": after_tokens});
        let request = lab.request(ask(script(fault)));
        let mut response = request.send().await.unwrap();
        if after_tokens > 0 {
            assert!(response.chunk().await.unwrap().is_some());
        }
        assert_eq!(lab.simulator.stats().open, 1);
        drop(response);
        let stats = lab.wait_for(|stats| stats.open == 0).await;
        assert_eq!(stats.closed_by_caller, before.closed_by_caller + 1);
        assert_eq!(stats.tokens_sent, before.tokens_sent + after_tokens);
    }
    lab.wait_for(|stats| stats.open_connections == 0).await;
}

#[tokio::test]
async fn a_bad_event_does_not_end_the_answer() {
    let lab = Lab::new().await;
    let check = async |kind: &str| {
        let received = lab
            .stream(script(json!({"kind": kind, "after_tokens": 4})))
            .await;
        assert!(received.error.is_none(), "{kind}");
        received
    };
    let garbage = check("garbage").await;
    assert_eq!(garbage.text(), "a b c d e f g h i j");
    let (events, _) = garbage.events();
    let broken = events
        .iter()
        .filter(|event| serde_json::from_str::<Value>(event).is_err());
    assert_eq!(broken.collect::<Vec<_>>().len(), 2, "one, and [DONE]");
    assert!(garbage.is_done());

    let invalid = check("invalid_utf8").await;
    assert!(std::str::from_utf8(&invalid.bytes()).is_err());
    assert_eq!(
        invalid.text().replace('\u{fffd}', ""),
        "a b c d e f g h i j"
    );

    let huge = check("huge_event").await.string();
    let longest = huge.split("\n\n").map(str::len).max().unwrap();
    assert!(longest > 1 << 20);
    assert!(huge.ends_with("data: [DONE]\n\n"));
}

#[tokio::test]
async fn an_error_inside_the_stream_ends_it() {
    let lab = Lab::new().await;
    let fault = json!({
        "kind": "error_in_stream", "after_tokens": 2, "status": 503, "message": "busy",
    });
    let received = lab.stream(script(fault.clone())).await;
    assert_eq!(received.status, 200);
    assert_eq!(received.text(), "a b");
    let last = received.chunks().pop().unwrap();
    assert_eq!(last["error"]["message"], "busy");
    assert_eq!(last["error"]["code"], "server_is_overloaded");
    assert!(received.error.is_none() && !received.is_done());
    let whole = lab.whole(script(fault)).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.json()["error"]["message"], "busy");

    let fault = json!({"kind": "plain_error_in_stream", "message": "busy"});
    let received = lab.stream(script(fault.clone())).await;
    assert_eq!(received.text(), "a b c d e");
    assert_eq!(received.chunks().pop().unwrap(), json!({"error": "busy"}));
    let whole = lab.whole(script(fault)).await;
    assert_eq!(whole.json(), json!({"error": "busy"}));
    assert_eq!(lab.simulator.stats().failed, 4);
}

#[tokio::test]
async fn bad_bodies_in_one_piece() {
    let lab = Lab::new().await;
    let check = async |kind: &str| lab.whole(script(json!({"kind": kind}))).await.bytes();
    let garbage = check("garbage").await;
    assert!(serde_json::from_slice::<Value>(&garbage).is_err());
    let invalid = check("invalid_utf8").await;
    assert!(String::from_utf8(invalid).is_err());
    assert!(check("huge_event").await.len() > 1 << 20);
}

#[tokio::test]
async fn only_the_first_requests_of_a_key_meet_a_fault_with_times() {
    let lab = Lab::new().await;
    let fault = script(json!({"kind": "status", "times": 2}));
    let mut keyed = fault.clone();
    keyed["key"] = "other".into();
    let statuses = async |script: &Value| {
        let mut statuses = Vec::new();
        for _ in 0..4 {
            statuses.push(lab.stream(script.clone()).await.status);
        }
        statuses
    };
    assert_eq!(statuses(&fault).await, [500, 500, 200, 200]);
    assert_eq!(statuses(&keyed).await, [500, 500, 200, 200]);
    let with_header = lab.request(ask(keyed)).header("x-simulate-key", "third");
    let received = Received::read(with_header.send().await.unwrap()).await;
    assert_eq!(received.status, 500);
}
