//! Who is answered from memory, and for how long.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use gateway::{CacheStore, CachedAnswer, Gateway, GatewayConfig, ProviderGateway};
use protocol::Usage;
use serde_json::json;

use super::{CHAT, ask, read};
use crate::{
    reply::Reply,
    site::{Site, provider},
};

#[tokio::test]
async fn identical_requests_at_temperature_0_are_answered_from_the_cache() {
    let site = Site::new().await;
    site.script(json!({"text": "One two three"})).await;
    let body = ask("demo/guide", json!({"temperature": 0}));
    let first = site.post(CHAT, &body).await;
    let second = site.post(CHAT, &body).await;
    assert_eq!(second.header("x-rivulet-cache"), "hit");
    assert_eq!(
        read(&first)["choices"][0]["message"],
        read(&second)["choices"][0]["message"]
    );
    assert_eq!(read(&second)["rivulet"]["cost"], "0");
    assert_eq!(site.simulator.stats().total, 1);
}

#[tokio::test]
async fn caches_that_are_not_shared_are_told_apart_by_the_key() {
    let site = Site::configured(|config| config.cache.shared = false).await;
    site.script(json!({"text": "One two three"})).await;
    let body = ask("demo/guide", json!({"temperature": 0}));
    let is_hit = async |key: &str| {
        let mut request = site.request(&format!("POST {CHAT}")).json(&body);
        if !key.is_empty() {
            request = request.bearer_auth(key);
        }
        let reply = Reply::to(request).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.header("x-rivulet-cache") == "hit"
    };
    for (key, hit) in [
        ("a", false),
        ("a", true),
        ("b", false),
        // Nobody knows whether these two are the same.
        ("", false),
        ("", false),
    ] {
        assert_eq!(is_hit(key).await, hit, "{key}");
    }
}

/// A store with one answer, which was just too old; counts how often it is
/// asked.
#[derive(Default)]
struct Old(AtomicUsize);

#[async_trait]
impl CacheStore for Old {
    async fn get(&self, _key: &str, not_before_ms: i64) -> Option<CachedAnswer> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Some(CachedAnswer {
            text: "One two three".to_owned(),
            thinking: String::new(),
            tools: Vec::new(),
            reason: "stop".to_owned(),
            usage: Usage::default(),
            model: "demo/guide".to_owned(),
            created_ms: not_before_ms - 1,
        })
    }

    async fn put(&self, _key: &str, _answer: &CachedAnswer, _most_bytes: u64) {}
}

#[tokio::test]
async fn an_answer_from_the_store_ages_in_memory_too() {
    let old = Arc::new(Old::default());
    let store = Arc::clone(&old);
    let site = Site::with_gateway(|_| -> Arc<dyn Gateway> {
        let address = "127.0.0.1:1".parse().unwrap();
        let models = Some(vec!["guide".to_owned()]);
        let config = GatewayConfig {
            providers: vec![provider("demo", address, models)],
            ..GatewayConfig::default()
        };
        ProviderGateway::new(config, Some(store)).unwrap()
    })
    .await;
    let body = ask("demo/guide", json!({"temperature": 0}));
    for asked in 1..=2 {
        let reply = site.post(CHAT, &body).await;
        assert_eq!(reply.header("x-rivulet-cache"), "hit", "{reply:?}");
        assert_eq!(old.0.load(Ordering::Relaxed), asked);
    }
}
