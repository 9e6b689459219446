//! What the server needs of a database beyond the running of turns.

use async_trait::async_trait;
use protocol::{
    Attachment, Conversation, ConversationId, ConversationSettings, ConversationSummary, MessageId,
    Preset,
    api::{ChangeConversation, ChangeMany, Hit},
};

use crate::{Error, Store};

/// The conversations as a person keeps them: listed, sorted, found, deleted
/// and taken back. Every method is atomic: after an error nothing of it is
/// stored.
#[async_trait]
pub trait Library: Store {
    /// The conversations that are not deleted, archived ones among them,
    /// newest first.
    async fn conversations(&self) -> Result<Vec<ConversationSummary>, Error>;

    /// Changes what is said of a conversation. Its time of change stays. Not
    /// found is also a leaf that is no message of it, or a deleted one.
    async fn change(&self, id: ConversationId, change: &ChangeConversation) -> Result<(), Error>;

    /// Changes many conversations alike at `now_ms`; those that do not exist
    /// are passed over.
    async fn change_many(&self, change: &ChangeMany, now_ms: i64) -> Result<(), Error>;

    /// Hides a conversation at `now_ms`; [`Library::restore`] takes it back
    /// until [`Library::purge`] removes it. What was deleted before stays so
    /// since then.
    async fn delete(&self, id: ConversationId, now_ms: i64) -> Result<(), Error>;

    /// Takes a delete back; fine where there was none.
    async fn restore(&self, id: ConversationId) -> Result<(), Error>;

    /// Hides messages of a conversation at `now_ms`, and with each all that
    /// follow it. Not found is a message that is not in the conversation.
    async fn delete_messages(
        &self,
        id: ConversationId,
        messages: &[MessageId],
        now_ms: i64,
    ) -> Result<(), Error>;

    /// Takes such a delete back: these messages and all that follow them are
    /// there again, except what another delete hides: one that named a message
    /// among them, or one before them. Fine where there was none.
    async fn restore_messages(
        &self,
        id: ConversationId,
        messages: &[MessageId],
    ) -> Result<(), Error>;

    /// Removes for good what was deleted before `before_ms`, temporary
    /// conversations that did not change for a day before `now_ms`, and
    /// attachments that no message has, though not within an hour of
    /// [`Library::keep_attachment`]; returns how many conversations. Their
    /// attempts stay: they are what was spent.
    async fn purge(&self, before_ms: i64, now_ms: i64) -> Result<u64, Error>;

    /// The titles and messages with all these words, best first. Words in
    /// quotation marks are a phrase, the last word may be the beginning of
    /// one; in scripts that do not part words, any text is found. What is
    /// deleted or temporary is not found, nor an answer that is being written
    /// and its question. Of one conversation there are three hits at most.
    /// Nothing is found where there are no words, and nothing that is typed is
    /// an error; what is longer than [`crate::LONGEST_QUERY`] is cut.
    async fn search(&self, query: &str, most: u32) -> Result<Vec<Hit>, Error>;

    /// The presets, by name.
    async fn presets(&self) -> Result<Vec<Preset>, Error>;

    /// Stores settings under a name, in place of older ones.
    async fn keep_preset(&self, name: &str, settings: &ConversationSettings) -> Result<(), Error>;

    /// Removes a preset. Not found is one that is not there.
    async fn remove_preset(&self, name: &str) -> Result<(), Error>;

    /// Keeps a file under the hash of its bytes; fine where it is there. Until
    /// a message is stored that has it and is not temporary, it is kept in
    /// memory alone, and ends with the server: nobody knows yet whether it may
    /// be on the disk.
    async fn keep_attachment(
        &self,
        attachment: &Attachment,
        bytes: &[u8],
        now_ms: i64,
    ) -> Result<(), Error>;

    /// Stores a whole conversation under ids that are not there yet, whether it
    /// was temporary or not. An answer that was being written becomes an
    /// interrupted one. Attachments need not be there. Not found is a parent
    /// that does not come before its children.
    async fn import(&self, conversation: &Conversation) -> Result<(), Error>;

    /// Whether the database answers; for the readiness probe.
    async fn ping(&self) -> Result<(), Error>;
}
