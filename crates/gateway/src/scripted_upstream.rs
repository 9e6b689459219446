//! A small upstream over real HTTP, whose models are named for what they do.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::{StreamExt, stream};
use providers::{Clocks, Format};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};

use crate::{GatewayConfig, Policy, ProviderConfig};

#[derive(Clone, Default)]
pub(crate) struct Upstream {
    pub(crate) lists_asked: Arc<AtomicUsize>,
    pub(crate) chats_asked: Arc<AtomicUsize>,
    pub(crate) broken: Arc<AtomicBool>,
    pub(crate) closed: Arc<Notify>,
}

impl Upstream {
    /// Serves on a free port of this machine; returns its base address.
    pub(crate) async fn start(&self) -> String {
        self.start_on("127.0.0.1:0").await
    }

    pub(crate) async fn start_on(&self, address: &str) -> String {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/v1/models", get(list))
            .route("/v1/chat/completions", post(chat))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/v1")
    }
}

async fn list(State(upstream): State<Upstream>) -> Response {
    upstream.lists_asked.fetch_add(1, Ordering::SeqCst);
    if upstream.broken.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let models: Vec<Value> = ["whole", "text-embedding-3", "uncounted"]
        .iter()
        .map(|id| json!({"id": id, "object": "model"}))
        .collect();
    Json(json!({"object": "list", "data": models})).into_response()
}

async fn chat(State(upstream): State<Upstream>, Json(request): Json<Value>) -> Response {
    upstream.chats_asked.fetch_add(1, Ordering::SeqCst);
    const HELLO: &str =
        "data: {\"model\":\"whole-2\",\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n";
    const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    const USAGE: &str =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n";
    const DONE: &str = "data: [DONE]\n\n";
    match request["model"].as_str().unwrap() {
        "whole" => [HELLO, STOP, USAGE, DONE].concat().into_response(),
        "uncounted" => [HELLO, STOP, DONE].concat().into_response(),
        "cut" => HELLO.into_response(),
        "limited" => {
            let error = json!({"error": {"message": "Slow down.", "code": "rate_limit_exceeded"}});
            let headers = [("retry-after", "2")];
            (StatusCode::TOO_MANY_REQUESTS, headers, Json(error)).into_response()
        }
        "endless" => {
            let closed = Closed(upstream.closed);
            let first =
                stream::once(async { Ok::<_, Infallible>(Bytes::from_static(HELLO.as_bytes())) });
            let rest = stream::pending().map(move |never| {
                let _held = &closed;
                never
            });
            Body::from_stream(first.chain(rest)).into_response()
        }
        other => panic!("no model {other}"),
    }
}

/// Tells when the response it belongs to is dropped.
struct Closed(Arc<Notify>);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// A provider of this name that is asked for its models.
pub(crate) fn config(name: &str, base_url: &str) -> ProviderConfig {
    ProviderConfig {
        name: name.into(),
        label: name.to_uppercase(),
        format: Format::OpenAi,
        base_url: base_url.parse().unwrap(),
        key: None,
        simulated: false,
        models: None,
        optional: false,
        clocks: Clocks::default(),
    }
}

/// A provider that is not there, with this list of models.
pub(crate) fn fixed(name: &str, models: &[&str]) -> ProviderConfig {
    ProviderConfig {
        models: Some(models.iter().map(|&model| model.to_owned()).collect()),
        ..config(name, "http://127.0.0.1:9/v1")
    }
}

/// A gateway to these providers that tries everything once.
pub(crate) fn once(providers: Vec<ProviderConfig>) -> GatewayConfig {
    GatewayConfig {
        providers,
        policy: Policy {
            retries: 0,
            automatic_fallback: false,
            ..Policy::default()
        },
        ..GatewayConfig::default()
    }
}
