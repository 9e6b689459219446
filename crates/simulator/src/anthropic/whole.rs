//! A message in one piece.

use serde_json::{Value, json};

use super::{SIGNATURE, identity, stop_details, stop_reason, tool_use_id, usage};
use crate::whole::Answer;
use crate::wire::{Setting, arguments_or_empty};

/// The whole message.
pub(crate) fn whole(setting: &Setting<'_>, answer: Answer) -> Value {
    let reason = stop_reason(&answer.ending, !answer.refusal.is_empty());
    let details = stop_details(&reason);
    let mut message = json!({
        "id": identity(),
        "type": "message",
        "role": "assistant",
        "model": setting.model,
        "content": content(&answer),
        "stop_reason": reason,
        "stop_sequence": null,
    });
    if !details.is_null() {
        message["stop_details"] = details;
    }
    if setting.reports_usage() {
        message["usage"] = usage(&answer.spent);
    }
    message
}

fn content(answer: &Answer) -> Vec<Value> {
    let mut blocks = Vec::new();
    if !answer.thinking.is_empty() {
        blocks.push(json!({
            "type": "thinking", "thinking": answer.thinking, "signature": SIGNATURE,
        }));
    }
    for text in [&answer.refusal, &answer.text] {
        if !text.is_empty() {
            blocks.push(json!({"type": "text", "text": text}));
        }
    }
    for (index, (name, arguments)) in answer.tools.iter().enumerate() {
        blocks.push(json!({
            "type": "tool_use",
            "id": tool_use_id(index),
            "name": name,
            "input": arguments_or_empty(arguments),
        }));
    }
    blocks
}
