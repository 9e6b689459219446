//! A completion in one piece.

use serde_json::{Value, json};

use super::chunks::reason;
use super::{identity, tool_call_id, usage};
use crate::whole::Answer;
use crate::wire::Setting;

/// The whole completion.
pub(crate) fn whole(setting: &Setting<'_>, answer: Answer) -> Value {
    let (id, created) = identity();
    let reason = reason(&answer.ending).map(str::to_owned);
    json!({
        "id": id,
        "object": "chat.completion",
        "created": created,
        "model": setting.model,
        "choices": [{
            "index": 0,
            "finish_reason": reason,
            "message": message(&answer),
        }],
        "usage": usage(&answer.spent, setting.script.xai_usage),
    })
}

fn message(answer: &Answer) -> Value {
    let something = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let has_text = answer.tools.is_empty() && answer.refusal.is_empty() || !answer.text.is_empty();
    let mut message = json!({
        "role": "assistant",
        "content": has_text.then_some(&answer.text),
        "refusal": something(&answer.refusal),
    });
    if let Some(thinking) = something(&answer.thinking) {
        message["reasoning_content"] = thinking.into();
    }
    if !answer.tools.is_empty() {
        let calls = answer.tools.iter().enumerate();
        message["tool_calls"] = calls
            .map(|(index, (name, arguments))| {
                json!({
                    "id": tool_call_id(index),
                    "type": "function",
                    "function": {"name": name, "arguments": arguments},
                })
            })
            .collect();
    }
    message
}
