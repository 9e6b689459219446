//! The numbered facts about a turn that a watcher may see.

use serde::{Deserialize, Serialize};

use crate::{
    AttemptReason, ConversationId, MessageId, Outcome, Problem, ProblemKind, TurnId, Usage, Usd,
    api::Started, fields::read_fields,
};

/// One entry of a turn's log as a watcher receives it. A watcher that was
/// behind gets several entries in one bite, under the number of the last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The number of the last log entry covered; the SSE `id`. Counts from 1.
    pub id: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen in a turn. On the wire the SSE `event` field carries the
/// name and `data` the content; NDJSON carries `{id, event, data}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// The turn exists. Always the first entry.
    Accepted {
        /// The turn.
        turn: TurnId,
        /// The conversation it belongs to, perhaps begun by it.
        conversation: ConversationId,
        /// The person's message.
        question: MessageId,
        /// The message that the answer is written into.
        answer: MessageId,
    },
    /// What the turn is doing now.
    Status(Status),
    /// More of the answer.
    Text {
        /// The text to append.
        delta: String,
    },
    /// More of the model's thinking.
    Thinking {
        /// The text to append.
        delta: String,
    },
    /// A tool call forming.
    Tool {
        /// Which call of this answer; calls may interleave.
        index: u32,
        /// The provider's id of the call, in the first fragment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The tool's name, in the first fragment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// More of the arguments' JSON text.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        arguments_delta: String,
    },
    /// Take back the end of the answer and show this instead.
    Replace {
        /// How many characters (Unicode scalar values) of the answer's text
        /// stay.
        keep: usize,
        /// What follows them now.
        text: String,
    },
    /// Tokens so far; replaces an earlier report.
    Usage(Usage),
    /// Terminal: the answer is whole.
    Finished(Ending),
    /// Terminal: someone pressed Stop, nobody was watching, or the answer came
    /// to a stop phrase.
    Stopped(Ending),
    /// Terminal: the answer could not be completed; what came of it is kept.
    Failed(Ending),
}

impl Event {
    /// Reads an event back from its name and its JSON data; `None` for a name
    /// that a newer server may have. The page reads events this way, at a
    /// fraction of what the derived deserializer would add to its download.
    ///
    /// # Errors
    /// When the data is not what the name promises.
    pub fn from_wire(name: &str, data: &str) -> Result<Option<Self>, crate::json::Unreadable> {
        use crate::json::from_str;
        /// The fields of the small events, by name.
        #[derive(Deserialize)]
        struct Fields {
            #[serde(default)]
            delta: String,
            #[serde(default)]
            index: u32,
            id: Option<String>,
            name: Option<String>,
            #[serde(default)]
            arguments_delta: String,
            #[serde(default)]
            keep: usize,
            #[serde(default)]
            text: String,
        }
        let fields = || from_str::<Fields>(data);
        Ok(Some(match name {
            "accepted" => {
                let Started {
                    turn,
                    conversation,
                    question,
                    answer,
                } = from_str(data)?;
                Self::Accepted {
                    turn,
                    conversation,
                    question,
                    answer,
                }
            }
            "status" => Self::Status(from_str(data)?),
            "text" => Self::Text {
                delta: fields()?.delta,
            },
            "thinking" => Self::Thinking {
                delta: fields()?.delta,
            },
            "tool" => {
                let Fields {
                    index,
                    id,
                    name,
                    arguments_delta,
                    ..
                } = fields()?;
                Self::Tool {
                    index,
                    id,
                    name,
                    arguments_delta,
                }
            }
            "replace" => {
                let Fields { keep, text, .. } = fields()?;
                Self::Replace { keep, text }
            }
            "usage" => Self::Usage(from_str(data)?),
            "finished" => Self::Finished(from_str(data)?),
            "stopped" => Self::Stopped(from_str(data)?),
            "failed" => Self::Failed(from_str(data)?),
            _ => return Ok(None),
        }))
    }

    /// The SSE event name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Status(_) => "status",
            Self::Text { .. } => "text",
            Self::Thinking { .. } => "thinking",
            Self::Tool { .. } => "tool",
            Self::Replace { .. } => "replace",
            Self::Usage(_) => "usage",
            Self::Finished(_) => "finished",
            Self::Stopped(_) => "stopped",
            Self::Failed(_) => "failed",
        }
    }

    /// Whether nothing can come after it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.ending().is_some()
    }

    /// The ending that a terminal event carries.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Finished(ending) | Self::Stopped(ending) | Self::Failed(ending) => Some(ending),
            _ => None,
        }
    }
}

/// What the turn is doing, for the status line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The phase.
    pub phase: Phase,
    /// The provider in use, once chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model in use, as `provider/model`, once chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Which attempt this is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Why, in words, where there is something to explain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long until the next attempt, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// How many output tokens the answer is thought to take, where something
    /// tells (what the model wrote of late, a limit). An estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_tokens: Option<u64>,
}

read_fields!(Status { phase } provider, model, attempt, reason, retry_in_ms, expected_tokens);

/// The phases of a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Accepted, not begun.
    #[default]
    Queued,
    /// Choosing the model.
    Routing,
    /// The provider was asked and has not answered yet.
    Waiting,
    /// The model thinks.
    Thinking,
    /// The model writes.
    Writing,
    /// The same deployment is asked again.
    Retrying,
    /// Another deployment takes over.
    Switching,
}

/// How a turn ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Ending {
    /// Why it ended: the model's finish reason (`stop`, `length`,
    /// `tool_calls`, …), `stopped by the reader`, `nobody was watching`,
    /// `stop phrase` (see [`Statistics::stop_phrase`]), or the problem's kind.
    pub reason: String,
    /// What it took.
    pub statistics: Statistics,
    /// What went wrong; present in `failed` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

read_fields!(Ending { reason, statistics } problem);

impl Ending {
    /// Whether the server ended, and not the answer.
    #[must_use]
    pub fn is_interruption(&self) -> bool {
        let kind = self.problem.as_ref().map(|problem| problem.kind);
        kind == Some(ProblemKind::Interrupted)
    }
}

/// What an answer took. Times are in milliseconds from acceptance.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Statistics {
    /// The provider that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model that answered, as `provider/model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Time until the first text or thinking, if any came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<u64>,
    /// Time until the end.
    pub duration_ms: u64,
    /// Deltas received from the provider, before gathering.
    pub chunks: u64,
    /// Characters (Unicode scalar values) of the answer's text; see
    /// [`Statistics::begun`].
    pub characters: u64,
    /// Words of the answer's text, split at white space.
    pub words: u64,
    /// Tokens.
    pub usage: Usage,
    /// Upstream calls made.
    pub attempts: u32,
    /// Those calls one by one, where there was more than one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Try>,
    /// Why this model answered, in words, where the gateway chose it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// What the choice, or the cache, is thought to have saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saving: Option<Saving>,
    /// Whether the answer came from the cache.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cached: bool,
    /// How many characters the text begins with that are an earlier version's:
    /// `characters`, `words`, `chunks` and `usage` count only what is new.
    #[serde(skip_serializing_if = "is_zero")]
    pub begun: u64,
    /// The phrase that the answer was ended by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_phrase: Option<StopPhrase>,
}

read_fields!(Statistics { duration_ms, chunks, characters, words, usage, attempts }
    provider, model, first_token_ms, tries, route, saving, cached, begun, stop_phrase
);

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A stop phrase that an answer came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StopPhrase {
    /// The phrase, one of [`crate::Settings::stop`].
    pub phrase: String,
    /// Where it begins, in characters (Unicode scalar values) of the answer's
    /// text. Where the phrase was cut, that is the text's end.
    pub at: u64,
}

read_fields!(StopPhrase { phrase, at });

/// An estimate of money not spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Saving {
    /// How much.
    pub usd: Usd,
    /// The model it would have cost that much more at; `None` where the
    /// answer came from the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
}

read_fields!(Saving { usd } against);

/// One upstream call as the statistics tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Try {
    /// The model asked, as `provider/model`.
    pub model: String,
    /// Why.
    pub reason: AttemptReason,
    /// What came of it.
    pub outcome: Outcome,
    /// The category of its failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemKind>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

read_fields!(Try { model, reason, outcome, duration_ms } problem);

impl Statistics {
    /// Output tokens per second between the first token and the end; `None`
    /// where tokens or times are unknown or too short to mean anything.
    #[must_use]
    pub fn tokens_per_second(&self) -> Option<f64> {
        let writing = self.duration_ms.checked_sub(self.first_token_ms?)?;
        let tokens = self.usage.output?;
        (writing >= 50 && tokens > 1).then(|| tokens as f64 * 1000.0 / writing as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_reads_back_from_its_wire_form() {
        let started = Started {
            turn: TurnId::from_random_bytes([1; 16]),
            conversation: ConversationId::from_random_bytes([2; 16]),
            question: MessageId::from_random_bytes([3; 16]),
            answer: MessageId::from_random_bytes([4; 16]),
        };
        let ending = Ending {
            reason: "stop".into(),
            ..Ending::default()
        };
        for event in [
            Event::Accepted {
                turn: started.turn,
                conversation: started.conversation,
                question: started.question,
                answer: started.answer,
            },
            Event::Status(Status::default()),
            Event::Text { delta: "a".into() },
            Event::Thinking { delta: "b".into() },
            Event::Tool {
                index: 1,
                id: Some("i".into()),
                name: None,
                arguments_delta: "{".into(),
            },
            Event::Replace {
                keep: 3,
                text: "c".into(),
            },
            Event::Usage(Usage::default()),
            Event::Finished(ending.clone()),
            Event::Stopped(ending.clone()),
            Event::Failed(ending),
        ] {
            let wire = serde_json::to_value(&event).unwrap();
            assert_eq!(wire["event"], event.name());
            let data = wire["data"].to_string();
            let read = Event::from_wire(event.name(), &data).unwrap();
            assert_eq!(read.as_ref(), Some(&event));
            let derived: Event = serde_json::from_value(wire).unwrap();
            assert_eq!(derived, event);
        }
        assert_eq!(Event::from_wire("newer", "{}").unwrap(), None);
        assert!(Event::from_wire("text", "[").is_err());
    }
}
