//! Conversations and their messages, as stored and as shown.

use serde::{Deserialize, Serialize};

use crate::{
    ConversationId, MessageId, Problem, Statistics, ToolCall, TurnId, fields::read_fields,
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
    parent, thinking, tools, model, turn, last_event, statistics, reason, problem
);

/// A conversation as the sidebar lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConversationSummary {
    /// Its id.
    pub id: ConversationId,
    /// Its title: given by a person, else made from the first question.
    pub title: String,
    /// When it last changed, milliseconds since the Unix epoch.
    pub updated_ms: i64,
}

read_fields!(ConversationSummary {
    id,
    title,
    updated_ms
});

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
    /// The whole tree.
    pub messages: Vec<Message>,
}

read_fields!(Conversation {
    id,
    title,
    updated_ms,
    messages
});

impl Conversation {
    /// The messages from the root to the newest leaf: what the page shows
    /// until the reader picks another version.
    #[must_use]
    pub fn newest_path(&self) -> Vec<&Message> {
        let mut path = Vec::new();
        let mut next = self
            .messages
            .iter()
            .max_by_key(|message| (message.created_ms, message.id));
        while let Some(message) = next {
            path.push(message);
            next = message
                .parent
                .and_then(|parent| self.messages.iter().find(|other| other.id == parent));
        }
        path.reverse();
        path
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
