//! A whole server but for its process: the routes over real TCP, the engine,
//! SQLite in a temporary directory, the gateway, and the simulator upstream.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use engine::{Config, Engine};
use gateway::{Clocks, Format, Gateway, GatewayConfig, ProviderConfig, ProviderGateway};
use protocol::{Attempt, Conversation, ConversationId, TurnId, api, api::Started};
use reqwest::{Method, RequestBuilder, header};
use serde_json::{Value, json};
use server::http::{AppState, Hosts, router};
use simulator::{Simulator, Stats};
use store::{SqliteStore, Store as _};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket};

use crate::reply::{Reply, Watching};

/// The model that does what the script says.
pub(crate) const MODEL: &str = "demo/guide";
/// A model of a provider that nobody can reach.
pub(crate) const UNREACHABLE: &str = "absent/model";

/// The name under which a proxy may reach it.
pub(crate) const HOST: &str = "chat.example.com";

/// A server of its own for each test.
pub(crate) struct Site {
    pub(crate) simulator: Simulator,
    pub(crate) store: SqliteStore,
    pub(crate) address: SocketAddr,
    client: reqwest::Client,
    /// Bound and never listened on: its port refuses connections for as long
    /// as this lives.
    _absent: TcpSocket,
    _directory: TempDir,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}, |gateway| gateway, |state| state).await
    }

    /// With the gateway's configuration as a test changes it.
    pub(crate) async fn configured(change: impl FnOnce(&mut GatewayConfig)) -> Self {
        Self::with(change, |gateway| gateway, |state| state).await
    }

    /// With the handlers' state that a test makes of the usual one.
    pub(crate) async fn with_state(change: impl FnOnce(AppState) -> AppState) -> Self {
        Self::with(|_| {}, |gateway| gateway, change).await
    }

    /// With the gateway that a test makes of the usual one.
    pub(crate) async fn with_gateway(
        change: impl FnOnce(Arc<dyn Gateway>) -> Arc<dyn Gateway>,
    ) -> Self {
        Self::with(|_| {}, change, |state| state).await
    }

    async fn with(
        configure: impl FnOnce(&mut GatewayConfig),
        change: impl FnOnce(Arc<dyn Gateway>) -> Arc<dyn Gateway>,
        adjust: impl FnOnce(AppState) -> AppState,
    ) -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let simulator = Simulator::spawn(loopback).await.unwrap();
        let absent = TcpSocket::new_v4().unwrap();
        absent.bind(loopback).unwrap();
        let providers = vec![
            provider("demo", simulator.addr(), None),
            provider(
                "absent",
                absent.local_addr().unwrap(),
                Some(vec!["model".to_owned()]),
            ),
        ];
        let mut config = GatewayConfig {
            providers,
            ..GatewayConfig::default()
        };
        configure(&mut config);
        let gateway = ProviderGateway::new(config, None).unwrap();
        // Waits for the list of models, as the server's start does.
        gateway.models().await;
        let gateway = change(gateway);

        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("rivulet.db"))
            .await
            .unwrap();
        let config = Config::default();
        let kept = Arc::new(store.clone());
        let engine = Engine::new(kept.clone(), gateway.clone(), config.clone());
        let state = AppState::new(engine, kept, gateway, &config)
            .reached_as(Hosts::Only([HOST.to_owned()].into()));
        let state = adjust(state);
        let listener = TcpListener::bind(loopback).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router(state)).into_future());

        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            simulator,
            store,
            address,
            client,
            _absent: absent,
            _directory: directory,
        }
    }

    /// What the guide does from now on; see `simulator::Script`.
    pub(crate) async fn script(&self, script: Value) {
        let url = format!("http://{}/control/script", self.simulator.addr());
        let body = json!({"model": "guide", "script": script});
        let set = self.client.post(url).json(&body).send().await.unwrap();
        assert_eq!(set.status(), 204, "{}", set.text().await.unwrap());
    }

    /// A request such as `GET /healthz`.
    pub(crate) fn request(&self, line: &str) -> RequestBuilder {
        let (method, path) = line.split_once(' ').unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::to(self.request(&format!("GET {path}"))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        Reply::to(self.request(&format!("POST {path}")).json(body)).await
    }

    /// Starts a turn; with `text` and the model unless the request names them.
    pub(crate) async fn start(&self, mut request: Value) -> Started {
        for (name, value) in [("text", "Why?"), ("model", MODEL)] {
            if request.get(name).is_none() {
                request[name] = value.into();
            }
        }
        let reply = self.post(api::TURNS, &request).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }

    /// A turn with this script, from its first event to its last.
    pub(crate) async fn finish(&self, script: Value) -> Started {
        self.script(script).await;
        let started = self.start(json!({})).await;
        self.watch(started.turn, 0).await.rest().await;
        started
    }

    /// A turn that has written `text` and goes on for ever.
    pub(crate) async fn hold(&self, text: &str) -> (Started, Watching) {
        let script = json!({
            "text": format!("{text} and never this"),
            "fault": {"kind": "silence", "after_tokens": text.split(' ').count()},
        });
        self.script(script).await;
        let started = self.start(json!({})).await;
        let mut watching = self.watch(started.turn, 0).await;
        while watching.transcript.text != text {
            assert!(watching.next().await.is_some(), "it should not have ended");
        }
        (started, watching)
    }

    /// Watches a turn as an event stream.
    pub(crate) async fn watch(&self, turn: TurnId, after: u64) -> Watching {
        let request = self.request(&format!("GET {}", api::events(turn, after)));
        Watching::new(request.header(header::ACCEPT, "text/event-stream")).await
    }

    /// The records of a turn's attempts, once there are some.
    pub(crate) async fn attempts(&self, turn: TurnId) -> Vec<Attempt> {
        let waiting = async {
            loop {
                let attempts = self.store.attempts(turn).await.unwrap();
                if !attempts.is_empty() {
                    return attempts;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
        waited.expect("attempts are recorded")
    }

    pub(crate) async fn conversation(&self, id: ConversationId) -> Conversation {
        let reply = self.get(&api::conversation(id)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }

    /// Waits until the simulator's statistics are as wished; fails after a
    /// long time.
    pub(crate) async fn upstream(&self, wish: impl Fn(&Stats) -> bool) -> Stats {
        let waiting = async {
            loop {
                let stats = self.simulator.stats();
                if wish(&stats) {
                    return stats;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting)
            .await
            .unwrap_or_else(|_| panic!("never came: {:?}", self.simulator.stats()))
    }
}

pub(crate) fn provider(
    name: &str,
    address: SocketAddr,
    models: Option<Vec<String>>,
) -> ProviderConfig {
    ProviderConfig {
        name: name.to_owned(),
        label: format!("The {name} provider"),
        format: Format::OpenAi,
        base_url: format!("http://{address}/v1").parse().unwrap(),
        key: None,
        simulated: models.is_none(),
        models,
        optional: false,
        clocks: Clocks::default(),
    }
}
