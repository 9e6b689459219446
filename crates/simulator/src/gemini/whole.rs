//! A response in one piece.

use serde_json::{Value, json};

use super::{SIGNATURE, blocked, finish_reason, function_call, identity, response, usage};
use crate::whole::Answer;
use crate::wire::{Setting, arguments_object};

/// The whole response.
pub(crate) fn whole(setting: &Setting<'_>, answer: Answer) -> Value {
    let usage = setting.reports_usage().then(|| usage(&answer.spent));
    let (mut parts, malformed) = parts(&answer);
    let refused = answer.refused.is_some() || !answer.refusal.is_empty();
    let id = identity();
    if refused && parts.is_empty() {
        return blocked(setting.model, &id, usage);
    }
    if parts.is_empty() {
        parts.push(json!({"text": ""}));
    }
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    let reason = if refused {
        Some("SAFETY")
    } else {
        finish_reason(&answer.ending, malformed)
    };
    if let Some(reason) = reason {
        candidate["finishReason"] = reason.into();
    }
    response(setting.model, &id, json!([candidate]), usage)
}

/// The parts, and whether the arguments of a call were none.
fn parts(answer: &Answer) -> (Vec<Value>, bool) {
    let mut parts = Vec::new();
    let mut to_sign = !answer.thinking.is_empty();
    if to_sign {
        parts.push(json!({"text": answer.thinking, "thought": true}));
    }
    if !answer.text.is_empty() {
        let mut part = json!({"text": answer.text});
        if to_sign && answer.tools.is_empty() {
            part["thoughtSignature"] = SIGNATURE.into();
        }
        parts.push(part);
    }
    let mut malformed = false;
    for (name, arguments) in &answer.tools {
        match arguments_object(arguments) {
            Some(arguments) => {
                let signed = std::mem::take(&mut to_sign);
                parts.push(function_call(name, arguments, signed));
            }
            None => malformed = true,
        }
    }
    (parts, malformed)
}
