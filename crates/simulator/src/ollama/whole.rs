//! An answer in one piece.

use serde_json::{Value, json};

use super::{finish, line, tool_call};
use crate::whole::Answer;
use crate::wire::{Setting, arguments_or_empty};

/// The whole answer: the one line there is.
pub(crate) fn whole(setting: &Setting<'_>, answer: Answer) -> Value {
    if let Some(problem) = &answer.refused {
        return super::error(problem);
    }
    let mut message = json!({"role": "assistant", "content": answer.refusal + &answer.text});
    if !answer.thinking.is_empty() {
        message["thinking"] = answer.thinking.into();
    }
    if !answer.tools.is_empty() {
        let calls = answer.tools.iter().enumerate();
        message["tool_calls"] = calls
            .map(|(index, (name, arguments))| tool_call(index, name, arguments_or_empty(arguments)))
            .collect();
    }
    let mut whole = line(setting.model, message);
    let spent = setting.reports_usage().then_some(&answer.spent);
    finish(&mut whole, &answer.ending, spent, answer.time);
    whole
}
