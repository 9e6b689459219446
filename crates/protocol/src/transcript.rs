//! The pure fold from a turn's events to what is shown and stored. The server
//! and the page use this same function, so they cannot disagree.

use serde::{Deserialize, Serialize};

use crate::{Ending, Entry, Event, MessageState, Phase, Status, Usage, fields::read_fields};

/// What a turn has produced so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// The number of the last entry folded in; 0 before the first.
    pub last: u64,
    /// The answer's text, Markdown.
    pub text: String,
    /// The model's thinking.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub thinking: String,
    /// Tool calls, in order of their first fragment's index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolCall>,
    /// The latest status.
    #[serde(default)]
    pub status: Status,
    /// The latest usage report.
    #[serde(default)]
    pub usage: Usage,
    /// How the turn stands.
    #[serde(default)]
    pub state: MessageState,
    /// How it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// A call of a tool that the model asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ToolCall {
    /// The provider's index of the call within the answer.
    pub index: u32,
    /// The provider's id of the call.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments' JSON text, perhaps unfinished, perhaps invalid.
    pub arguments: String,
}

read_fields!(ToolCall {
    index,
    id,
    name,
    arguments
});

impl Transcript {
    /// Folds one entry in. An entry whose number was already folded, or that
    /// comes after the terminal one, changes nothing: a reconnected watcher
    /// may therefore be handed entries twice.
    pub fn apply(&mut self, entry: &Entry) {
        if entry.id <= self.last || self.ending.is_some() {
            return;
        }
        self.last = entry.id;
        match &entry.event {
            Event::Accepted { .. } => self.state = MessageState::Writing,
            Event::Status(status) => self.status = status.clone(),
            Event::Text { delta } => {
                self.status.phase = Phase::Writing;
                self.text.push_str(delta);
            }
            Event::Thinking { delta } => {
                self.status.phase = Phase::Thinking;
                self.thinking.push_str(delta);
            }
            Event::Tool {
                index,
                id,
                name,
                arguments_delta,
            } => {
                let call = self.tool(*index);
                if let Some(id) = id {
                    call.id.clone_from(id);
                }
                if let Some(name) = name {
                    call.name.clone_from(name);
                }
                call.arguments.push_str(arguments_delta);
            }
            Event::Replace { keep, text } => {
                let end = self
                    .text
                    .char_indices()
                    .nth(*keep)
                    .map_or(self.text.len(), |(at, _)| at);
                self.text.truncate(end);
                self.text.push_str(text);
            }
            Event::Usage(usage) => self.usage = *usage,
            Event::Finished(ending) => self.end(MessageState::Finished, ending),
            Event::Stopped(ending) => self.end(MessageState::Stopped, ending),
            Event::Failed(ending) => self.end(MessageState::Failed, ending),
        }
    }

    fn end(&mut self, state: MessageState, ending: &Ending) {
        self.state = state;
        self.usage = ending.statistics.usage;
        self.ending = Some(ending.clone());
    }

    fn tool(&mut self, index: u32) -> &mut ToolCall {
        let at = match self.tools.binary_search_by_key(&index, |call| call.index) {
            Ok(at) => at,
            Err(at) => {
                self.tools.insert(
                    at,
                    ToolCall {
                        index,
                        ..ToolCall::default()
                    },
                );
                at
            }
        };
        &mut self.tools[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(id: u64, delta: &str) -> Entry {
        Entry {
            id,
            event: Event::Text {
                delta: delta.into(),
            },
        }
    }

    #[test]
    fn entries_seen_twice_or_after_the_end_change_nothing() {
        let mut transcript = Transcript::default();
        transcript.apply(&text(1, "a"));
        transcript.apply(&text(1, "a"));
        transcript.apply(&text(2, "b"));
        transcript.apply(&Entry {
            id: 3,
            event: Event::Stopped(Ending::default()),
        });
        transcript.apply(&text(4, "c"));
        assert_eq!(transcript.text, "ab");
        assert_eq!(transcript.state, MessageState::Stopped);
    }

    #[test]
    fn replace_counts_characters_not_bytes() {
        let mut transcript = Transcript::default();
        transcript.apply(&text(1, "äöü!"));
        transcript.apply(&Entry {
            id: 2,
            event: Event::Replace {
                keep: 2,
                text: "x".into(),
            },
        });
        assert_eq!(transcript.text, "äöx");
        transcript.apply(&Entry {
            id: 3,
            event: Event::Replace {
                keep: 99,
                text: "y".into(),
            },
        });
        assert_eq!(transcript.text, "äöxy");
    }

    #[test]
    fn interleaved_tool_calls_keep_their_own_arguments() {
        let mut transcript = Transcript::default();
        let fragments = [
            (1, Some("b"), "{"),
            (0, Some("a"), "["),
            (1, None, "}"),
            (0, None, "]"),
        ];
        for (number, (index, name, arguments)) in (1..).zip(fragments) {
            transcript.apply(&Entry {
                id: number,
                event: Event::Tool {
                    index,
                    id: None,
                    name: name.map(str::to_owned),
                    arguments_delta: arguments.into(),
                },
            });
        }
        let calls: Vec<_> = transcript
            .tools
            .iter()
            .map(|c| (c.name.as_str(), c.arguments.as_str()))
            .collect();
        assert_eq!(calls, [("a", "[]"), ("b", "{}")]);
    }
}
