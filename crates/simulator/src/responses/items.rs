//! The items of a response's output: thinking, messages, calls of functions.

use serde_json::{Value, json};

/// An item, as far as it has been said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) text: String,
}

/// The kinds of items, and what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Reasoning,
    Text,
    Refusal,
    Call { index: usize, name: String },
}

impl Kind {
    /// What its ids begin with.
    pub(super) fn prefix(&self) -> &'static str {
        match self {
            Self::Reasoning => "rs",
            Self::Text | Self::Refusal => "msg",
            Self::Call { .. } => "fc",
        }
    }

    /// The event that brings more of it.
    pub(super) fn delta_event(&self) -> &'static str {
        match self {
            Self::Reasoning => "response.reasoning_summary_text.delta",
            Self::Text => "response.output_text.delta",
            Self::Refusal => "response.refusal.delta",
            Self::Call { .. } => "response.function_call_arguments.delta",
        }
    }

    /// The events around what it says: of the part, as it begins and ends.
    /// Calls have no parts.
    pub(super) fn part_events(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Reasoning => Some((
                "response.reasoning_summary_part.added",
                "response.reasoning_summary_part.done",
            )),
            Self::Text | Self::Refusal => {
                Some(("response.content_part.added", "response.content_part.done"))
            }
            Self::Call { .. } => None,
        }
    }

    /// The event that says it whole, and the field it is in.
    pub(super) fn done_event(&self) -> (&'static str, &'static str) {
        match self {
            Self::Reasoning => ("response.reasoning_summary_text.done", "text"),
            Self::Text => ("response.output_text.done", "text"),
            Self::Refusal => ("response.refusal.done", "refusal"),
            Self::Call { .. } => ("response.function_call_arguments.done", "arguments"),
        }
    }

    /// The field that numbers its parts.
    pub(super) fn part_index(&self) -> Option<&'static str> {
        match self {
            Self::Reasoning => Some("summary_index"),
            Self::Text | Self::Refusal => Some("content_index"),
            Self::Call { .. } => None,
        }
    }

    /// Its part, saying this.
    pub(super) fn part(&self, text: &str) -> Value {
        match self {
            Self::Reasoning => json!({"type": "summary_text", "text": text}),
            Self::Refusal => json!({"type": "refusal", "refusal": text}),
            Self::Text | Self::Call { .. } => json!({
                "type": "output_text", "text": text, "annotations": [], "logprobs": [],
            }),
        }
    }
}

impl Item {
    /// The item as it begins.
    pub(super) fn begun(&self) -> Value {
        match &self.kind {
            Kind::Reasoning => json!({"type": "reasoning", "id": self.id, "summary": []}),
            Kind::Text | Kind::Refusal => self.message("in_progress", &[]),
            Kind::Call { index, name } => self.call(*index, name, "in_progress", ""),
        }
    }

    /// The item as it ends.
    pub(super) fn ended(&self, status: &str) -> Value {
        let part = self.kind.part(&self.text);
        match &self.kind {
            Kind::Reasoning => json!({"type": "reasoning", "id": self.id, "summary": [part]}),
            Kind::Text | Kind::Refusal => self.message(status, &[part]),
            Kind::Call { index, name } => self.call(*index, name, status, &self.text),
        }
    }

    fn message(&self, status: &str, content: &[Value]) -> Value {
        json!({
            "type": "message",
            "id": self.id,
            "status": status,
            "role": "assistant",
            "content": content,
        })
    }

    fn call(&self, index: usize, name: &str, status: &str, arguments: &str) -> Value {
        json!({
            "type": "function_call",
            "id": self.id,
            "call_id": format!("call_sim{index}"),
            "status": status,
            "name": name,
            "arguments": arguments,
        })
    }
}
