//! Answers given before: an identical request is answered from memory, or
//! from the store, without asking anybody.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use moka::sync::Cache as Memory;
use protocol::{ToolCall, Usage, Usd};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::AnswerRequest;

/// What is remembered.
#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// Whether anything is.
    pub enabled: bool,
    /// The most bytes of answers in memory.
    pub memory_bytes: u64,
    /// The most bytes of answers in the store.
    pub store_bytes: u64,
    /// For how long.
    pub age: Duration,
    /// Whether one person may get what another asked for.
    pub shared: bool,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            memory_bytes: 32 << 20,
            store_bytes: 256 << 20,
            age: Duration::from_secs(24 * 3_600),
            shared: true,
        }
    }
}

/// What the cache has done since the server started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CacheStatistics {
    /// Requests answered from it.
    pub hits: u64,
    /// Requests that joined an identical one on its way.
    pub joined: u64,
    /// Requests that might have been, but were not.
    pub misses: u64,
    /// What the hits did not cost, where that is known.
    pub saved: Usd,
}

/// A remembered answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CachedAnswer {
    /// The text.
    pub text: String,
    /// The thinking.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub thinking: String,
    /// The tools it wanted called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolCall>,
    /// Why it ended, in OpenAI's words.
    pub reason: String,
    /// What it took, and cost, when it was written.
    pub usage: Usage,
    /// The model that wrote it, as `provider/model`.
    pub model: String,
    /// When, milliseconds since the Unix epoch.
    pub created_ms: i64,
}

impl CachedAnswer {
    /// About how many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let tools = self.tools.iter();
        let tools: usize = tools
            .map(|it| it.arguments.len() + it.name.len() + 64)
            .sum();
        self.text.len() + self.thinking.len() + tools + 256
    }
}

/// Where answers are kept longer than the process lives. A store that fails
/// is as good as an empty one; it has logged why.
#[async_trait]
pub trait CacheStore: Send + Sync + 'static {
    /// The answer under this key, if it was stored after `not_before_ms`.
    async fn get(&self, key: &str, not_before_ms: i64) -> Option<CachedAnswer>;

    /// Keeps an answer; the oldest go where all are more than `most_bytes`.
    async fn put(&self, key: &str, answer: &CachedAnswer, most_bytes: u64);
}

/// The cache.
pub(crate) struct Cache {
    pub(crate) config: CacheConfig,
    memory: Memory<String, Arc<CachedAnswer>>,
    store: Option<Arc<dyn CacheStore>>,
    hits: AtomicU64,
    joined: AtomicU64,
    misses: AtomicU64,
    saved: Mutex<Usd>,
}

impl Cache {
    pub(crate) fn new(config: CacheConfig, store: Option<Arc<dyn CacheStore>>) -> Self {
        let weight = |key: &String, answer: &Arc<CachedAnswer>| {
            u32::try_from(key.len() + answer.bytes()).unwrap_or(u32::MAX)
        };
        Self {
            memory: Memory::builder()
                .max_capacity(config.memory_bytes)
                .weigher(weight)
                .time_to_live(config.age)
                .build(),
            config,
            store,
            hits: AtomicU64::new(0),
            joined: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            saved: Mutex::default(),
        }
    }

    /// The key of a request that may be answered from the cache: at
    /// temperature 0, where the same question has the same answer, or where
    /// whoever asks says so.
    pub(crate) fn key(&self, request: &AnswerRequest) -> Option<String> {
        let certain = request.ask.params.temperature == Some(0.0);
        let wanted = request.options.cache.unwrap_or(certain);
        let is_whole = request.options.begun.is_empty();
        if !(self.config.enabled && wanted && is_whole) {
            return None;
        }
        let owner = match self.config.shared {
            true => None,
            false => Some(request.options.owner.as_deref()?),
        };
        let (ask, options) = (&request.ask, &request.options);
        // Whether it is streamed changes nothing about the answer. The debug
        // form is exact, and the same for the life of a binary; a newer one
        // may begin with an empty cache.
        let identity = format!(
            "{}\n{owner:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
            env!("CARGO_PKG_VERSION"),
            ask.model,
            options.prefer,
            options.max_cost,
            options.fallbacks,
            ask.system,
            ask.messages,
            ask.params,
            ask.tools,
            ask.tool_choice,
        );
        let digest = Sha256::digest(identity.as_bytes());
        Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The answer under this key, from memory. Its age counts from when it was
    /// written, and not from when it came into memory.
    pub(crate) fn in_memory(&self, key: &str) -> Option<Arc<CachedAnswer>> {
        let known = self.memory.get(key)?;
        (known.created_ms >= self.not_before_ms()).then_some(known)
    }

    /// The answer under this key, from memory or from the store.
    pub(crate) async fn find(&self, key: &str) -> Option<Arc<CachedAnswer>> {
        // Another request may have brought it since.
        if let Some(known) = self.in_memory(key) {
            return Some(known);
        }
        let store = self.store.as_ref()?;
        let found = store.get(key, self.not_before_ms()).await?;
        let found = Arc::new(found);
        self.memory.insert(key.to_owned(), Arc::clone(&found));
        Some(found)
    }

    fn not_before_ms(&self) -> i64 {
        let age = i64::try_from(self.config.age.as_millis()).unwrap_or(i64::MAX);
        now_ms().saturating_sub(age)
    }

    /// Remembers an answer, in memory.
    pub(crate) fn remember(&self, key: &str, answer: &Arc<CachedAnswer>) {
        self.memory.insert(key.to_owned(), Arc::clone(answer));
    }

    /// Remembers an answer, in the store.
    pub(crate) async fn keep(&self, key: &str, answer: &CachedAnswer) {
        if let Some(store) = &self.store {
            store.put(key, answer, self.config.store_bytes).await;
        }
    }

    pub(crate) fn count_hit(&self, saved: Option<Usd>) {
        self.hits.fetch_add(1, Ordering::Relaxed);
        self.count_saving(saved);
    }

    pub(crate) fn count_joined(&self, saved: Option<Usd>) {
        self.joined.fetch_add(1, Ordering::Relaxed);
        self.count_saving(saved);
    }

    pub(crate) fn count_miss(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    fn count_saving(&self, saved: Option<Usd>) {
        let mut all = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        *all = crate::cost::sum([Some(*all), saved]).unwrap_or(*all);
    }

    pub(crate) fn statistics(&self) -> CacheStatistics {
        CacheStatistics {
            hits: self.hits.load(Ordering::Relaxed),
            joined: self.joined.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            saved: *self.saved.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

/// Now, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| {
            i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
        })
}
