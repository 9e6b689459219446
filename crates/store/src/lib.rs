//! Keeps conversations, messages and attempts. SQLite now; PostgreSQL later
//! behind the same [`Store`] trait.

mod excerpt;
mod library;
mod query;
mod sqlite;
mod words;

use async_trait::async_trait;
use protocol::{
    Attachment, Attempt, Conversation, ConversationId, Message, MessageId, Transcript, TurnId,
};

pub use library::Library;
pub use query::LONGEST_QUERY;
pub use sqlite::{SqliteOptions, SqliteStore};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thing named does not exist (or was deleted).
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The database cannot be written or read: disk full, locked, damaged. The
    /// text says why and what to do, for a person; the log has the rest.
    #[error("the database cannot be used: {0}")]
    Unavailable(String),
}

/// What turns need of a database; [`Library`] has the rest. Every method is
/// atomic: after an error nothing of it is stored.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// One conversation that is not deleted, with all its messages (see
    /// [`Conversation::messages`] for the order). A message whose turn still
    /// runs has the text of its last checkpoint.
    async fn conversation(&self, id: ConversationId) -> Result<Conversation, Error>;

    /// Stores the question and the empty answer of a new turn, and its
    /// conversation where `new_conversation` has one: all or nothing. The path
    /// shown becomes the one to the answer. Not found are a conversation that
    /// does not exist or was deleted, a parent that is not in it or was
    /// deleted, and an attachment that [`Library::keep_attachment`] did not
    /// keep.
    async fn begin_turn(&self, turn: &NewTurn) -> Result<(), Error>;

    /// Appends what several running turns produced since their previous
    /// checkpoint, in one transaction, at a cost in proportion to what is
    /// new, not to what is there. Passed over, so that one turn cannot fail
    /// the others: a checkpoint that covers no later event than what is there
    /// (so the same call can be repeated), and one whose answer is no
    /// longer being written.
    async fn checkpoint(&self, checkpoints: &[Checkpoint]) -> Result<(), Error>;

    /// Stores how a turn ended and what its answer is, replacing its
    /// checkpoints, together with its attempts. An answer that is no longer
    /// being written, or was purged meanwhile, is left alone; attempts that
    /// are not there yet are stored nevertheless.
    async fn end_turn(&self, end: &EndedTurn) -> Result<(), Error>;

    /// The answer of a turn, and the conversation that it is in. Not found
    /// where that was deleted.
    async fn answer_of(&self, turn: TurnId) -> Result<(ConversationId, Message), Error>;

    /// Marks every answer still in state `writing` as `interrupted`, with the
    /// text of its last checkpoint and a [`protocol::ProblemKind::Interrupted`]
    /// problem; for start-up. Returns how many.
    async fn interrupt_open_turns(&self) -> Result<u64, Error>;

    /// The attempts of a turn, in order.
    async fn attempts(&self, turn: TurnId) -> Result<Vec<Attempt>, Error>;

    /// A file stored by [`Library::keep_attachment`].
    async fn attachment(&self, hash: &str) -> Result<StoredFile, Error>;

    /// Stores attempts that belong to no conversation: calls of API clients.
    async fn record_attempts(&self, attempts: &[Attempt]) -> Result<(), Error>;

    /// The answer kept under this key since `not_before_ms`, as it was given
    /// to [`Store::keep_cached_answer`].
    async fn cached_answer(&self, key: &str, not_before_ms: i64) -> Result<Option<String>, Error>;

    /// Keeps an answer under this key in place of an older one. Where all
    /// together have more than `most_bytes`, the oldest go; an answer that
    /// alone has more is not kept.
    async fn keep_cached_answer(
        &self,
        key: &str,
        answer: &str,
        created_ms: i64,
        most_bytes: u64,
    ) -> Result<(), Error>;

    /// Removes the answers kept before `before_ms`; returns how many.
    async fn purge_cached_answers(&self, before_ms: i64) -> Result<u64, Error>;
}

/// What [`Store::attachment`] finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// What is said of it.
    pub attachment: Attachment,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether it is on the disk, and not only in memory: nobody else may keep
    /// what is not.
    pub kept: bool,
}

/// What [`Store::begin_turn`] stores.
#[derive(Debug, Clone)]
pub struct NewTurn {
    /// The conversation that the turn belongs to.
    pub conversation: ConversationId,
    /// The title of that conversation where it begins with this turn.
    pub new_conversation: Option<String>,
    /// Whether the conversation that begins is kept in memory alone; one that
    /// was there stays what it is.
    pub temporary: bool,
    /// The person's message; `None` where the turn writes another version of
    /// an answer to a question already stored.
    pub question: Option<Message>,
    /// The answer, empty and in state `writing`.
    pub answer: Message,
}

/// What one running turn produced since its previous checkpoint.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The answer's message.
    pub answer: MessageId,
    /// The number of the last event that this checkpoint covers.
    pub last_event: u64,
    /// Text since the previous checkpoint.
    pub text: String,
    /// Thinking since the previous checkpoint.
    pub thinking: String,
    /// The whole answer, where appending is not enough (after a `replace` or
    /// a tool call): replaces all earlier checkpoints of this answer; `text`
    /// and `thinking` beside it are not looked at.
    pub whole: Option<Transcript>,
}

/// What [`Store::end_turn`] stores.
#[derive(Debug, Clone)]
pub struct EndedTurn {
    /// The conversation, whose time of change becomes `now_ms`.
    pub conversation: ConversationId,
    /// The answer's message.
    pub answer: MessageId,
    /// The turn.
    pub turn: TurnId,
    /// The final transcript, with its ending.
    pub transcript: Transcript,
    /// The attempts made, in order.
    pub attempts: Vec<Attempt>,
    /// Now, milliseconds since the Unix epoch.
    pub now_ms: i64,
}
