//! What must not reach the disk: temporary conversations, and files of which
//! nobody knows yet what they will be sent with.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use protocol::{Attachment, ConversationId};

use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{
    attachments::{self, Attached, File},
    conversations::{self, Before},
    database::Database,
    fault::Fault,
    held::{Files, MOST_BYTES},
};
use crate::NewTurn;

/// How long a temporary conversation is kept after its last change.
const KEPT: Duration = Duration::from_secs(24 * 3_600);

/// How long a file is kept that no message has.
pub(super) const FILES_KEPT: Duration = Duration::from_secs(3_600);

/// A database in memory, made when it is first needed, and files beside it.
#[derive(Debug, Clone, Default)]
pub(super) struct Temporary(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    database: OnceCell<Database>,
    /// The conversations there, their turns and messages: by any of these ids
    /// its conversation.
    ids: Mutex<HashMap<Uuid, ConversationId>>,
    files: Mutex<Files>,
}

impl Temporary {
    /// The database, where there is one.
    pub(super) fn database(&self) -> Option<&Database> {
        self.0.database.get()
    }

    /// The database, where the conversation, turn or message with this id is in
    /// it.
    pub(super) fn home(&self, id: Uuid) -> Option<&Database> {
        let database = self.database()?;
        self.ids().contains_key(&id).then_some(database)
    }

    /// The database, which from now on is the home of this turn.
    pub(super) async fn take_in(&self, turn: &NewTurn) -> Result<&Database, Fault> {
        let database = self.0.database.get_or_try_init(Database::in_memory).await?;
        let messages = turn.question.iter().chain([&turn.answer]);
        let ids = messages
            .flat_map(|message| [Some(message.id.0), message.turn.map(|turn| turn.0)])
            .flatten()
            .chain([turn.conversation.0]);
        self.ids().extend(ids.map(|id| (id, turn.conversation)));
        Ok(database)
    }

    /// Keeps a file in memory until it is known whether it may go to the disk.
    pub(super) fn keep_file(
        &self,
        attachment: &Attachment,
        bytes: &[u8],
        now_ms: i64,
    ) -> Result<(), Fault> {
        self.files().keep(attachment, bytes, now_ms, MOST_BYTES)
    }

    /// Keeps these files with a temporary conversation.
    pub(super) fn use_files(&self, files: Vec<Arc<File>>, now_ms: i64) {
        let mut all = self.files();
        for file in files {
            all.put_to_use(file, now_ms);
        }
    }

    pub(super) fn file(&self, hash: &str) -> Option<Arc<File>> {
        self.files().get(hash).cloned()
    }

    /// Of these files those that are here, and the hashes of the others.
    pub(super) fn attached(&self, hashes: Vec<String>) -> Attached {
        let files = self.files();
        let mut attached = Attached::default();
        for hash in hashes {
            match files.get(&hash) {
                Some(file) => attached.new.push(file.clone()),
                None => attached.known.push(hash),
            }
        }
        attached
    }

    /// Lets go of files that are on the disk now.
    pub(super) fn release(&self, stored: &Attached) {
        let mut files = self.files();
        for file in &stored.new {
            files.release(&file.attachment.hash);
        }
    }

    /// Forgets what was deleted before this time, and what is too old.
    pub(super) async fn purge(&self, deleted_before_ms: i64, now_ms: i64) -> Result<u64, Fault> {
        let before = Before {
            deleted_ms: deleted_before_ms,
            changed_ms: now_ms.saturating_sub(milliseconds(KEPT)),
            attached_ms: now_ms.saturating_sub(milliseconds(FILES_KEPT)),
        };
        let mut purged = HashSet::new();
        let mut named = HashSet::new();
        if let Some(database) = self.database() {
            purged.extend(conversations::purge(database.writer(), &before).await?);
            self.ids()
                .retain(|_, conversation| !purged.contains(conversation));
            named.extend(attachments::named(&database.readers).await?);
        }
        self.files().purge(before.attached_ms, &named);
        Ok(purged.len() as u64)
    }

    pub(super) async fn close(&self) {
        if let Some(database) = self.database() {
            database.close().await;
        }
    }

    fn ids(&self) -> MutexGuard<'_, HashMap<Uuid, ConversationId>> {
        self.0.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.0.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
