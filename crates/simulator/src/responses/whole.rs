//! A response in one piece.

use serde_json::Value;

use super::Frame;
use super::items::{Item, Kind};
use crate::problem::Problem;
use crate::whole::Answer;
use crate::wire::Setting;

/// The whole response.
pub(crate) fn whole(setting: &Setting<'_>, answer: Answer) -> Value {
    let frame = Frame::new(setting.model);
    let spent = setting.reports_usage().then_some(answer.spent);
    let ending = answer.ending.clone();
    let refused = answer.refused.clone();
    let status = match super::incomplete_reason(&ending) {
        Some(_) => "incomplete",
        None => "completed",
    };
    let said = said(answer).into_iter().enumerate();
    let output: Vec<_> = said
        .map(|(index, (kind, text))| {
            let id = frame.item_id(kind.prefix(), index);
            Item { kind, id, text }.ended(status)
        })
        .collect();
    match refused {
        Some(problem) => frame.failed(&output, &problem),
        None => frame.ended(&ending, &output, spent.as_ref()),
    }
}

/// A response that has failed before it said anything.
pub(crate) fn failed(setting: &Setting<'_>, problem: &Problem) -> Value {
    Frame::new(setting.model).failed(&[], problem)
}

/// What is said, item by item.
fn said(answer: Answer) -> Vec<(Kind, String)> {
    let texts = [
        (Kind::Reasoning, answer.thinking),
        (Kind::Refusal, answer.refusal),
        (Kind::Text, answer.text),
    ];
    let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
    let calls = answer.tools.into_iter().enumerate();
    let calls = calls.map(|(index, (name, arguments))| (Kind::Call { index, name }, arguments));
    texts.chain(calls).collect()
}
