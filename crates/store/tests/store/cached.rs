//! Answers that may be given again: how many are kept, and for how long.

use store::{SqliteStore, Store};

/// A store with the calls that are made here.
struct Cached<'a>(&'a dyn Store);

impl Cached<'_> {
    async fn keep(&self, key: &str, answer: &str, created_ms: i64, most_bytes: u64) {
        let kept = self
            .0
            .keep_cached_answer(key, answer, created_ms, most_bytes);
        kept.await.unwrap();
    }

    async fn get(&self, key: &str, not_before_ms: i64) -> Option<String> {
        self.0.cached_answer(key, not_before_ms).await.unwrap()
    }
}

pub(crate) async fn answers_are_kept_within_bounds(store: &dyn Store) {
    let cached = Cached(store);
    assert_eq!(cached.get("a", 0).await, None);
    cached.keep("a", "one", 100, 1_000).await;
    assert_eq!(cached.get("a", 100).await.as_deref(), Some("one"));
    assert_eq!(cached.get("a", 101).await, None, "too old");
    cached.keep("a", "two", 200, 1_000).await;
    assert_eq!(cached.get("a", 101).await.as_deref(), Some("two"));
    let long = "x".repeat(600);
    cached.keep("b", &long, 300, 1_000).await;
    assert_eq!(cached.get("a", 0).await.as_deref(), Some("two"));
    cached.keep("c", &long, 400, 1_000).await;
    assert_eq!(cached.get("c", 0).await.as_deref(), Some(&*long));
    assert_eq!(cached.get("b", 0).await, None, "the oldest go");
    assert_eq!(cached.get("a", 0).await, None);

    cached.keep("d", &"y".repeat(1_000), 500, 1_000).await;
    assert_eq!(cached.get("d", 0).await, None, "larger than all together");
    assert_eq!(cached.get("c", 0).await, Some(long), "nothing made room");

    cached.keep("e", "young", 600, 1_000).await;
    assert_eq!(store.purge_cached_answers(600).await.unwrap(), 1);
    assert_eq!(cached.get("c", 0).await, None, "too old to be kept");
    assert_eq!(cached.get("e", 0).await.as_deref(), Some("young"));
    // What is gone makes room.
    cached.keep("f", &"z".repeat(900), 700, 1_000).await;
    assert_eq!(cached.get("e", 0).await.as_deref(), Some("young"));
}

#[tokio::test]
async fn answers_kept_before_a_start_count_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rivulet.db");
    let store = SqliteStore::open(&file).await.unwrap();
    let long = "x".repeat(600);
    Cached(&store).keep("a", &long, 100, 1_000).await;
    store.close().await;
    let store = SqliteStore::open(&file).await.unwrap();
    let cached = Cached(&store);
    cached.keep("b", &long, 200, 1_000).await;
    assert_eq!(cached.get("a", 0).await, None);
    assert_eq!(cached.get("b", 0).await, Some(long));
}
