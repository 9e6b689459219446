//! What is so in every format: answers that go well.

use serde_json::{Value, json};

use crate::formats::{Anthropic, FORMATS, Format, Gemini, Ollama, OpenAi, Responses, Turn};
use crate::hearing::{Heard, hear, hear_whole};
use crate::lab::{Lab, Received};

const TEXT: &str = "Grüße, world!\n\n```rust\nfn main() {}\n```\n\"quoted\" \\ 雨 🌧";

/// The answer both ways, which must be the same.
async fn both(lab: &Lab, format: Format, script: Value) -> Heard {
    let mut script = script;
    // Only chat completions have to be asked for usage.
    script["usage"] = "last".into();
    let received = format.ask(lab, true, &script).await;
    assert_eq!(received.status, 200);
    assert!(received.error.is_none());
    let streamed = hear(format, &received);
    let received = format.ask(lab, false, &script).await;
    assert_eq!(received.status, 200);
    assert!(received.header("content-type").unwrap().contains("json"));
    assert_eq!(hear_whole(format, &received), streamed, "{format:?}");
    streamed
}

#[tokio::test]
async fn text_and_thinking_are_said_and_counted() {
    let lab = Lab::new().await;
    for format in FORMATS {
        let heard = both(&lab, format, json!({"text": TEXT, "thinking_tokens": 5})).await;
        assert_eq!(heard.text, TEXT, "{format:?}");
        assert!(heard.thinking.starts_with("(simulated"), "{format:?}");
        assert!(heard.complete);
        let reason = match format {
            OpenAi | Ollama => "stop",
            Responses => "completed",
            Anthropic => "end_turn",
            Gemini => "STOP",
        };
        assert_eq!(heard.reason.as_deref(), Some(reason));
        let (prompt, completion, thinking) = heard.usage.unwrap();
        assert!(prompt > 0);
        assert_eq!(completion, 26, "{format:?}");
        assert!(thinking == 5 || matches!(format, Anthropic | Ollama));
    }
}

#[tokio::test]
async fn tools_are_called() {
    let lab = Lab::new().await;
    for format in FORMATS {
        let script = json!({"text": "Wait.", "thinking_tokens": 2, "tool_calls": [
            {"name": "weather", "arguments": {"city": "Oslo", "days": [1, 2]}},
            {"name": "now"},
        ]});
        let heard = both(&lab, format, script).await;
        assert_eq!(heard.text, "Wait.", "{format:?}");
        let expected = [
            (
                "weather".to_owned(),
                json!({"city": "Oslo", "days": [1, 2]}),
            ),
            ("now".to_owned(), json!({})),
        ];
        assert_eq!(heard.tools, expected, "{format:?}");
        let reason = match format {
            OpenAi => "tool_calls",
            Responses => "completed",
            Anthropic => "tool_use",
            Gemini => "STOP",
            Ollama => "stop",
        };
        assert_eq!(heard.reason.as_deref(), Some(reason));
    }
}

#[tokio::test]
async fn ends_have_each_formats_reason() {
    let lab = Lab::new().await;
    let check = async |reason: &str, expected: [Option<&str>; 5]| {
        let script = json!({"text": "a", "finish_reason": reason});
        for (format, expected) in FORMATS.into_iter().zip(expected) {
            let heard = both(&lab, format, script.clone()).await;
            assert_eq!(heard.reason.as_deref(), expected, "{format:?} {reason}");
        }
    };
    check(
        "length",
        [
            Some("length"),
            Some("max_output_tokens"),
            Some("max_tokens"),
            Some("MAX_TOKENS"),
            Some("length"),
        ],
    )
    .await;
    check(
        "content_filter",
        [
            Some("content_filter"),
            Some("content_filter"),
            Some("refusal"),
            Some("SAFETY"),
            Some("stop"),
        ],
    )
    .await;
    check("pause_turn", [Some("pause_turn"); 5]).await;

    let unsaid = json!({"text": "a", "finish_reason": ""});
    for format in [OpenAi, Anthropic, Gemini, Ollama] {
        let heard = hear(format, &format.ask(&lab, true, &unsaid).await);
        assert_eq!((heard.reason, heard.text.as_str()), (None, "a"));
    }
}

#[tokio::test]
async fn the_limit_on_tokens_holds_in_every_format() {
    let lab = Lab::new().await;
    for format in FORMATS {
        for stream in [true, false] {
            let mut body = format.body("guide", stream, &[("user", "hello")]);
            body["simulate"] = json!({"tokens": 10, "usage": "last"});
            match format {
                OpenAi | Anthropic => body["max_tokens"] = 4.into(),
                Responses => body["max_output_tokens"] = 4.into(),
                Gemini => body["generationConfig"] = json!({"maxOutputTokens": 4}),
                Ollama => body["options"] = json!({"num_predict": 4}),
            }
            let request = format.request(&lab, "guide", stream, &body);
            let received = Received::read(request.send().await.unwrap()).await;
            let heard = if stream {
                hear(format, &received)
            } else {
                hear_whole(format, &received)
            };
            assert_eq!(heard.text, "water runs over stone", "{format:?}");
            assert_eq!(heard.usage.unwrap().1, 4, "{format:?}");
            let reason = heard.reason.unwrap().to_lowercase();
            assert!(reason.contains("max") || reason == "length", "{reason}");
        }
    }
}

#[tokio::test]
async fn the_shape_of_a_stream_changes_nothing() {
    let lab = Lab::new().await;
    for format in FORMATS {
        for shape in [
            json!({"framing": "lf"}),
            json!({"framing": "crlf", "bom": true}),
            json!({"framing": "cr"}),
            json!({"comments": true, "chunk_tokens": 3}),
            json!({"split_bytes": 7}),
        ] {
            let mut script = shape.clone();
            script["text"] = TEXT.into();
            let mut received = format.ask(&lab, true, &script).await;
            if format == Ollama && shape["bom"] == true {
                let first = &mut received.pieces[0];
                assert_eq!(first.drain(..3).as_slice(), "\u{feff}".as_bytes());
            }
            let heard = hear(format, &received);
            assert_eq!(heard.text, TEXT, "{format:?} {shape}");
            assert!(heard.complete, "{format:?} {shape}");
        }
    }
}

#[tokio::test]
async fn what_was_begun_goes_on_in_every_format() {
    let lab = Lab::new().await;
    let check = async |turns: &[Turn], script: Value, expected: &str| {
        for format in FORMATS {
            let received = format.say(&lab, turns, &script).await;
            let heard = hear(format, &received);
            assert_eq!(heard.text, expected, "{format:?} {turns:?} {script}");
            assert!(heard.complete);
        }
    };
    let script = |how: &str| json!({"text": "one two three four five six", "continuation": how});
    let begun: [Turn; 3] = [
        ("system", "Be brief."),
        ("user", "q"),
        ("assistant", "one two three four five"),
    ];
    check(&begun, script("restart"), " six").await;
    let asked = [&begun[..], &[("user", "Continue, please.")]].concat();
    check(&asked, script("exact"), "six").await;
    check(&asked, script("overlap"), "two three four five six").await;
    check(&asked, script("restart"), "one two three four five six").await;
    check(
        &asked,
        script("differ"),
        "Something else entirely: one two three four five six",
    )
    .await;
    let counted: [Turn; 3] = [
        ("user", "count from 1 to 5"),
        ("assistant", "Simulated count:\n\n1 2"),
        ("user", "Continue exactly where you stopped."),
    ];
    check(&counted, json!({}), "3 4 5").await;
    check(&counted[..2], json!({}), " 3 4 5").await;
}

#[tokio::test]
async fn images_and_results_of_tools_are_taken() {
    let lab = Lab::new().await;
    let url = "data:image/png;base64,AA==";
    for (format, messages) in [
        (
            OpenAi,
            json!([
                {"role": "user", "content": [
                    {"type": "text", "text": "repeat x"},
                    {"type": "image_url", "image_url": {"url": url}},
                ]},
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "t", "arguments": "{}"}},
                ]},
                {"role": "tool", "tool_call_id": "c", "content": "4"},
            ]),
        ),
        (
            Responses,
            json!([
                {"role": "user", "content": [
                    {"type": "input_text", "text": "repeat x"},
                    {"type": "input_image", "image_url": url},
                ]},
                {"type": "reasoning", "id": "r", "summary": []},
                {"type": "function_call", "call_id": "c", "name": "t", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": "4"},
            ]),
        ),
        (
            Anthropic,
            json!([
                {"role": "user", "content": [
                    {"type": "text", "text": "repeat x"},
                    {"type": "image", "source": {
                        "type": "base64", "media_type": "image/png", "data": "AA==",
                    }},
                ]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "tool_use", "id": "c", "name": "t", "input": {}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "c", "content": "4"},
                ]},
            ]),
        ),
        (
            Gemini,
            json!([
                {"role": "user", "parts": [
                    {"text": "repeat x"},
                    {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
                ]},
                {"role": "model", "parts": [
                    {"text": "hm", "thought": true},
                    {"functionCall": {"name": "t", "args": {}}, "thoughtSignature": "s"},
                ]},
                {"role": "user", "parts": [
                    {"functionResponse": {"name": "t", "response": {"result": 4}}},
                ]},
            ]),
        ),
        (
            Ollama,
            json!([
                {"role": "user", "content": "repeat x", "images": ["AA=="]},
                {"role": "assistant", "content": "", "tool_calls": [
                    {"function": {"name": "t", "arguments": {}}},
                ]},
                {"role": "tool", "tool_name": "t", "content": "4"},
            ]),
        ),
    ] {
        let mut body = format.body("guide", true, &[]);
        let field = match format {
            Responses => "input",
            Gemini => "contents",
            _ => "messages",
        };
        body[field] = messages;
        body["tools"] = json!([{"name": "t"}]);
        body["simulate"] = json!({});
        let request = format.request(&lab, "guide", true, &body);
        let received = Received::read(request.send().await.unwrap()).await;
        let heard = hear(format, &received);
        assert_eq!(heard.text, "Simulated echo:\n\nx", "{format:?}");
        let requests = lab.client.get(lab.url("/control/requests"));
        let requests: Value = requests.send().await.unwrap().json().await.unwrap();
        let last = requests.as_array().unwrap().last().unwrap();
        assert_eq!(last["last_role"], "tool", "{format:?}");
        assert_eq!(last["had_tools"], true, "{format:?}");
    }
}
