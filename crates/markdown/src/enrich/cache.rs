//! What was drawn lately, found again by a hash of its source.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::SafeHtml;

/// How much drawn HTML is kept, in bytes. A full cache is emptied: simple, and
/// what is in use fills it again.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What an entry costs besides its HTML, in bytes.
const ENTRY_BYTES: usize = 64;

/// Kept by a hash with a random key, so that nobody can prepare two sources
/// that are taken for each other.
#[derive(Debug, Default)]
pub(super) struct Cache {
    hasher: RandomState,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    drawn: HashMap<u64, Option<SafeHtml>>,
    bytes: usize,
}

impl Cache {
    /// What `draw` gives for this kind, language and source; failures are kept
    /// too. Two callers at once may both draw.
    pub(super) fn get_or_draw(
        &self,
        key: (&str, &str, &str),
        draw: impl FnOnce() -> Option<SafeHtml>,
    ) -> Option<SafeHtml> {
        let hash = self.hasher.hash_one(key);
        if let Some(drawn) = self.entries().drawn.get(&hash) {
            return drawn.clone();
        }
        let drawn = draw();
        let bytes = ENTRY_BYTES + drawn.as_ref().map_or(0, |html| html.as_str().len());
        let mut entries = self.entries();
        if entries.bytes + bytes > MAX_BYTES {
            *entries = Entries::default();
        }
        entries.bytes += bytes;
        entries.drawn.insert(hash, drawn.clone());
        drawn
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        // Every change is complete before a panic could happen.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_each_source_once_and_stays_bounded() {
        let cache = Cache::default();
        let html = || Some(SafeHtml::trusted("x".repeat(1024 * 1024)));
        let first = cache.get_or_draw(("code", "a", "0"), html);
        let again = cache.get_or_draw(("code", "a", "0"), || panic!("drawn twice"));
        assert_eq!(first, again);
        assert_eq!(cache.get_or_draw(("code", "b", "0"), || None), None);
        for number in 0..100 {
            cache.get_or_draw(("code", "a", &number.to_string()), html);
            assert!(cache.entries().bytes <= MAX_BYTES);
        }
    }
}
