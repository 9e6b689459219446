//! Files in memory, and what they take.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use protocol::Attachment;

use super::{attachments::File, fault::Fault};

/// The most that files in memory take together, in bytes.
pub(super) const MOST_BYTES: usize = 512 << 20;

/// Files by their hash.
#[derive(Debug, Default)]
pub(super) struct Files {
    held: HashMap<String, Held>,
    /// The bytes of all of them.
    bytes: usize,
}

#[derive(Debug)]
struct Held {
    file: Arc<File>,
    /// When somebody last asked for it to be kept.
    since_ms: i64,
    /// Whether messages of a temporary conversation may have it.
    in_use: bool,
}

impl Files {
    /// Keeps a file; fine where it is there. Where all together would have more
    /// than `most` bytes, those go that have waited the longest for a message.
    pub(super) fn keep(
        &mut self,
        attachment: &Attachment,
        bytes: &[u8],
        now_ms: i64,
        most: usize,
    ) -> Result<(), Fault> {
        if let Some(held) = self.held.get_mut(&attachment.hash) {
            held.since_ms = now_ms;
            return Ok(());
        }
        self.make_room(bytes.len(), most)?;
        let file = File {
            attachment: attachment.clone(),
            bytes: bytes.to_vec(),
        };
        self.held_or_new(file.into(), now_ms);
        Ok(())
    }

    fn make_room(&mut self, bytes: usize, most: usize) -> Result<(), Fault> {
        if self.bytes + bytes <= most {
            return Ok(());
        }
        let unused = self.held.iter().filter(|(_, held)| !held.in_use);
        let mut unused: Vec<_> = unused
            .map(|(hash, held)| (held.since_ms, held.file.bytes.len(), hash.clone()))
            .collect();
        let used = self.bytes - unused.iter().map(|(_, bytes, _)| bytes).sum::<usize>();
        if used + bytes > most {
            return Err(Fault::Unusable(
                "temporary conversations have too many files in memory; delete one of them",
            ));
        }
        unused.sort_unstable();
        let mut unused = unused.iter();
        while self.bytes + bytes > most
            && let Some((_, _, hash)) = unused.next()
        {
            self.release(hash);
        }
        Ok(())
    }

    /// Keeps a file with a temporary conversation.
    pub(super) fn put_to_use(&mut self, file: Arc<File>, now_ms: i64) {
        let held = self.held_or_new(file, now_ms);
        held.in_use = true;
        held.since_ms = held.since_ms.max(now_ms);
    }

    fn held_or_new(&mut self, file: Arc<File>, now_ms: i64) -> &mut Held {
        let hash = file.attachment.hash.clone();
        self.held.entry(hash).or_insert_with(|| {
            self.bytes += file.bytes.len();
            Held {
                file,
                since_ms: now_ms,
                in_use: false,
            }
        })
    }

    pub(super) fn get(&self, hash: &str) -> Option<&Arc<File>> {
        self.held.get(hash).map(|held| &held.file)
    }

    /// Lets go of a file, unless a temporary conversation may have it.
    pub(super) fn release(&mut self, hash: &str) {
        if self.held.get(hash).is_some_and(|held| !held.in_use)
            && let Some(held) = self.held.remove(hash)
        {
            self.bytes -= held.file.bytes.len();
        }
    }

    /// Forgets what nobody has asked for since `before_ms`, but for those that
    /// temporary conversations have: these are `named`.
    pub(super) fn purge(&mut self, before_ms: i64, named: &HashSet<String>) {
        self.held.retain(|hash, held| {
            let stays = held.since_ms >= before_ms || (held.in_use && named.contains(hash));
            if !stays {
                self.bytes -= held.file.bytes.len();
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 10;

    fn keep(files: &mut Files, hash: &str, bytes: usize, now_ms: i64) -> Result<(), Fault> {
        let attachment = Attachment {
            hash: hash.into(),
            name: "a".into(),
            media_type: "text/plain".into(),
            bytes: bytes as u64,
            tokens: 1,
        };
        files.keep(&attachment, &vec![0; bytes], now_ms, MOST)
    }

    #[track_caller]
    fn check(files: &Files, hashes: &[&str]) {
        let mut held: Vec<_> = files.held.keys().map(String::as_str).collect();
        held.sort_unstable();
        assert_eq!(held, hashes);
        let bytes = files.held.values().map(|held| held.file.bytes.len());
        assert_eq!(files.bytes, bytes.sum::<usize>());
    }

    #[test]
    fn what_has_waited_the_longest_goes_first() {
        let mut files = Files::default();
        keep(&mut files, "used", 3, 1).unwrap();
        keep(&mut files, "asked for again", 3, 2).unwrap();
        keep(&mut files, "old", 4, 3).unwrap();
        keep(&mut files, "asked for again", 3, 4).unwrap();
        let used = files.get("used").unwrap().clone();
        files.put_to_use(used, 1);
        check(&files, &["asked for again", "old", "used"]);
        keep(&mut files, "new", 1, 5).unwrap();
        check(&files, &["asked for again", "new", "used"]);
        // Nothing goes for what would not fit even so.
        assert!(keep(&mut files, "large", 8, 6).is_err());
        check(&files, &["asked for again", "new", "used"]);
        keep(&mut files, "larger", 7, 7).unwrap();
        check(&files, &["larger", "used"]);
        files.release("used");
        files.purge(8, &HashSet::from(["used".to_owned()]));
        check(&files, &["used"]);
        files.purge(8, &HashSet::new());
        check(&files, &[]);
    }
}
