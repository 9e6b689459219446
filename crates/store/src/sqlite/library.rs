//! The part of the store that keeps what a person has.

use std::cmp::Reverse;

use async_trait::async_trait;
use protocol::{
    Attachment, Conversation, ConversationId, ConversationSettings, ConversationSummary, MessageId,
    Preset,
    api::{ChangeConversation, ChangeMany, Hit},
};

use super::{
    SqliteStore, attachments,
    conversations::{self, Before},
    deleted,
    fault::Fault,
    open, presets, search,
    temporary::{FILES_KEPT, milliseconds},
};
use crate::{Error, Library};

impl SqliteStore {
    async fn list(&self) -> Result<Vec<ConversationSummary>, Fault> {
        let mut all = conversations::list(&self.disk.readers).await?;
        if let Some(memory) = self.temporary.database() {
            let temporary = conversations::list(&memory.readers).await?;
            all.extend(temporary.into_iter().map(|summary| ConversationSummary {
                temporary: true,
                ..summary
            }));
            all.sort_by_key(|summary| Reverse((summary.updated_ms, summary.id)));
        }
        Ok(all)
    }

    async fn change_all(&self, change: &ChangeMany, now_ms: i64) -> Result<(), Fault> {
        let ChangeMany {
            conversations,
            change,
        } = change;
        let (there, here): (Vec<ConversationId>, Vec<_>) = conversations
            .iter()
            .partition(|id| self.temporary.home(id.0).is_none());
        conversations::change_many(self.disk.writer(), &there, change, now_ms).await?;
        if let Some(memory) = self.temporary.database().filter(|_| !here.is_empty()) {
            conversations::change_many(memory.writer(), &here, change, now_ms).await?;
        }
        Ok(())
    }

    async fn take_over(&self, conversation: &Conversation) -> Result<(), Fault> {
        let mut attached = self
            .temporary
            .attached(attachments::hashes(&conversation.messages));
        // A file that was lost is no reason to lose what was said about it.
        attached.known.clear();
        conversations::import(self.disk.writer(), conversation, &attached).await?;
        self.temporary.release(&attached);
        Ok(())
    }

    async fn clean(&self, deleted_before_ms: i64, now_ms: i64) -> Result<u64, Fault> {
        let before = Before {
            deleted_ms: deleted_before_ms,
            changed_ms: i64::MIN,
            attached_ms: now_ms.saturating_sub(milliseconds(FILES_KEPT)),
        };
        let purged = conversations::purge(self.disk.writer(), &before).await?;
        let temporary = self.temporary.purge(deleted_before_ms, now_ms).await?;
        Ok(purged.len() as u64 + temporary)
    }
}

#[async_trait]
impl Library for SqliteStore {
    async fn conversations(&self) -> Result<Vec<ConversationSummary>, Error> {
        self.list()
            .await
            .map_err(|fault| fault.report("conversations"))
    }

    async fn change(&self, id: ConversationId, change: &ChangeConversation) -> Result<(), Error> {
        conversations::change(self.home(id.0).writer(), id, change)
            .await
            .map_err(|fault| fault.report("change"))
    }

    async fn change_many(&self, change: &ChangeMany, now_ms: i64) -> Result<(), Error> {
        self.change_all(change, now_ms)
            .await
            .map_err(|fault| fault.report("change_many"))
    }

    async fn delete(&self, id: ConversationId, now_ms: i64) -> Result<(), Error> {
        conversations::delete(self.home(id.0).writer(), id, now_ms)
            .await
            .map_err(|fault| fault.report("delete"))
    }

    async fn restore(&self, id: ConversationId) -> Result<(), Error> {
        conversations::restore(self.home(id.0).writer(), id)
            .await
            .map_err(|fault| fault.report("restore"))
    }

    async fn delete_messages(
        &self,
        id: ConversationId,
        messages: &[MessageId],
        now_ms: i64,
    ) -> Result<(), Error> {
        deleted::delete(self.home(id.0).writer(), id, messages, now_ms)
            .await
            .map_err(|fault| fault.report("delete_messages"))
    }

    async fn restore_messages(
        &self,
        id: ConversationId,
        messages: &[MessageId],
    ) -> Result<(), Error> {
        deleted::restore(self.home(id.0).writer(), id, messages)
            .await
            .map_err(|fault| fault.report("restore_messages"))
    }

    async fn purge(&self, before_ms: i64, now_ms: i64) -> Result<u64, Error> {
        self.clean(before_ms, now_ms)
            .await
            .map_err(|fault| fault.report("purge"))
    }

    async fn search(&self, query: &str, most: u32) -> Result<Vec<Hit>, Error> {
        search::find(&self.disk.readers, query, most)
            .await
            .map_err(|fault| fault.report("search"))
    }

    async fn presets(&self) -> Result<Vec<Preset>, Error> {
        presets::list(&self.disk.readers)
            .await
            .map_err(|fault| fault.report("presets"))
    }

    async fn keep_preset(&self, name: &str, settings: &ConversationSettings) -> Result<(), Error> {
        presets::keep(self.disk.writer(), name, settings)
            .await
            .map_err(|fault| fault.report("keep_preset"))
    }

    async fn remove_preset(&self, name: &str) -> Result<(), Error> {
        presets::remove(self.disk.writer(), name)
            .await
            .map_err(|fault| fault.report("remove_preset"))
    }

    async fn keep_attachment(
        &self,
        attachment: &Attachment,
        bytes: &[u8],
        now_ms: i64,
    ) -> Result<(), Error> {
        self.temporary
            .keep_file(attachment, bytes, now_ms)
            .map_err(|fault| fault.report("keep_attachment"))
    }

    async fn import(&self, conversation: &Conversation) -> Result<(), Error> {
        self.take_over(conversation)
            .await
            .map_err(|fault| fault.report("import"))
    }

    async fn ping(&self) -> Result<(), Error> {
        open::ping(&self.disk.readers)
            .await
            .map_err(|fault| fault.report("ping"))
    }
}
