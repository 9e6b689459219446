//! OpenAI's format in front of the gateway.

mod cache;
mod shape;

use protocol::{AttemptReason, Outcome};
use serde_json::{Value, json};

use crate::{reply::Reply, site::Site};

const CHAT: &str = "/v1/chat/completions";

fn ask(model: &str, more: Value) -> Value {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn read(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

/// The chunks of a stream, and whether it has its end mark.
fn chunks(reply: &Reply) -> (Vec<Value>, bool) {
    let mut chunks = Vec::new();
    for event in reply.body.split("\n\n").filter(|event| !event.is_empty()) {
        let data = event.strip_prefix("data: ").unwrap();
        match data {
            "[DONE]" => return (chunks, true),
            data => chunks.push(serde_json::from_str(data).unwrap()),
        }
    }
    (chunks, false)
}

fn text(chunks: &[Value]) -> String {
    let delta = |chunk: &Value| {
        chunk["choices"][0]["delta"]["content"]
            .as_str()
            .map(str::to_owned)
    };
    chunks.iter().filter_map(delta).collect()
}

#[tokio::test]
async fn an_answer_comes_in_one_piece() {
    let site = Site::new().await;
    site.script(json!({"text": "One two three", "thinking_tokens": 2}))
        .await;
    let reply = site.post(CHAT, &ask("demo/guide", json!({}))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let body = read(&reply);
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["model"], "demo/guide");
    let choice = &body["choices"][0];
    assert_eq!(choice["message"]["role"], "assistant");
    assert_eq!(choice["message"]["content"], "One two three");
    assert!(choice["message"]["reasoning_content"].is_string());
    assert_eq!(choice["finish_reason"], "stop");
    assert_eq!(body["usage"]["completion_tokens"], 5);
    assert_eq!(
        body["usage"]["completion_tokens_details"]["reasoning_tokens"],
        2
    );
    assert_eq!(body["rivulet"]["fallbacks"], 0);
    assert_eq!(body["rivulet"]["cost"], Value::Null, "unknown is not zero");
    assert_eq!(reply.header("x-rivulet-model"), "demo/guide");
    assert_eq!(reply.header("x-rivulet-attempts"), "1");
}

#[tokio::test]
async fn an_answer_comes_as_a_stream() {
    let site = Site::new().await;
    site.script(json!({"text": "One two three"})).await;
    let usage = json!({"stream": true, "stream_options": {"include_usage": true}});
    let reply = site.post(CHAT, &ask("demo/guide", usage)).await;
    assert_eq!(
        reply.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    assert_eq!(reply.header("x-rivulet-model"), "demo/guide");
    let (chunks, done) = chunks(&reply);
    assert!(done);
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(text(&chunks), "One two three");
    let [.., last, counted] = chunks.as_slice() else {
        panic!("{chunks:?}");
    };
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["rivulet"]["model"], "demo/guide");
    assert_eq!(counted["choices"], json!([]));
    assert_eq!(counted["usage"]["completion_tokens"], 3);
    for chunk in &chunks[..chunks.len() - 1] {
        assert_eq!(chunk["usage"], Value::Null);
        assert_eq!(chunk["id"], chunks[0]["id"]);
    }

    let reply = site
        .post(CHAT, &ask("demo/guide", json!({"stream": true})))
        .await;
    let (chunks, _) = self::chunks(&reply);
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()));
}

#[tokio::test]
async fn tools_are_called_and_answered() {
    let site = Site::new().await;
    let calls = json!([{"name": "weather", "arguments": {"city": "Oslo"}}]);
    site.script(json!({"tool_calls": calls})).await;
    let tools = json!({"tools": [{"type": "function", "function": {
        "name": "weather", "parameters": {"type": "object"},
    }}]});
    let reply = site.post(CHAT, &ask("demo/guide", tools.clone())).await;
    let message = read(&reply)["choices"][0]["message"].clone();
    assert_eq!(message["content"], Value::Null);
    let call = &message["tool_calls"][0];
    assert_eq!(call["function"]["name"], "weather");
    assert_eq!(call["function"]["arguments"], r#"{"city":"Oslo"}"#);

    site.script(json!({"text": "Rain."})).await;
    let mut answered = ask("demo/guide", tools);
    answered["messages"] = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "text", "text": "Weather?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        ]},
        message,
        {"role": "tool", "tool_call_id": call["id"], "content": "wet"},
    ]);
    let reply = site.post(CHAT, &answered).await;
    assert_eq!(read(&reply)["choices"][0]["message"]["content"], "Rain.");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_format_of_openai() {
    let site = Site::new().await;
    for (body, status, param, code) in [
        (json!({"model": "demo/guide"}), 400, "body", Value::Null),
        (
            ask("demo/guide", json!({"messages": []})),
            400,
            "messages",
            Value::Null,
        ),
        (ask("demo/guide", json!({"n": 2})), 400, "n", Value::Null),
        (
            ask("demo/guide", json!({"logprobs": true})),
            400,
            "logprobs",
            Value::Null,
        ),
        (
            ask("demo/guide", json!({"temperature": 3})),
            400,
            "temperature",
            Value::Null,
        ),
        (
            ask(
                "demo/guide",
                json!({"messages": [{"role": "oracle", "content": "x"}]}),
            ),
            400,
            "messages",
            Value::Null,
        ),
        (
            ask("demo/guide", json!({"tools": [{"type": "retrieval"}]})),
            400,
            "tools",
            Value::Null,
        ),
    ] {
        let reply = site.post(CHAT, &body).await;
        let error = &read(&reply)["error"];
        assert_eq!(
            (reply.status, error["param"].as_str()),
            (status, Some(param)),
            "{body}"
        );
        assert_eq!(error["code"], code, "{error}");
        assert_eq!(error["type"], "invalid_request_error");
    }
    let reply = site.post(CHAT, &ask("none/such", json!({}))).await;
    assert_eq!(reply.status, 404);
    assert_eq!(read(&reply)["error"]["code"], "model_not_found");
}

#[tokio::test]
async fn a_failure_has_its_status_before_the_first_token_and_a_word_after_it() {
    let site = Site::new().await;
    let refused =
        json!({"fault": {"kind": "status", "status": 400, "code": "content_policy_violation"}});
    site.script(refused).await;
    for stream in [false, true] {
        let reply = site
            .post(CHAT, &ask("demo/guide", json!({"stream": stream})))
            .await;
        assert_eq!(reply.status, 400);
        assert_eq!(read(&reply)["error"]["code"], "content_policy_violation");
        assert_eq!(reply.header("x-rivulet-attempts"), "1");
        assert_eq!(reply.header("x-should-retry"), "false");
    }
    let calls = json!([{"name": "weather", "arguments": "{}{}{}{}{}{}{}"}]);
    site.script(json!({"tool_calls": calls, "fault": {"kind": "cut", "after_tokens": 2}}))
        .await;
    let reply = site
        .post(CHAT, &ask("demo/guide", json!({"stream": true})))
        .await;
    assert_eq!(reply.status, 200);
    let (chunks, done) = chunks(&reply);
    assert!(!done, "what broke off is not called whole");
    assert_eq!(chunks.last().unwrap()["error"]["code"], "cut_off");
}

#[tokio::test]
async fn fallbacks_are_taken_from_the_request_and_everything_is_recorded() {
    let site = Site::new().await;
    site.script(json!({"text": "One two three"})).await;
    let body = ask("absent/model", json!({"fallbacks": ["demo/guide"]}));
    let reply = site.post(CHAT, &body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("x-rivulet-model"), "demo/guide");
    let extras = read(&reply)["rivulet"].clone();
    assert_eq!(extras["fallbacks"], 1);
    let outcomes: Vec<_> = extras["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["reason"].as_str().unwrap(),
                it["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            ("first", "failed"),
            ("retry", "failed"),
            ("retry", "failed"),
            ("fallback", "finished"),
        ]
    );
    let turn = read(&reply)["id"].as_str().unwrap().to_owned();
    let turn = turn.strip_prefix("chatcmpl-").unwrap().parse().unwrap();
    let attempts = site.attempts(turn).await;
    assert_eq!(attempts.len(), 4);
    assert_eq!(attempts[3].reason, AttemptReason::Fallback);
    assert_eq!(attempts[3].outcome, Outcome::Finished);
    assert_eq!(attempts[0].usage.output, None);
}

#[tokio::test]
async fn leaving_closes_the_upstream() {
    let site = Site::new().await;
    let script =
        json!({"text": "One two three four", "fault": {"kind": "silence", "after_tokens": 3}});
    site.script(script).await;
    for stream in [true, false] {
        let before = site.simulator.stats().closed_by_caller;
        let request = site
            .request(&format!("POST {CHAT}"))
            .json(&ask("demo/guide", json!({"stream": stream})));
        let sent = tokio::spawn(async move {
            let mut response = request.send().await.unwrap();
            while response.chunk().await.unwrap().is_some() {}
        });
        site.upstream(|stats| stats.open == 1).await;
        sent.abort();
        let stats = site.upstream(|stats| stats.open == 0).await;
        assert_eq!(stats.closed_by_caller, before + 1);
    }
}

#[tokio::test]
async fn models_are_listed() {
    let site = Site::new().await;
    let reply = site.get("/v1/models").await;
    let list = read(&reply);
    assert_eq!(list["object"], "list");
    let ids: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    assert!(
        ids.contains(&"demo/guide") && ids.contains(&"absent/model"),
        "{ids:?}"
    );
    let reply = site.get("/v1/models/demo/guide").await;
    assert_eq!(read(&reply)["id"], "demo/guide");
    let reply = site.get("/v1/models/demo/none").await;
    assert_eq!(reply.status, 404);
}
