//! Conversations and their messages, as stored and as shown.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    ConversationId, ConversationSettings, MessageId, Problem, Statistics, ToolCall, TurnId,
    fields::read_fields, settings::is_false,
};

/// Who said a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person.
    User,
    /// A model.
    Assistant,
}

/// How a message stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// A turn is writing it.
    #[default]
    Writing,
    /// Whole.
    Finished,
    /// Somebody pressed Stop, or nobody was watching.
    Stopped,
    /// The turn failed; the text is what came before.
    Failed,
    /// The server went down while it was written.
    Interrupted,
}

/// A message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// What it answers or follows; `None` for a first message. Messages with
    /// the same parent are versions of each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<MessageId>,
    /// Who said it.
    pub role: Role,
    /// How it stands.
    pub state: MessageState,
    /// The text: Markdown from a model, as typed from a person.
    pub text: String,
    /// What was sent with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The model's thinking.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub thinking: String,
    /// Tool calls the model asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolCall>,
    /// The model asked, as `provider/model`; `None` for a person's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// When it was created, milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// The turn that wrote or writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnId>,
    /// The number of the last event folded into it: where a watcher of its
    /// turn goes on from.
    pub last_event: u64,
    /// What the answer took, once ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistics: Option<Statistics>,
    /// Why it ended: see [`crate::Ending::reason`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What went wrong, for a failed or interrupted answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

read_fields!(Message { id, role, state, text, created_ms }
    parent, attachments, thinking, tools, model, turn, last_event, statistics, reason, problem
);

/// A file sent with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// The SHA-256 of its bytes, in hexadecimal: they are stored once.
    pub hash: String,
    /// The file's name.
    pub name: String,
    /// What it is: an image type that pages show, or `text/plain`.
    pub media_type: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// An estimate of the input tokens it takes.
    pub tokens: u64,
}

read_fields!(Attachment {
    hash,
    name,
    media_type,
    bytes,
    tokens
});

impl Attachment {
    /// Whether it is an image.
    #[must_use]
    pub fn is_image(&self) -> bool {
        self.media_type.starts_with("image/")
    }
}

/// A conversation as the sidebar lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConversationSummary {
    /// Its id.
    pub id: ConversationId,
    /// Its title: given by a person, else made from the first question.
    pub title: String,
    /// When it last changed, milliseconds since the Unix epoch.
    pub updated_ms: i64,
    /// Whether it stands above the others.
    #[serde(skip_serializing_if = "is_false")]
    pub pinned: bool,
    /// Whether it is out of the way.
    #[serde(skip_serializing_if = "is_false")]
    pub archived: bool,
    /// The folder it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Whether it is kept in memory alone; see [`crate::api::StartTurn`].
    #[serde(skip_serializing_if = "is_false")]
    pub temporary: bool,
}

read_fields!(ConversationSummary { id, title, updated_ms } pinned, archived, folder, temporary);

/// A conversation with all its messages, parents before children and older
/// versions before newer ones.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Its title; see [`ConversationSummary::title`].
    pub title: String,
    /// When it last changed, milliseconds since the Unix epoch.
    pub updated_ms: i64,
    /// Whether it stands above the others.
    #[serde(skip_serializing_if = "is_false")]
    pub pinned: bool,
    /// Whether it is out of the way.
    #[serde(skip_serializing_if = "is_false")]
    pub archived: bool,
    /// The folder it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Whether it is kept in memory alone; see [`crate::api::StartTurn`].
    #[serde(skip_serializing_if = "is_false")]
    pub temporary: bool,
    /// How its answers are asked for and shown.
    #[serde(skip_serializing_if = "ConversationSettings::is_default")]
    pub settings: ConversationSettings,
    /// The message at the end of the path to show, where somebody chose one of
    /// several versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf: Option<MessageId>,
    /// The whole tree.
    pub messages: Vec<Message>,
}

read_fields!(Conversation { id, title, updated_ms, messages }
    pinned, archived, folder, temporary, settings, leaf
);

impl Conversation {
    /// An empty conversation.
    #[must_use]
    pub fn new(id: ConversationId, title: String, updated_ms: i64) -> Self {
        Self {
            id,
            title,
            updated_ms,
            pinned: false,
            archived: false,
            folder: None,
            temporary: false,
            settings: ConversationSettings::default(),
            leaf: None,
            messages: Vec::new(),
        }
    }

    /// The messages from the root to a leaf, which are what is shown: the leaf
    /// chosen or what was last said after it, else what was last said at all.
    #[must_use]
    pub fn path(&self) -> Vec<&Message> {
        let leaf = self.leaf.filter(|leaf| self.find(*leaf).is_some());
        self.path_through(leaf)
    }

    /// The path through this message to what was last said after it; without
    /// one, to what was last said at all.
    #[must_use]
    pub fn path_through(&self, message: Option<MessageId>) -> Vec<&Message> {
        let age = |message: &&Message| (message.created_ms, message.id);
        let last = match message {
            None => self.messages.iter().max_by_key(age),
            Some(message) => {
                // Parents come before children: one pass finds them all.
                let mut below = HashSet::from([message]);
                let descends = |candidate: &&Message| {
                    let parent = candidate.parent;
                    candidate.id == message
                        || (parent.is_some_and(|parent| below.contains(&parent))
                            && below.insert(candidate.id))
                };
                self.messages.iter().filter(descends).max_by_key(age)
            }
        };
        last.map_or_else(Vec::new, |last| self.path_to(last.id))
    }

    /// The messages from the root to this one; none where it is not there.
    #[must_use]
    pub fn path_to(&self, message: MessageId) -> Vec<&Message> {
        let mut path = Vec::new();
        let mut wanted = Some(message);
        for candidate in self.messages.iter().rev() {
            if wanted == Some(candidate.id) {
                path.push(candidate);
                wanted = candidate.parent;
            }
        }
        path.reverse();
        path
    }

    /// The versions of a message, itself among them, older ones first: what
    /// has the same parent.
    #[must_use]
    pub fn versions(&self, message: MessageId) -> Vec<&Message> {
        let Some(known) = self.find(message) else {
            return Vec::new();
        };
        let version = |other: &&Message| other.parent == known.parent && other.role == known.role;
        self.messages.iter().filter(version).collect()
    }

    /// The message with this id.
    #[must_use]
    pub fn find(&self, message: MessageId) -> Option<&Message> {
        self.messages.iter().find(|other| other.id == message)
    }
}

/// The title a conversation gets by itself: the first line of its first
/// question that has words, cut at a word near 60 characters, without
/// Markdown's leading marks.
#[must_use]
pub fn title_from(question: &str) -> String {
    const LIMIT: usize = 60;
    let line = question
        .lines()
        .map(|line| {
            line.trim_start_matches(['#', '>', '-', '*', '`', ' ', '\t'])
                .trim()
        })
        .find(|line| !line.is_empty())
        .unwrap_or("New conversation");
    if line.chars().count() <= LIMIT {
        return line.to_owned();
    }
    let cut: String = line.chars().take(LIMIT).collect();
    let end = cut
        .rfind(char::is_whitespace)
        .filter(|&at| at > LIMIT / 2)
        .unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A conversation of these messages: number, parent's number, minute.
    fn tree(messages: &[(u128, u128, i64)]) -> Conversation {
        let id = |number| MessageId(uuid::Uuid::from_u128(number));
        let message = |&(number, parent, created_ms)| {
            let parent = (parent > 0).then(|| id(parent));
            serde_json::from_value(serde_json::json!({
                "id": id(number), "parent": parent, "role": "user", "state": "finished",
                "text": "", "created_ms": created_ms,
            }))
            .unwrap()
        };
        let mut conversation =
            Conversation::new(ConversationId(uuid::Uuid::nil()), String::new(), 0);
        conversation.messages = messages.iter().map(message).collect();
        conversation
    }

    #[test]
    fn the_path_shown_is_the_newest_or_the_one_chosen() {
        let mut conversation = tree(&[
            (1, 0, 1),
            (2, 1, 2),
            (3, 1, 3),
            (4, 2, 4),
            (5, 0, 5),
            (6, 5, 6),
        ]);
        let numbers = |path: Vec<&Message>| -> Vec<u128> {
            path.iter().map(|message| message.id.0.as_u128()).collect()
        };
        let id = |number| MessageId(uuid::Uuid::from_u128(number));
        assert_eq!(numbers(conversation.path()), [5, 6]);
        conversation.leaf = Some(id(1));
        assert_eq!(numbers(conversation.path()), [1, 2, 4]);
        conversation.leaf = Some(id(3));
        assert_eq!(numbers(conversation.path()), [1, 3]);
        conversation.leaf = Some(id(9));
        assert_eq!(numbers(conversation.path()), [5, 6]);
        assert_eq!(numbers(conversation.versions(id(2))), [2, 3]);
        assert_eq!(numbers(conversation.versions(id(5))), [1, 5]);
        assert_eq!(numbers(conversation.path_to(id(4))), [1, 2, 4]);
        assert!(conversation.path_to(id(9)).is_empty());
    }

    #[test]
    fn titles_come_from_the_first_line_with_words() {
        assert_eq!(
            title_from("\n\n## Why is *rust* fast?\nmore"),
            "Why is *rust* fast?"
        );
        assert_eq!(title_from("  \n```\n"), "New conversation");
        let long = title_from(&"word ".repeat(40));
        assert!(
            long.ends_with("word…") && long.chars().count() <= 61,
            "{long}"
        );
        assert_eq!(title_from(&"語".repeat(80)).chars().count(), 61);
    }
}
