//! What a script makes a model object to, and what it reports about itself, in
//! every format.

use serde_json::{Value, json};

use crate::formats::{Anthropic, FORMATS, Format, Gemini, Ollama, OpenAi, Responses};
use crate::hearing::hear;
use crate::lab::{Lab, Received};

/// The message of an error, and its code where it has one.
fn error_of(format: Format, received: &Received) -> (String, String) {
    let body = received.json();
    let error = &body["error"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match format {
        OpenAi | Responses => (text(&error["message"]), text(&error["code"])),
        Anthropic => (text(&error["message"]), text(&error["type"])),
        Gemini => (text(&error["message"]), text(&error["status"])),
        Ollama => (text(error), String::new()),
    }
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_told_so() {
    let lab = Lab::new().await;
    // "hello" is two tokens, and its frame four.
    for (script, tokens, limit) in [
        (json!({"context_tokens": 5}), 6, 5),
        (json!({"fault": {"kind": "context_too_long"}}), 8193, 8192),
    ] {
        for format in FORMATS {
            let received = format.ask(&lab, true, &script).await;
            assert_eq!(received.status, 400, "{format:?}");
            let (message, code) = error_of(format, &received);
            let (said, expected_code) = match format {
                OpenAi | Responses => (
                    format!("maximum context length is {limit} tokens"),
                    "context_length_exceeded",
                ),
                Anthropic => (
                    format!("prompt is too long: {tokens} tokens > {limit} maximum"),
                    "invalid_request_error",
                ),
                Gemini => (
                    format!(
                        "The input token count ({tokens}) exceeds the maximum number of tokens \
                         allowed ({limit})."
                    ),
                    "INVALID_ARGUMENT",
                ),
                Ollama => (
                    format!("exceeds the available context size ({limit} tokens)"),
                    "",
                ),
            };
            assert!(message.contains(&said), "{message}");
            assert_eq!(code, expected_code);
        }
    }
    let fits = json!({"text": "a", "context_tokens": 6});
    let received = OpenAi.ask(&lab, true, &fits).await;
    assert_eq!(received.status, 200);
    assert_eq!(lab.simulator.stats().failed, 10);
}

#[tokio::test]
async fn prefill_streams_and_parameters_can_be_refused() {
    let lab = Lab::new().await;
    let turns = [("user", "q"), ("assistant", "one")];
    for format in FORMATS {
        let script = json!({"text": "one two", "refuse_prefill": true});
        let received = format.say(&lab, &turns, &script).await;
        assert_eq!(received.status, 400);
        let (message, _) = error_of(format, &received);
        if format == Anthropic {
            assert_eq!(
                message,
                "This model does not support assistant message prefill. The conversation must \
                 end with a user message."
            );
        }
        let received = format.say(&lab, &turns[..1], &script).await;
        assert_eq!(hear(format, &received).text, "one two");

        let script = json!({"text": "one", "refuse_streaming": true});
        let received = format.ask(&lab, true, &script).await;
        assert_eq!(received.status, 400);
        let (message, _) = error_of(format, &received);
        assert!(message.contains("Streaming is not supported for this model."));
        if format == OpenAi {
            assert_eq!(received.json()["error"]["param"], "stream");
        }
        assert_eq!(format.ask(&lab, false, &script).await.status, 200);

        let name = match format {
            OpenAi | Responses | Ollama => "stop",
            Anthropic => "stop_sequences",
            Gemini => "stopSequences",
        };
        let script = json!({"text": "one", "refuse_parameters": ["seed", name]});
        let mut body = format.body("guide", true, &[("user", "hello")]);
        body["simulate"] = script.clone();
        match format {
            Gemini => body["generationConfig"] = json!({name: ["x"]}),
            Ollama => body["options"] = json!({name: ["x"]}),
            _ => body[name] = json!(["x"]),
        }
        let request = format.request(&lab, "guide", true, &body);
        let received = Received::read(request.send().await.unwrap()).await;
        assert_eq!(received.status, 400, "{format:?}");
        let (message, code) = error_of(format, &received);
        assert!(message.contains(name), "{message}");
        if format == OpenAi {
            assert_eq!(code, "unsupported_parameter");
            assert_eq!(received.json()["error"]["param"], name);
        }
        assert_eq!(format.ask(&lab, true, &script).await.status, 200);
    }
}

#[tokio::test]
async fn only_the_right_key_opens() {
    let lab = Lab::new().await;
    let script = json!({"text": "a", "require_key": "sk-right"});
    for format in FORMATS {
        let with_key = async |key: Option<&str>| {
            let request = format.scripted(&lab, true, &script);
            let request = match (format, key) {
                (_, None) => request,
                (Anthropic, Some(key)) => request.header("x-api-key", key),
                (Gemini, Some(key)) => request.header("x-goog-api-key", key),
                (_, Some(key)) => request.bearer_auth(key),
            };
            Received::read(request.send().await.unwrap()).await
        };
        assert_eq!(with_key(Some("sk-right")).await.status, 200, "{format:?}");
        let wrong = with_key(Some("sk-wrong")).await;
        let missing = with_key(None).await;
        assert!(!wrong.string().contains("sk-wrong"));
        let (message, code) = error_of(format, &wrong);
        // Google answers a wrong key with a 400.
        let (status, without, expected_code) = match format {
            OpenAi | Responses => (401, 401, "invalid_api_key"),
            Anthropic => (401, 401, "authentication_error"),
            Gemini => (400, 403, "INVALID_ARGUMENT"),
            Ollama => (401, 401, ""),
        };
        assert_eq!((wrong.status, missing.status), (status, without));
        assert_eq!(code, expected_code, "{message}");
        if format == Gemini {
            let reason = &wrong.json()["error"]["details"][0]["reason"];
            assert_eq!(*reason, "API_KEY_INVALID");
        }
    }
    let request = OpenAi.scripted(&lab, true, &script);
    let wrong_place = request.header("x-api-key", "sk-right");
    assert_eq!(wrong_place.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn limits_are_reported_on_every_response() {
    let lab = Lab::new().await;
    for fault in [Value::Null, json!({"kind": "status", "status": 503})] {
        let script = json!({"text": "a", "fault": fault, "rate_limit": {
            "limit_requests": 10, "remaining_requests": 3, "remaining_tokens": 0,
            "reset_ms": 61_500,
        }});
        for stream in [true, false] {
            for format in [OpenAi, Responses] {
                let received = format.ask(&lab, stream, &script).await;
                let header = |name: &str| received.header(&format!("x-ratelimit-{name}"));
                assert_eq!(header("limit-requests"), Some("10"));
                assert_eq!(header("remaining-requests"), Some("3"));
                assert_eq!(header("remaining-tokens"), Some("0"));
                assert_eq!(header("limit-tokens"), None);
                assert_eq!(header("reset-requests"), Some("1m1.5s"));
                assert!(received.header("x-request-id").is_some());
            }
            let received = Anthropic.ask(&lab, stream, &script).await;
            let header = |name: &str| received.header(&format!("anthropic-ratelimit-{name}"));
            assert_eq!(header("requests-limit"), Some("10"));
            assert_eq!(header("requests-remaining"), Some("3"));
            assert_eq!(header("tokens-remaining"), Some("0"));
            let reset = header("requests-reset").unwrap();
            assert_eq!((reset.len(), reset.ends_with('Z')), (20, true), "{reset}");
        }
    }
}

#[tokio::test]
async fn cached_tokens_are_reported_in_each_formats_way() {
    let lab = Lab::new().await;
    let script = json!({
        "text": "a b", "thinking_tokens": 3, "usage": "last", "cached_tokens": 4,
        "cache_write_tokens": 1,
    });
    let whole = async |format: Format| format.ask(&lab, false, &script).await.json();
    let usage = whole(OpenAi).await["usage"].clone();
    assert_eq!(usage["prompt_tokens"], 6);
    let details = json!({"cached_tokens": 4, "cache_write_tokens": 1});
    assert_eq!(usage["prompt_tokens_details"], details);
    let usage = whole(Responses).await["usage"].clone();
    assert_eq!(usage["input_tokens"], 6);
    assert_eq!(usage["input_tokens_details"], details);
    let usage = whole(Anthropic).await["usage"].clone();
    assert_eq!(
        usage,
        json!({
            "input_tokens": 1, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 1,
            "output_tokens": 5,
        })
    );
    let usage = whole(Gemini).await["usageMetadata"].clone();
    assert_eq!(
        usage,
        json!({
            "promptTokenCount": 6, "cachedContentTokenCount": 4, "candidatesTokenCount": 2,
            "thoughtsTokenCount": 3, "totalTokenCount": 11,
        })
    );

    let script = json!({
        "text": "a b", "thinking_tokens": 3, "usage": "last", "xai_usage": true,
    });
    let received = OpenAi.ask(&lab, true, &script).await;
    let usage = received.chunks().pop().unwrap()["usage"].clone();
    assert_eq!(usage["completion_tokens"], 2);
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 3);
    assert_eq!(usage["total_tokens"], 11);
    assert_eq!(usage["cost_in_usd_ticks"], 260_000);

    let never = json!({"text": "a", "usage": "never"});
    for format in FORMATS {
        let received = format.ask(&lab, true, &never).await.string();
        let unused = !received.contains("usage\":{") && !received.contains("usageMetadata");
        assert!(unused && !received.contains("eval_count"), "{format:?}");
    }
}

#[tokio::test]
async fn scripts_and_their_keys_are_found_in_every_format() {
    let lab = Lab::new().await;
    for format in FORMATS {
        let set = json!({"model": "own", "script": {"text": "as set"}});
        lab.post("/control/script", set.to_string()).await;
        let ask = async |header: Option<(&str, &str)>| {
            let body = format.body("own", true, &[("user", "hello")]);
            let mut request = format.request(&lab, "own", true, &body);
            if let Some((name, value)) = header {
                request = request.header(name, value);
            }
            Received::read(request.send().await.unwrap()).await
        };
        assert_eq!(hear(format, &ask(None).await).text, "as set");
        let header = Some(("x-simulate", r#"{"text": "header"}"#));
        assert_eq!(hear(format, &ask(header).await).text, "header");

        let once = json!({"fault": {"kind": "status", "status": 503, "times": 1}});
        let set = json!({"model": "own", "script": once});
        lab.post("/control/script", set.to_string()).await;
        for key in ["x", "y"] {
            let key = format!("{}-{key}", format.name());
            let header = Some(("x-simulate-key", key.as_str()));
            assert_eq!(ask(header).await.status, 503, "{format:?}");
            assert_eq!(ask(header).await.status, 200, "{format:?}");
        }
        let body = format.body("nobody", true, &[("user", "hello")]);
        let request = format.request(&lab, "nobody", true, &body);
        let received = Received::read(request.send().await.unwrap()).await;
        assert_eq!(received.status, 404);
        assert!(error_of(format, &received).0.contains("nobody"));
    }
}
