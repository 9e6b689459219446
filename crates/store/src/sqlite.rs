//! The store in one SQLite file.
//!
//! All writes go through one connection, so that they queue here and not at
//! SQLite's lock; reads have a few connections of their own, which its
//! write-ahead log lets read while something is written.

mod attempts;
mod cached;
mod columns;
mod conversations;
mod fault;
mod messages;
mod open;
mod transaction;
mod turns;

use async_trait::async_trait;
use protocol::{Attempt, Conversation, ConversationId, ConversationSummary, Message, TurnId};
use sqlx::SqlitePool;
use tokio::sync::mpsc;

pub use open::SqliteOptions;

use crate::{Checkpoint, EndedTurn, Error, NewTurn, Store};

/// A [`Store`] in one SQLite file, opened with [`SqliteStore::open`].
///
/// What a method stored survives the end of the process at any moment. After
/// a power failure the last moments may be missing, but nothing is damaged.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    cached: cached::Total,
    /// Tells that something is written, and when dropped that nothing more is.
    wrote: mpsc::Sender<()>,
}

impl SqliteStore {
    fn writer(&self) -> &SqlitePool {
        // One word is enough, however much is written.
        let _ = self.wrote.try_send(());
        &self.writer
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn conversations(&self) -> Result<Vec<ConversationSummary>, Error> {
        conversations::list(&self.readers)
            .await
            .map_err(|fault| fault.report("conversations"))
    }

    async fn conversation(&self, id: ConversationId) -> Result<Conversation, Error> {
        conversations::read(&self.readers, id)
            .await
            .map_err(|fault| fault.report("conversation"))
    }

    async fn rename(&self, id: ConversationId, title: &str) -> Result<(), Error> {
        conversations::rename(self.writer(), id, title)
            .await
            .map_err(|fault| fault.report("rename"))
    }

    async fn delete(&self, id: ConversationId, now_ms: i64) -> Result<(), Error> {
        conversations::delete(self.writer(), id, now_ms)
            .await
            .map_err(|fault| fault.report("delete"))
    }

    async fn restore(&self, id: ConversationId) -> Result<(), Error> {
        conversations::restore(self.writer(), id)
            .await
            .map_err(|fault| fault.report("restore"))
    }

    async fn purge(&self, before_ms: i64) -> Result<u64, Error> {
        conversations::purge(self.writer(), before_ms)
            .await
            .map_err(|fault| fault.report("purge"))
    }

    async fn begin_turn(&self, turn: &NewTurn) -> Result<(), Error> {
        turns::begin(self.writer(), turn)
            .await
            .map_err(|fault| fault.report("begin_turn"))
    }

    async fn checkpoint(&self, checkpoints: &[Checkpoint]) -> Result<(), Error> {
        turns::checkpoint(self.writer(), checkpoints)
            .await
            .map_err(|fault| fault.report("checkpoint"))
    }

    async fn end_turn(&self, end: &EndedTurn) -> Result<(), Error> {
        turns::end(self.writer(), end)
            .await
            .map_err(|fault| fault.report("end_turn"))
    }

    async fn answer_of(&self, turn: TurnId) -> Result<(ConversationId, Message), Error> {
        turns::answer(&self.readers, turn)
            .await
            .map_err(|fault| fault.report("answer_of"))
    }

    async fn interrupt_open_turns(&self) -> Result<u64, Error> {
        turns::interrupt_open(self.writer())
            .await
            .map_err(|fault| fault.report("interrupt_open_turns"))
    }

    async fn attempts(&self, turn: TurnId) -> Result<Vec<Attempt>, Error> {
        attempts::list(&self.readers, turn)
            .await
            .map_err(|fault| fault.report("attempts"))
    }

    async fn record_attempts(&self, attempts: &[Attempt]) -> Result<(), Error> {
        attempts::record(self.writer(), attempts)
            .await
            .map_err(|fault| fault.report("record_attempts"))
    }

    async fn cached_answer(&self, key: &str, not_before_ms: i64) -> Result<Option<String>, Error> {
        cached::read(&self.readers, key, not_before_ms)
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
        cached::keep(self.writer(), &self.readers, &self.cached, kept)
            .await
            .map_err(|fault| fault.report("keep_cached_answer"))
    }

    async fn purge_cached_answers(&self, before_ms: i64) -> Result<u64, Error> {
        cached::purge(self.writer(), &self.cached, before_ms)
            .await
            .map_err(|fault| fault.report("purge_cached_answers"))
    }

    async fn ping(&self) -> Result<(), Error> {
        open::ping(&self.readers)
            .await
            .map_err(|fault| fault.report("ping"))
    }
}
