//! Answers that cost nobody anything: what is remembered of one, how it is
//! told again, and its books.

use protocol::{Attempt, AttemptId, AttemptReason, Outcome, Phase, Saving, Status, TurnId, Usage};
use providers::FinishReason;
use uuid::Uuid;

use crate::{
    Report, Step, Whole,
    cache::{CachedAnswer, now_ms},
};

/// What is worth remembering of an answer that is whole.
///
/// The answer of a stand-in is not what the named model says: it would still be
/// given when that is back.
pub(super) fn remembered(
    asked: &str,
    steps: &[Step],
    reason: &FinishReason,
    report: &Report,
) -> Option<CachedAnswer> {
    let model = report.model.clone()?;
    let named = asked.contains('/');
    if !matches!(reason, FinishReason::Stop | FinishReason::ToolCalls) || (named && model != asked)
    {
        return None;
    }
    let mut whole = Whole::default();
    steps.iter().cloned().for_each(|step| whole.add(step));
    let (text, thinking, tools) = whole.into_parts();
    Some(CachedAnswer {
        text,
        thinking,
        tools,
        reason: reason.as_str().to_owned(),
        usage: report.usage,
        model,
        created_ms: now_ms(),
    })
}

/// A remembered answer as it came: in pieces, so that whoever reads it as a
/// stream sees one.
pub(super) fn steps(answer: &CachedAnswer) -> Vec<Step> {
    let mut steps = vec![Step::Status(Status {
        phase: Phase::Writing,
        provider: answer.model.split_once('/').map(|(it, _)| it.to_owned()),
        model: Some(answer.model.clone()),
        reason: Some("from the cache".to_owned()),
        ..Status::default()
    })];
    steps.extend(pieces(&answer.thinking).map(|text| Step::Thinking(text.to_owned())));
    steps.extend(pieces(&answer.text).map(|text| Step::Text(text.to_owned())));
    steps.extend(answer.tools.iter().map(|call| Step::Tool {
        index: call.index,
        id: Some(call.id.clone()),
        name: Some(call.name.clone()),
        arguments: call.arguments.clone(),
    }));
    steps.push(Step::Usage(unpaid(answer.usage)));
    steps.push(Step::Finished(match answer.reason.as_str() {
        "tool_calls" => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }));
    steps
}

/// The text in pieces of about a hundred bytes.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut at = rest.len().min(100);
        while !rest.is_char_boundary(at) {
            at += 1;
        }
        let (piece, after) = rest.split_at(at);
        rest = after;
        Some(piece)
    })
}

/// Tokens that nobody was paid for.
pub(super) fn unpaid(usage: Usage) -> Usage {
    Usage {
        cost: Some(protocol::Usd::ZERO),
        ..usage
    }
}

/// The books of an answer that somebody else paid for.
pub(super) fn free(turn: TurnId, model: &str, usage: Usage, outcome: Outcome) -> Report {
    let (provider, name) = model.split_once('/').unwrap_or(("", model));
    let attempt = Attempt {
        id: AttemptId(Uuid::now_v7()),
        turn,
        number: 1,
        provider: provider.to_owned(),
        model: name.to_owned(),
        answered_by: None,
        started_ms: now_ms(),
        first_token_ms: None,
        duration_ms: 0,
        outcome,
        problem: None,
        status: None,
        code: None,
        usage: unpaid(usage),
        price: None,
        reason: AttemptReason::Cache,
        waited_ms: 0,
        streamed: false,
        route: None,
    };
    Report {
        attempts: vec![attempt],
        model: Some(model.to_owned()),
        usage: unpaid(usage),
        route: None,
        saving: usage.cost.map(|usd| Saving { usd, against: None }),
        cached: true,
    }
}
