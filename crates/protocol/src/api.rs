//! Paths and bodies of Rivulet's own API, used by the server's routes and by
//! the page's client.

use serde::{Deserialize, Serialize};

use crate::{ConversationId, MessageId, TurnId, Usd, fields::read_fields};

/// `GET`: the conversations, newest first, as [`crate::ConversationSummary`].
pub const CONVERSATIONS: &str = "/api/conversations";
/// `GET`: one [`crate::Conversation`]; `PATCH`: [`Rename`]; `DELETE`: remove,
/// which [`restore`] takes back for a while.
pub const CONVERSATION: &str = "/api/conversations/{conversation}";
/// `POST`: takes a delete back.
pub const RESTORE: &str = "/api/conversations/{conversation}/restore";
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
}

/// Settings of a request; what is absent is the model's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Instructions placed before the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Randomness, 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// The most output tokens the answer may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// What matters most where the gateway chooses the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefer: Option<Preference>,
    /// The most that an answer may cost by estimate, in US dollars; models of
    /// unknown price are then not chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<Usd>,
    /// Whether an identical question may be answered from the cache at any
    /// temperature. Without it, only at temperature 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<bool>,
}

/// What matters most in the choice of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// The least money.
    Cheapest,
    /// A model as good as the request needs, and no dearer.
    #[default]
    Balanced,
    /// The least time.
    Fastest,
    /// The strongest model.
    Best,
}

impl Settings {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
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

/// The request that renames a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The new title.
    pub title: String,
}

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
