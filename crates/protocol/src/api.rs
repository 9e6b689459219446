//! Paths and bodies of Rivulet's own API, used by the server's routes and by
//! the page's client.

use serde::{Deserialize, Serialize};

use crate::{
    Attachment, ConversationId, ConversationSettings, MessageId, Role, TurnId, fields::read_fields,
};

pub use crate::settings::{Preference, Settings};

/// `GET`: the conversations, newest first, as [`crate::ConversationSummary`].
pub const CONVERSATIONS: &str = "/api/conversations";
/// `GET`: one [`crate::Conversation`]; `PATCH`: [`ChangeConversation`];
/// `DELETE`: remove, which [`restore`] takes back for a while.
pub const CONVERSATION: &str = "/api/conversations/{conversation}";
/// `POST`: takes a delete back.
pub const RESTORE: &str = "/api/conversations/{conversation}/restore";
/// `POST` [`ChangeMany`]: the same change of many conversations, all or none.
pub const CHANGE_MANY: &str = "/api/conversations/change";
/// `POST` [`Messages`]: removes these messages and all that follow them, which
/// [`RESTORE_MESSAGES`] takes back for a while.
pub const DELETE_MESSAGES: &str = "/api/conversations/{conversation}/messages/delete";
/// `POST` [`Messages`]: takes such a delete back.
pub const RESTORE_MESSAGES: &str = "/api/conversations/{conversation}/messages/restore";
/// `GET ?format=json|markdown`: one conversation as a file.
pub const EXPORT_ONE: &str = "/api/conversations/{conversation}/export";
/// `GET ?format=json|markdown`: all conversations as a file.
pub const EXPORT: &str = "/api/export";
/// `POST` a file of conversations, ours or another program's: an
/// [`ImportReport`].
pub const IMPORT: &str = "/api/import";
/// `GET ?q=…`: a list of [`Hit`], best first.
pub const SEARCH: &str = "/api/search";
/// `GET`: the named [`crate::Preset`]s, by name.
pub const PRESETS: &str = "/api/presets";
/// `PUT` [`ConversationSettings`]: stores a preset under this name; `DELETE`:
/// removes it.
pub const PRESET: &str = "/api/presets/{name}";
/// `POST ?name=…` a file's bytes: an [`Attachment`] to send with a message.
pub const ATTACHMENTS: &str = "/api/attachments";
/// `GET`: an attachment's bytes.
pub const ATTACHMENT: &str = "/api/attachments/{hash}";
/// `GET`: an event stream of [`Change`]s, as they happen.
pub const CHANGES: &str = "/api/changes";
/// `GET`: the [`crate::ModelList`].
pub const MODELS: &str = "/api/models";
/// `GET`: what the cache of answers has done since the server started: `hits`,
/// `joined`, `misses`, and `saved` in US dollars.
pub const CACHE: &str = "/api/cache";
/// `POST` [`StartTurn`]: starts a turn. Answers with the event stream where
/// `Accept` asks for one, else with [`Started`].
pub const TURNS: &str = "/api/turns";
/// `GET`: the turn's events, `?after=N` or `Last-Event-ID: N` for those after
/// number N; SSE, NDJSON or text by `Accept`.
pub const EVENTS: &str = "/api/turns/{turn}/events";
/// `POST` [`Stop`]: stops the turn; twice is as good as once.
pub const STOP: &str = "/api/turns/{turn}/stop";
/// `POST` a list of [`Enrich`]: the HTML of each, in order, as strings.
pub const ENRICH: &str = "/api/enrich";

/// The path of one conversation.
#[must_use]
pub fn conversation(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}")
}

/// The path that takes the conversation's delete back.
#[must_use]
pub fn restore(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/restore")
}

/// The path that removes messages of the conversation.
#[must_use]
pub fn delete_messages(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/messages/delete")
}

/// The path that takes such a delete back.
#[must_use]
pub fn restore_messages(id: ConversationId) -> String {
    format!("{CONVERSATIONS}/{id}/messages/restore")
}

/// The path of an attachment's bytes.
#[must_use]
pub fn attachment(hash: &str) -> String {
    format!("{ATTACHMENTS}/{hash}")
}

/// The path of a turn's events after the given number.
#[must_use]
pub fn events(turn: TurnId, after: u64) -> String {
    format!("{TURNS}/{turn}/events?after={after}")
}

/// The path that stops a turn.
#[must_use]
pub fn stop(turn: TurnId) -> String {
    format!("{TURNS}/{turn}/stop")
}

/// The page that shows a conversation.
#[must_use]
pub fn conversation_page(id: ConversationId) -> String {
    format!("/c/{id}")
}

/// The request that starts a turn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartTurn {
    /// The person's message.
    pub text: String,
    /// The conversation to go on in; a new one begins without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The message this one follows; the newest without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<MessageId>,
    /// The model to ask, as `provider/model`; the default one without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How to ask.
    #[serde(default, skip_serializing_if = "Settings::is_default")]
    pub settings: Settings,
    /// The id that the turn shall have, chosen at random by the caller: a
    /// request repeated because its answer was lost then starts nothing twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnId>,
    /// Asks for another version of the answer to this question, which is
    /// already stored; `text` is then empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<MessageId>,
    /// The question of which this one is another version: it follows the same
    /// answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<MessageId>,
    /// Asks for another version of this answer that begins with its text and
    /// goes on; `text` is then empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extend: Option<MessageId>,
    /// What is sent with the message, as [`ATTACHMENTS`] gave it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Whether the conversation begun is never written to disk and ends with
    /// the server, or a day after its last change.
    #[serde(default, skip_serializing_if = "crate::settings::is_false")]
    pub temporary: bool,
}

/// The ids of a turn that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Started {
    /// The turn.
    pub turn: TurnId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// The person's message.
    pub question: MessageId,
    /// The message that the answer is written into.
    pub answer: MessageId,
}

read_fields!(Started {
    turn,
    conversation,
    question,
    answer
});

/// The request that stops a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// How many characters (Unicode scalar values) of the answer had been
    /// shown when Stop was pressed: what is stored is not longer. Absent:
    /// everything that watchers had been sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<usize>,
}

/// The request that changes a conversation; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeConversation {
    /// The new title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether it stands above the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
    /// Whether it is out of the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// The folder it goes into; `""` takes it out of any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// How its answers are asked for and shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<ConversationSettings>,
    /// The message at the end of the path to show, of several versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<MessageId>,
}

/// The request that changes many conversations alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeMany {
    /// Which ones; those that do not exist are passed over.
    pub conversations: Vec<ConversationId>,
    /// What becomes of them.
    pub change: ManyChange,
}

/// A change of many conversations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManyChange {
    /// They are removed, which `Restore` takes back for a while.
    Delete,
    /// Takes a delete back.
    Restore,
    /// Out of the way.
    Archive,
    /// Back among the others.
    Unarchive,
    /// Into this folder; `""` out of any.
    Folder(String),
}

/// Messages of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Messages {
    /// Which ones.
    pub messages: Vec<MessageId>,
}

/// What a search found: a title or a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its title.
    pub title: String,
    /// The message, or `None` where it is the title that has the words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Who said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The words in their surroundings: every second piece, from the second
    /// on, is one that was looked for.
    pub excerpt: Vec<String>,
    /// When it was said, or the conversation last changed, milliseconds since
    /// the Unix epoch.
    pub at_ms: i64,
}

read_fields!(Hit { conversation, title, excerpt, at_ms } message, role);

/// What came of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// How many conversations were imported.
    pub conversations: u32,
    /// How many messages they have.
    pub messages: u32,
    /// How many presets were imported.
    pub presets: u32,
    /// What could not be imported, and why: a sentence each.
    pub problems: Vec<String>,
}

read_fields!(ImportReport {
    conversations,
    messages,
    presets,
    problems
});

/// What changed, told to every page that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The conversation that is new or has changed; `None`: there may be
    /// others, or the listener has missed something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// Whether the presets have changed.
    #[serde(skip_serializing_if = "crate::settings::is_false")]
    pub presets: bool,
}

read_fields!(Change {} conversation, presets);

/// A piece of an answer that the server draws better than the page could
/// without a larger download.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Enrich {
    /// Code to highlight.
    Code {
        /// The fence's info word, perhaps unknown.
        language: String,
        /// The code.
        source: String,
    },
    /// LaTeX to set as MathML.
    Math {
        /// The formula without its dollar signs.
        source: String,
        /// Whether it stands on lines of its own.
        display: bool,
    },
}
