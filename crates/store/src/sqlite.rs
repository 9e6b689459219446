//! The store in one SQLite file, and in memory what must not reach it.
//!
//! All writes go through one connection, so that they queue here and not at
//! SQLite's lock; reads have a few connections of their own, which its
//! write-ahead log lets read while something is written.

mod attachments;
mod attempts;
mod cached;
mod columns;
mod conversations;
mod database;
mod deleted;
mod fault;
mod held;
mod library;
mod messages;
mod open;
mod presets;
mod search;
mod temporary;
mod transaction;
mod turns;

use async_trait::async_trait;
use protocol::{Attempt, Conversation, ConversationId, Message, TurnId};
use uuid::Uuid;

pub use open::SqliteOptions;

use self::{attachments::Attached, database::Database, fault::Fault, temporary::Temporary};
use crate::{Checkpoint, EndedTurn, Error, NewTurn, Store, StoredFile};

/// A [`Store`] and [`crate::Library`] in one SQLite file, opened with
/// [`SqliteStore::open`].
///
/// What a method stored survives the end of the process at any moment. After
/// a power failure the last moments may be missing, but nothing is damaged.
/// Only temporary conversations, and files not sent with a message yet, are
/// kept in memory and end with the store and its clones.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    disk: Database,
    temporary: Temporary,
    cached: cached::Total,
}

impl SqliteStore {
    /// The database that has the conversation, turn or message with this id.
    fn home(&self, id: Uuid) -> &Database {
        self.temporary.home(id).unwrap_or(&self.disk)
    }

    async fn begin(&self, turn: &NewTurn) -> Result<(), Fault> {
        let temporary = match &turn.new_conversation {
            Some(_) => turn.temporary,
            None => self.temporary.home(turn.conversation.0).is_some(),
        };
        let hashes = attachments::hashes(turn.question.iter().chain([&turn.answer]));
        let attached = self.temporary.attached(hashes);
        if !temporary {
            turns::begin(self.disk.writer(), turn, &attached).await?;
            self.temporary.release(&attached);
            return Ok(());
        }
        let mut files = attached.new;
        for hash in &attached.known {
            files.push(attachments::read(&self.disk.readers, hash).await?.into());
        }
        self.temporary.use_files(files, turn.answer.created_ms);
        let memory = self.temporary.take_in(turn).await?;
        let none = Attached::default();
        turns::begin(memory.writer(), turn, &none).await
    }

    async fn append(&self, checkpoints: &[Checkpoint]) -> Result<(), Fault> {
        let (there, here): (Vec<_>, Vec<_>) = checkpoints
            .iter()
            .partition(|checkpoint| self.temporary.home(checkpoint.answer.0).is_none());
        if !there.is_empty() {
            turns::checkpoint(self.disk.writer(), &there).await?;
        }
        if let Some(memory) = self.temporary.database().filter(|_| !here.is_empty()) {
            turns::checkpoint(memory.writer(), &here).await?;
        }
        Ok(())
    }

    async fn end(&self, end: &EndedTurn) -> Result<(), Fault> {
        let Some(memory) = self.temporary.home(end.answer.0) else {
            return turns::end(self.disk.writer(), end).await;
        };
        // What was spent stays known, and says nothing of what was said.
        attempts::record(self.disk.writer(), &end.attempts).await?;
        let end = EndedTurn {
            attempts: Vec::new(),
            ..end.clone()
        };
        turns::end(memory.writer(), &end).await
    }

    async fn interrupt_open(&self) -> Result<u64, Fault> {
        let mut interrupted = turns::interrupt_open(self.disk.writer()).await?;
        if let Some(memory) = self.temporary.database() {
            interrupted += turns::interrupt_open(memory.writer()).await?;
        }
        Ok(interrupted)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn conversation(&self, id: ConversationId) -> Result<Conversation, Error> {
        let temporary = self.temporary.home(id.0).is_some();
        let conversation = conversations::read(&self.home(id.0).readers, id).await;
        let conversation = conversation.map_err(|fault| fault.report("conversation"))?;
        Ok(Conversation {
            temporary,
            ..conversation
        })
    }

    async fn begin_turn(&self, turn: &NewTurn) -> Result<(), Error> {
        self.begin(turn)
            .await
            .map_err(|fault| fault.report("begin_turn"))
    }

    async fn checkpoint(&self, checkpoints: &[Checkpoint]) -> Result<(), Error> {
        self.append(checkpoints)
            .await
            .map_err(|fault| fault.report("checkpoint"))
    }

    async fn end_turn(&self, end: &EndedTurn) -> Result<(), Error> {
        self.end(end)
            .await
            .map_err(|fault| fault.report("end_turn"))
    }

    async fn answer_of(&self, turn: TurnId) -> Result<(ConversationId, Message), Error> {
        turns::answer(&self.home(turn.0).readers, turn)
            .await
            .map_err(|fault| fault.report("answer_of"))
    }

    async fn interrupt_open_turns(&self) -> Result<u64, Error> {
        self.interrupt_open()
            .await
            .map_err(|fault| fault.report("interrupt_open_turns"))
    }

    async fn attempts(&self, turn: TurnId) -> Result<Vec<Attempt>, Error> {
        attempts::list(&self.disk.readers, turn)
            .await
            .map_err(|fault| fault.report("attempts"))
    }

    async fn attachment(&self, hash: &str) -> Result<StoredFile, Error> {
        if let Some(file) = self.temporary.file(hash) {
            return Ok(StoredFile {
                attachment: file.attachment.clone(),
                bytes: file.bytes.clone(),
                kept: false,
            });
        }
        let file = attachments::read(&self.disk.readers, hash).await;
        let file = file.map_err(|fault| fault.report("attachment"))?;
        Ok(StoredFile {
            attachment: file.attachment,
            bytes: file.bytes,
            kept: true,
        })
    }

    async fn record_attempts(&self, attempts: &[Attempt]) -> Result<(), Error> {
        attempts::record(self.disk.writer(), attempts)
            .await
            .map_err(|fault| fault.report("record_attempts"))
    }

    async fn cached_answer(&self, key: &str, not_before_ms: i64) -> Result<Option<String>, Error> {
        cached::read(&self.disk.readers, key, not_before_ms)
            .await
            .map_err(|fault| fault.report("cached_answer"))
    }

    async fn keep_cached_answer(
        &self,
        key: &str,
        answer: &str,
        created_ms: i64,
        most_bytes: u64,
    ) -> Result<(), Error> {
        let kept = cached::Kept {
            key,
            answer,
            created_ms,
            most_bytes,
        };
        cached::keep(self.disk.writer(), &self.disk.readers, &self.cached, kept)
            .await
            .map_err(|fault| fault.report("keep_cached_answer"))
    }

    async fn purge_cached_answers(&self, before_ms: i64) -> Result<u64, Error> {
        cached::purge(self.disk.writer(), &self.cached, before_ms)
            .await
            .map_err(|fault| fault.report("purge_cached_answers"))
    }
}
