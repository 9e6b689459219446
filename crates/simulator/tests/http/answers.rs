//! Answers that go well, in all the shapes a script can give them.

use serde_json::{Value, json};

use crate::lab::{Lab, Received, ask};

const TEXT: &str = "Grüße, world!\n\n```rust\nfn main() {}\n```\n\"quoted\" \\ 雨 🌧";

#[tokio::test]
async fn a_stream_says_the_text_between_role_and_end() {
    let received = Lab::new().await.stream(json!({"text": TEXT})).await;
    assert_eq!(received.status, 200);
    assert!(
        received
            .header("content-type")
            .unwrap()
            .starts_with("text/event-stream")
    );
    assert_eq!(received.text(), TEXT);
    assert_eq!(received.finish_reason().as_deref(), Some("stop"));
    assert!(received.is_done());
    let chunks = received.chunks();
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    for chunk in &chunks {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!(chunk["id"], chunks[0]["id"]);
        assert_eq!(chunk["created"], chunks[0]["created"]);
        assert_eq!(chunk["model"], "guide");
        assert_eq!(chunk.get("usage"), None);
    }
}

#[tokio::test]
async fn the_shape_of_the_stream_does_not_change_the_text() {
    let lab = Lab::new().await;
    let check = async |mut script: Value| {
        script["text"] = TEXT.into();
        let received = lab.stream(script.clone()).await;
        assert_eq!(received.text(), TEXT, "{script}");
        assert!(received.is_done(), "{script}");
        received
    };
    let crlf = check(json!({"framing": "crlf"})).await.string();
    assert!(crlf.ends_with("data: [DONE]\r\n\r\n"));
    let cr = check(json!({"framing": "cr"})).await.string();
    assert!(cr.ends_with("data: [DONE]\r\r"));
    let bom = check(json!({"bom": true})).await.string();
    assert!(bom.starts_with("\u{feff}data: "));
    let commented = check(json!({"comments": true})).await;
    let (events, comments) = commented.events();
    assert_eq!(comments, events.len() as u64);
    for bytes in [1, 7, 64] {
        let split = check(json!({"split_bytes": bytes, "framing": "crlf"})).await;
        assert!(split.pieces.iter().all(|piece| piece.len() <= bytes));
    }
    let single = check(json!({})).await.deltas("content").len();
    let triple = check(json!({"chunk_tokens": 3})).await;
    assert_eq!(triple.deltas("content").len(), single.div_ceil(3));
    check(json!({"tokens_per_second": 5000, "first_token_ms": 5})).await;
}

#[tokio::test]
async fn the_number_of_tokens_is_exact() {
    let lab = Lab::new().await;
    for tokens in [0, 1, 17, 5000] {
        let received = lab
            .stream(json!({"tokens": tokens, "thinking_tokens": 9, "usage": "last"}))
            .await;
        assert_eq!(received.deltas("content").len(), tokens);
        assert_eq!(received.deltas("reasoning_content").len(), 9);
        let usage = received.chunks().pop().unwrap()["usage"].clone();
        assert_eq!(usage["completion_tokens"], tokens + 9);
        assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 9);
        let prompt = usage["prompt_tokens"].as_u64().unwrap();
        assert!(prompt > 0);
        assert_eq!(usage["total_tokens"], prompt + tokens as u64 + 9);
    }
    let cut_short = lab
        .stream(json!({"text": "one two three", "tokens": 2}))
        .await;
    assert_eq!(cut_short.text(), "one two");
    assert_eq!(cut_short.finish_reason().as_deref(), Some("stop"));
}

#[tokio::test]
async fn usage_is_where_the_script_puts_it() {
    /// Which chunks, counted from the end, report usage; and whether one has
    /// no choices.
    fn places(received: &Received) -> (Vec<usize>, bool) {
        let chunks = received.chunks();
        let reporting = chunks.iter().rev().enumerate();
        let places = reporting
            .filter(|(_, chunk)| chunk["usage"].is_object())
            .map(|(place, _)| place);
        let bare = chunks
            .iter()
            .any(|chunk| chunk["choices"].as_array().unwrap().is_empty());
        (places.collect(), bare)
    }
    let lab = Lab::new().await;
    let check = async |usage: &str, expected: &[usize], bare: bool| {
        let received = lab.stream(json!({"tokens": 2, "usage": usage})).await;
        assert_eq!(places(&received), (expected.to_vec(), bare), "{usage}");
        assert_eq!(received.finish_reason().as_deref(), Some("stop"));
    };
    check("last", &[0], true).await;
    check("on_finish_chunk", &[0], false).await;
    check("on_delta_chunk", &[0], false).await;
    check("never", &[], false).await;
    check("repeated", &[0, 1, 2, 3], true).await;

    let mut asked = ask(json!({"tokens": 2}));
    asked["stream_options"] = json!({"include_usage": true});
    let received = Received::read(lab.request(asked).send().await.unwrap()).await;
    assert_eq!(places(&received), (vec![0], true));
    let chunks = received.chunks();
    assert!(chunks[0].as_object().unwrap().contains_key("usage"));
}

#[tokio::test]
async fn the_end_is_as_scripted() {
    let lab = Lab::new().await;
    let check = async |script: Value, reason: Option<&str>, done: bool| {
        let received = lab.stream(script.clone()).await;
        assert_eq!(received.finish_reason().as_deref(), reason, "{script}");
        assert_eq!(received.is_done(), done, "{script}");
        assert!(received.error.is_none());
    };
    check(json!({"text": "a", "done": false}), Some("stop"), false).await;
    check(
        json!({"text": "a", "finish_reason": "content_filter"}),
        Some("content_filter"),
        true,
    )
    .await;
    check(json!({"text": "a", "finish_reason": ""}), None, true).await;
}

#[tokio::test]
async fn tools_are_called_in_fragments() {
    let calls = json!([
        {"name": "weather", "arguments": {"city": "Oslo"}},
        {"name": "now"},
        {"name": "broken", "arguments": "{\"a\":"},
    ]);
    let lab = Lab::new().await;
    let received = lab.stream(json!({"tool_calls": calls})).await;
    let mut heard: Vec<(String, String)> = Vec::new();
    for chunk in received.chunks() {
        let fragment = &chunk["choices"][0]["delta"]["tool_calls"][0];
        if let Some(name) = fragment["function"]["name"].as_str() {
            assert_eq!(fragment["index"], heard.len());
            assert_eq!(fragment["type"], "function");
            assert!(fragment["id"].is_string());
            heard.push((name.to_owned(), String::new()));
        }
        if let Some(more) = fragment["function"]["arguments"].as_str() {
            heard.last_mut().unwrap().1.push_str(more);
        }
    }
    let expected = [
        ("weather", "{\"city\":\"Oslo\"}"),
        ("now", ""),
        ("broken", "{\"a\":"),
    ];
    let expected = expected.map(|(name, arguments)| (name.to_owned(), arguments.to_owned()));
    assert_eq!(heard, expected);
    assert_eq!(received.text(), "");
    assert_eq!(received.finish_reason().as_deref(), Some("tool_calls"));

    let whole = lab.whole(json!({"tool_calls": calls})).await.json();
    let choice = &whole["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], Value::Null);
    for (index, (name, arguments)) in expected.iter().enumerate() {
        let function = &choice["message"]["tool_calls"][index]["function"];
        assert_eq!(function["name"], *name);
        assert_eq!(function["arguments"], *arguments);
    }
}

#[tokio::test]
async fn a_refusal_stands_in_place_of_the_text() {
    let lab = Lab::new().await;
    let script = json!({"refusal": "I will not."});
    let received = lab.stream(script.clone()).await;
    assert_eq!(received.deltas("refusal").concat(), "I will not.");
    assert_eq!(received.text(), "");
    let message = lab.whole(script).await.json()["choices"][0]["message"].clone();
    assert_eq!(message["refusal"], "I will not.");
    assert_eq!(message["content"], Value::Null);
}

#[tokio::test]
async fn an_answer_in_one_piece_is_the_same() {
    let lab = Lab::new().await;
    let script = json!({"text": TEXT, "thinking_tokens": 5, "tokens_per_second": 5000});
    let received = lab.whole(script).await;
    assert_eq!(received.header("content-type"), Some("application/json"));
    let whole = received.json();
    assert_eq!(whole["object"], "chat.completion");
    assert_eq!(whole["choices"][0]["message"]["content"], TEXT);
    assert_eq!(whole["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        whole["usage"]["completion_tokens_details"]["reasoning_tokens"],
        5
    );
    let thinking = whole["choices"][0]["message"]["reasoning_content"].as_str();
    assert!(thinking.unwrap().starts_with("(simulated"));
}

#[tokio::test]
async fn the_limit_on_tokens_holds() {
    let lab = Lab::new().await;
    for field in ["max_tokens", "max_completion_tokens"] {
        for stream in [true, false] {
            let mut body = ask(json!({"tokens": 10, "thinking_tokens": 2, "usage": "last"}));
            body[field] = 5.into();
            body["stream"] = stream.into();
            let received = Received::read(lab.request(body).send().await.unwrap()).await;
            let last = if stream {
                assert_eq!(received.finish_reason().as_deref(), Some("length"));
                received.chunks().pop().unwrap()
            } else {
                let whole = received.json();
                assert_eq!(whole["choices"][0]["finish_reason"], "length");
                whole
            };
            assert_eq!(last["usage"]["completion_tokens"], 5);
        }
    }
    let mut enough = ask(json!({"tokens": 5}));
    enough["max_tokens"] = 5.into();
    let received = Received::read(lab.request(enough).send().await.unwrap()).await;
    assert_eq!(received.finish_reason().as_deref(), Some("stop"));
}

#[tokio::test]
async fn a_script_may_come_in_a_header() {
    let lab = Lab::new().await;
    let request = lab
        .request(ask(json!({"text": "body"})))
        .header("x-simulate", r#"{"text": "header"}"#);
    let received = Received::read(request.send().await.unwrap()).await;
    assert_eq!(received.text(), "header");
}
