//! The control plane and the statistics.

use serde_json::{Value, json};

use crate::formats::{Anthropic, FORMATS, Gemini, Ollama, OpenAi, Responses};
use crate::lab::{Lab, Received, ask};

#[tokio::test]
async fn a_script_can_be_set_for_a_model_and_forgotten() {
    let lab = Lab::new().await;
    let plain = |model: &str| {
        json!({
            "model": model,
            "stream": true,
            "messages": [{"role": "user", "content": "hello"}],
        })
    };
    for model in ["fragile", "brand-new"] {
        let set = json!({"model": model, "script": {"text": "as set"}});
        assert_eq!(
            lab.post("/control/script", set.to_string()).await.status,
            204
        );
        let received = Received::read(lab.request(plain(model)).send().await.unwrap()).await;
        assert_eq!(received.text(), "as set");
        assert!(received.is_done());
    }
    let mut own = plain("brand-new");
    own["simulate"] = json!({"text": "its own"});
    let received = Received::read(lab.request(own).send().await.unwrap()).await;
    assert_eq!(received.text(), "its own");
    let listed = async || {
        let response = lab.client.get(lab.url("/v1/models")).send().await.unwrap();
        let models: Value = response.json().await.unwrap();
        let models = models["data"].as_array().unwrap().clone();
        models.iter().any(|model| model["id"] == "brand-new")
    };
    assert!(listed().await);

    assert_eq!(lab.post("/control/reset", "").await.status, 204);
    assert!(!listed().await);
    let response = lab.request(plain("brand-new")).send().await.unwrap();
    assert_eq!(response.status(), 404);
}

#[tokio::test]
async fn a_bad_script_is_refused_when_it_is_set() {
    let lab = Lab::new().await;
    for body in [
        "{".to_owned(),
        json!({"model": "m"}).to_string(),
        json!({"model": "m", "script": {"speed": 1}}).to_string(),
        json!({"model": "m", "script": {"tokens_per_second": -1}}).to_string(),
    ] {
        let received = lab.post("/control/script", body.clone()).await;
        assert_eq!(received.status, 400, "{body}");
        assert_eq!(received.json()["error"]["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn every_request_is_counted_once() {
    let lab = Lab::new().await;
    for _ in 0..3 {
        lab.stream(json!({"tokens": 10})).await;
    }
    lab.whole(json!({"tokens": 5, "thinking_tokens": 2})).await;
    lab.stream(json!({"fault": {"kind": "status"}})).await;
    lab.post("/v1/chat/completions", "not json").await;
    let mut thinker = ask(json!({"tokens": 1}));
    thinker["model"] = "thinker".into();
    Received::read(lab.request(thinker).send().await.unwrap()).await;

    let stats = lab.simulator.stats();
    assert_eq!(
        (
            stats.total,
            stats.open,
            stats.completed,
            stats.failed,
            stats.closed_by_caller
        ),
        (7, 0, 5, 2, 0)
    );
    assert_eq!(stats.tokens_sent, 38);
    let by_model = |model: &str| {
        let counts = stats.by_model[model];
        (counts.total, counts.completed, counts.failed)
    };
    assert_eq!(by_model("guide"), (5, 4, 1));
    assert_eq!(by_model("thinker"), (1, 1, 0));

    let counts = stats.by_format["openai"];
    assert_eq!((counts.total, counts.completed, counts.failed), (7, 5, 2));

    let response = lab.client.get(lab.url("/stats")).send().await.unwrap();
    let over_http: Value = response.json().await.unwrap();
    assert_eq!(over_http["total"], 7);
    assert_eq!(over_http["by_model"]["guide"]["completed"], 4);
    assert_eq!(over_http["by_format"]["openai"]["completed"], 5);
    assert!(over_http["open_connections"].as_u64().unwrap() >= 1);
}

#[tokio::test]
async fn requests_can_be_looked_at_afterwards() {
    let lab = Lab::new().await;
    let asked = async || -> Vec<Value> {
        let response = lab.client.get(lab.url("/control/requests")).send().await;
        response.unwrap().json().await.unwrap()
    };
    let turns = [
        ("system", "Be brief."),
        ("user", "hello"),
        ("assistant", "Hi"),
    ];
    let messages = json!([
        {"role": "system", "text": "Be brief."},
        {"role": "user", "text": "hello"},
        {"role": "assistant", "text": "Hi"},
    ]);
    for format in FORMATS {
        let mut body = format.body("guide", true, &turns);
        body["simulate"] = json!({"text": "a"});
        let (field, parameters) = match format {
            OpenAi => ("temperature", json!(["temperature"])),
            Responses => ("temperature", json!(["instructions", "temperature"])),
            Anthropic => ("top_k", json!(["max_tokens", "system", "top_k"])),
            Gemini => (
                "generationConfig",
                json!(["systemInstruction", "temperature"]),
            ),
            Ollama => ("options", json!(["temperature"])),
        };
        body[field] = if matches!(format, Gemini | Ollama) {
            json!({"temperature": 1})
        } else {
            1.into()
        };
        let request = format.request(&lab, "guide", true, &body);
        Received::read(request.send().await.unwrap()).await;
        let last = asked().await.pop().unwrap();
        assert_eq!(
            last,
            json!({
                "format": format.name(), "model": "guide", "stream": true,
                "messages": messages, "last_role": "assistant", "had_tools": false,
                "parameters": parameters,
            })
        );
        let counts = lab.simulator.stats().by_format[format.name()];
        assert_eq!((counts.total, counts.completed), (1, 1));
    }
    for _ in 0..100 {
        lab.whole(json!({"text": "a"})).await;
    }
    let all = asked().await;
    assert_eq!(all.len(), 100);
    assert!(all.iter().all(|asked| asked["stream"] == false));
    lab.post("/control/reset", "").await;
    assert!(asked().await.is_empty());
    assert!(lab.simulator.stats().by_format.is_empty());
}

#[tokio::test]
async fn callers_that_close_are_counted_and_their_answers_end() {
    let lab = Lab::new().await;
    let script = json!({"tokens": 100_000, "tokens_per_second": 50});
    let mut responses = Vec::new();
    for _ in 0..20 {
        let request = lab.request(ask(script.clone()));
        responses.push(request.send().await.unwrap());
    }
    assert_eq!(lab.simulator.stats().open, 20);
    responses.truncate(5);
    let stats = lab.wait_for(|stats| stats.open == 5).await;
    assert_eq!((stats.closed_by_caller, stats.completed), (15, 0));

    lab.post("/control/reset", "").await;
    let stats = lab.simulator.stats();
    assert_eq!((stats.total, stats.open, stats.closed_by_caller), (5, 5, 0));
    drop(responses);
    let stats = lab.wait_for(|stats| stats.open == 0).await;
    assert_eq!(stats.closed_by_caller, 5);
    assert_eq!(stats.by_model["guide"].closed_by_caller, 5);
}

#[tokio::test]
async fn a_caller_that_stops_reading_and_closes_is_noticed() {
    let lab = Lab::new().await;
    let request = lab.request(ask(json!({"tokens": 1_000_000})));
    let response = request.send().await.unwrap();
    // The socket's buffers are full once the count stands still.
    let mut sent = 0;
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let now = lab.simulator.stats().tokens_sent;
        if now > 0 && now == sent {
            break;
        }
        sent = now;
    }
    assert!(sent < 1_000_000, "nobody read this much");
    drop(response);
    let stats = lab.wait_for(|stats| stats.open == 0).await;
    assert_eq!(stats.closed_by_caller, 1);
}

#[tokio::test]
async fn a_dropped_simulator_closes_its_port_and_its_connections() {
    let lab = Lab::new().await;
    let request = lab.request(ask(
        json!({"tokens": 3, "fault": {"kind": "silence", "after_tokens": 3}}),
    ));
    let mut response = request.send().await.unwrap();
    let addr = lab.simulator.addr();
    drop(lab.simulator);
    // What was under way ends; the caller sees it as a cut.
    while let Ok(piece) = response.chunk().await {
        assert!(piece.is_some(), "the stream looked complete");
    }
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn serve_ends_with_its_shutdown_even_while_streaming() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let url = format!(
        "http://{}/v1/chat/completions",
        listener.local_addr().unwrap()
    );
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(simulator::serve(listener, stopped));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(url).json(&ask(
        json!({"fault": {"kind": "silence", "after_tokens": 1}}),
    ));
    let mut response = request.send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    assert!(response.chunk().await.is_err());
}
