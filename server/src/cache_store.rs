//! The gateway's cache in our store.

use std::sync::Arc;

use async_trait::async_trait;
use gateway::{CacheStore, CachedAnswer};
use store::Store;

/// Keeps cached answers in the store. What the store cannot do it has logged,
/// and a cache can do without.
pub(crate) struct Kept(pub(crate) Arc<dyn Store>);

#[async_trait]
impl CacheStore for Kept {
    async fn get(&self, key: &str, not_before_ms: i64) -> Option<CachedAnswer> {
        let found = self.0.cached_answer(key, not_before_ms).await.ok()??;
        serde_json::from_str(&found).ok()
    }

    async fn put(&self, key: &str, answer: &CachedAnswer, most_bytes: u64) {
        let Ok(json) = serde_json::to_string(answer) else {
            return;
        };
        let kept = self
            .0
            .keep_cached_answer(key, &json, answer.created_ms, most_bytes);
        // Logged by the store.
        drop(kept.await);
    }
}
