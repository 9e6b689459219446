//! Each fault in each format, as a caller meets it.

use serde_json::{Value, json};

use crate::formats::{Anthropic, FORMATS, Format, Gemini, Ollama, OpenAi, Responses};
use crate::hearing::{hear, hear_whole};
use crate::lab::{Lab, Received};

/// Ten tokens and a fault.
fn script(fault: &Value) -> Value {
    json!({"text": "a b c d e f g h i j", "fault": fault})
}

#[tokio::test]
async fn statuses_have_each_providers_words() {
    let lab = Lab::new().await;
    // OpenAI's code, Anthropic's type, Gemini's status.
    let table: [(u16, Option<&str>, &str, &str); 14] = [
        (400, None, "invalid_request_error", "INVALID_ARGUMENT"),
        (
            401,
            Some("invalid_api_key"),
            "authentication_error",
            "UNAUTHENTICATED",
        ),
        (
            402,
            Some("credit_balance_exhausted"),
            "billing_error",
            "FAILED_PRECONDITION",
        ),
        (
            403,
            Some("unsupported_country_region_territory"),
            "permission_error",
            "PERMISSION_DENIED",
        ),
        (404, Some("model_not_found"), "not_found_error", "NOT_FOUND"),
        (
            408,
            Some("request_timeout"),
            "timeout_error",
            "DEADLINE_EXCEEDED",
        ),
        (409, None, "conflict_error", "ABORTED"),
        (
            413,
            Some("request_too_large"),
            "request_too_large",
            "INVALID_ARGUMENT",
        ),
        (
            429,
            Some("rate_limit_exceeded"),
            "rate_limit_error",
            "RESOURCE_EXHAUSTED",
        ),
        (500, None, "api_error", "INTERNAL"),
        (502, None, "api_error", "UNAVAILABLE"),
        (
            503,
            Some("server_is_overloaded"),
            "api_error",
            "UNAVAILABLE",
        ),
        (504, None, "timeout_error", "DEADLINE_EXCEEDED"),
        (529, None, "overloaded_error", "UNAVAILABLE"),
    ];
    for (status, openai, anthropic, gemini) in table {
        for format in FORMATS {
            let fault = json!({"kind": "status", "status": status, "message": "no"});
            let received = format.ask(&lab, true, &script(&fault)).await;
            assert_eq!(received.status, status, "{format:?}");
            let body = received.json();
            let error = &body["error"];
            match format {
                OpenAi | Responses => {
                    assert_eq!(error["code"].as_str(), openai, "{status}");
                    assert_eq!(error["message"], "no");
                    assert!(error["type"].is_string() && error["param"].is_null());
                }
                Anthropic => {
                    assert_eq!(body["type"], "error");
                    assert_eq!(*error, json!({"type": anthropic, "message": "no"}));
                    let id = received.header("request-id").unwrap();
                    assert_eq!(body["request_id"], id);
                }
                Gemini => {
                    assert_eq!(error["status"], gemini, "{status}");
                    assert_eq!(error["code"], status);
                    assert_eq!(error["message"], "no");
                }
                Ollama => assert_eq!(body, json!({"error": "no"})),
            }
        }
    }
}

#[tokio::test]
async fn waits_are_said_where_each_provider_says_them() {
    let lab = Lab::new().await;
    let fault = json!({
        "kind": "status", "status": 429, "retry_after_ms": 1500, "retry_after": 2,
    });
    for format in FORMATS {
        let received = format.ask(&lab, true, &script(&fault)).await;
        let has_headers = !matches!(format, Gemini | Ollama);
        assert_eq!(received.header("retry-after"), has_headers.then_some("2"));
        let milliseconds = received.header("retry-after-ms");
        assert_eq!(milliseconds, has_headers.then_some("1500"));
        let reset = received.header("anthropic-ratelimit-requests-reset");
        assert_eq!(reset.is_some(), format == Anthropic);
        if format == Gemini {
            let details = received.json()["error"]["details"].clone();
            let info = details
                .as_array()
                .unwrap()
                .iter()
                .find(|detail| detail["@type"] == "type.googleapis.com/google.rpc.RetryInfo");
            assert_eq!(info.unwrap()["retryDelay"], "1.500s");
        }
    }
    let fault = json!({"kind": "status", "status": 503, "retry_after": "31"});
    let received = Gemini.ask(&lab, false, &script(&fault)).await;
    let details = received.json()["error"]["details"].clone();
    assert_eq!(details[0]["retryDelay"], "31s");
}

#[tokio::test]
async fn pages_resets_and_cuts_are_the_same_everywhere() {
    let lab = Lab::new().await;
    for format in FORMATS {
        let page = format
            .ask(&lab, true, &script(&json!({"kind": "html"})))
            .await;
        assert_eq!(page.status, 502);
        assert!(page.string().starts_with("<html>"));

        let reset = script(&json!({"kind": "reset"}));
        let sent = format.scripted(&lab, true, &reset).send().await;
        assert!(sent.is_err(), "{format:?}");
        for kind in ["reset", "cut"] {
            let fault = json!({"kind": kind, "after_tokens": 3});
            let received = format.ask(&lab, true, &script(&fault)).await;
            assert!(received.error.is_some(), "{format:?} {kind}");
            let heard = hear(format, &received);
            assert_eq!(heard.text, "a b c", "{format:?} {kind}");
            assert!(!heard.complete && heard.reason.is_none());
        }
        let fault = json!({"kind": "cut"});
        let whole = format.ask(&lab, false, &script(&fault)).await;
        assert!(whole.error.is_some(), "{format:?}");
    }
}

#[tokio::test]
async fn silence_within_a_stream_lasts_until_the_caller_closes() {
    let lab = Lab::new().await;
    for format in FORMATS {
        let before = lab.simulator.stats();
        let fault = json!({"kind": "silence", "after_tokens": 4});
        let request = format.scripted(&lab, true, &script(&fault));
        let mut response = request.send().await.unwrap();
        let text = first_bytes(&mut response, " d").await;
        assert!(!text.contains(" e"), "{format:?}");
        drop(response);
        let stats = lab.wait_for(|stats| stats.open == 0).await;
        assert_eq!(stats.closed_by_caller, before.closed_by_caller + 1);
        assert_eq!(stats.tokens_sent, before.tokens_sent + 4);
    }
}

#[tokio::test]
async fn a_stream_may_stay_open_after_its_end() {
    let lab = Lab::new().await;
    for format in FORMATS {
        let script = json!({"text": "a", "hang_after_end": true});
        let mut response = format.scripted(&lab, true, &script).send().await.unwrap();
        let end = match format {
            OpenAi => "[DONE]",
            Responses => "event: response.completed",
            Anthropic => "event: message_stop",
            Gemini => "STOP",
            Ollama => "\"done\":true",
        };
        first_bytes(&mut response, end).await;
        let more = tokio::time::timeout(std::time::Duration::from_millis(50), response.chunk());
        assert!(more.await.is_err(), "{format:?}: it ended");
        assert_eq!(lab.simulator.stats().open, 0, "all was said");
    }
}

/// Reads until `mark` was there.
async fn first_bytes(response: &mut reqwest::Response, mark: &str) -> String {
    let mut text = String::new();
    while !text.contains(mark) {
        let piece = response.chunk().await.unwrap();
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
    }
    text
}

#[tokio::test]
async fn a_bad_event_does_not_end_an_answer() {
    let lab = Lab::new().await;
    for format in FORMATS {
        // One within thinking, one before anything was said, one in text.
        for after_tokens in [0, 2, 6] {
            let script = |kind: &str| {
                json!({
                    "text": "a b c d e f g h i j",
                    "thinking_tokens": 4,
                    "fault": {"kind": kind, "after_tokens": after_tokens},
                })
            };
            let garbage = format.ask(&lab, true, &script("garbage")).await;
            assert!(garbage.string().contains("\"mal"));
            let heard = hear(format, &garbage);
            assert_eq!(heard.text, "a b c d e f g h i j", "{format:?}");
            assert!(heard.complete, "{format:?}");

            let invalid = format.ask(&lab, true, &script("invalid_utf8")).await;
            assert!(std::str::from_utf8(&invalid.bytes()).is_err());
            let heard = hear(format, &invalid);
            let text = heard.text.replace('\u{fffd}', "");
            assert_eq!(text, "a b c d e f g h i j", "{format:?}");
            assert!(heard.complete, "{format:?}");

            let huge = format.ask(&lab, true, &script("huge_event")).await.string();
            let longest = huge.lines().map(str::len).max().unwrap();
            assert!(longest > 1 << 20, "{format:?}");
        }
        for kind in ["garbage", "invalid_utf8"] {
            let whole = format
                .ask(&lab, false, &script(&json!({"kind": kind})))
                .await;
            assert!(serde_json::from_slice::<Value>(&whole.bytes()).is_err());
        }
        let whole = format
            .ask(&lab, false, &script(&json!({"kind": "huge_event"})))
            .await;
        assert!(whole.bytes().len() > 1 << 20);
    }
}

#[tokio::test]
async fn errors_within_an_answer_have_each_formats_shape() {
    let lab = Lab::new().await;
    let check = async |format: Format, kind: &str, expected: Value| {
        let fault = json!({
            "kind": kind, "after_tokens": 2, "status": 503, "message": "busy",
        });
        let received = format.ask(&lab, true, &script(&fault)).await;
        assert_eq!(received.status, 200);
        let heard = hear(format, &received);
        assert_eq!(heard.text, "a b", "{format:?} {kind}");
        assert!(!heard.complete && heard.reason.is_none() && received.error.is_none());
        assert_eq!(heard.error, Some(expected), "{format:?} {kind}");
        let whole = format.ask(&lab, false, &script(&fault)).await;
        assert_eq!(whole.status, 200);
        assert!(!whole.json()["error"].is_null());
        received
    };
    let openai = json!({
        "message": "busy", "type": "service_unavailable_error", "param": null,
        "code": "server_is_overloaded",
    });
    check(OpenAi, "error_in_stream", openai).await;
    check(OpenAi, "plain_error_in_stream", "busy".into()).await;

    let flat = json!({
        "type": "error", "code": "server_is_overloaded", "message": "busy", "param": null,
        "sequence_number": 6,
    });
    check(Responses, "error_in_stream", flat).await;
    let failed = json!({"code": "server_is_overloaded", "message": "busy"});
    let received = check(Responses, "plain_error_in_stream", failed).await;
    let (name, last) = received.named_events().pop().unwrap();
    assert_eq!(name, "response.failed");
    assert_eq!(last["response"]["status"], "failed");

    let anthropic = json!({"type": "api_error", "message": "busy"});
    let received = check(Anthropic, "error_in_stream", anthropic).await;
    let (name, last) = received.named_events().pop().unwrap();
    assert_eq!((name.as_str(), &last["type"]), ("error", &json!("error")));
    check(Anthropic, "plain_error_in_stream", "busy".into()).await;

    let gemini = json!({"code": 503, "message": "busy", "status": "UNAVAILABLE"});
    check(Gemini, "error_in_stream", gemini.clone()).await;
    check(Ollama, "error_in_stream", "busy".into()).await;
    check(Ollama, "plain_error_in_stream", "busy".into()).await;

    let fault = json!({
        "kind": "plain_error_in_stream", "after_tokens": 2, "status": 503, "message": "busy",
    });
    let received = Gemini.ask(&lab, true, &script(&fault)).await.string();
    let tail = received.rsplit("\r\n\r\n").next().unwrap();
    assert!(tail.starts_with("{\n  \"error\": {\n"), "{tail}");
    let tail: Value = serde_json::from_str(tail).unwrap();
    assert_eq!(tail["error"], gemini);
}

#[tokio::test]
async fn the_mark_at_the_end_can_be_left_out_where_there_is_one() {
    let lab = Lab::new().await;
    for format in FORMATS {
        let script = json!({"text": "a", "done": false});
        let received = format.ask(&lab, true, &script).await;
        let heard = hear(format, &received);
        assert!(heard.reason.is_some());
        assert_eq!(heard.complete, !matches!(format, OpenAi | Anthropic));
    }
}

#[tokio::test]
async fn content_is_refused_in_each_providers_way() {
    let lab = Lab::new().await;
    for stream in [true, false] {
        let ask = async |format: Format, after: Option<u64>| -> Received {
            let fault = json!({"kind": "refused_content", "after_tokens": after});
            format.ask(&lab, stream, &script(&fault)).await
        };
        for format in [OpenAi, Responses] {
            let received = ask(format, None).await;
            assert_eq!(received.status, 400);
            let error = &received.json()["error"];
            assert_eq!(error["code"], "content_policy_violation");
        }
        let received = ask(Ollama, None).await;
        assert_eq!(received.status, 400);
        let error = received.json()["error"].clone();
        assert!(error.as_str().unwrap().contains("content policy"));

        let understand = if stream { hear } else { hear_whole };
        for (format, reason) in [(Anthropic, "refusal"), (Gemini, "SAFETY")] {
            let received = ask(format, None).await;
            assert_eq!(received.status, 200);
            let heard = understand(format, &received);
            assert_eq!(heard.text, "");
            assert!(heard.complete);
            assert_eq!(heard.reason.as_deref(), Some(reason));
            assert!(!received.string().contains("candidates\""));
        }
        for (format, reason) in [
            (OpenAi, "content_filter"),
            (Anthropic, "refusal"),
            (Gemini, "SAFETY"),
        ] {
            let heard = understand(format, &ask(format, Some(3)).await);
            assert_eq!(heard.text, "a b c", "{format:?}");
            assert_eq!(heard.reason.as_deref(), Some(reason));
        }
        for format in [Responses, Ollama] {
            let received = ask(format, Some(3)).await;
            assert_eq!(received.status, 200);
            assert!(received.string().contains("content"));
            if stream {
                let heard = hear(format, &received);
                assert_eq!(heard.text, "a b c");
                assert!(heard.error.is_some() && !heard.complete);
            } else {
                assert!(!received.json()["error"].is_null());
            }
        }
    }
}
