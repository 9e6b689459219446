//! Who answered, and what it took: in OpenAI's words where it has some, in
//! ours where it has none.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use gateway::{FinishReason, Report};
use serde_json::{Value, json};

/// Headers that say who answers: OpenAI's format has no word for it.
pub(super) fn describe(headers: &mut HeaderMap, report: &Report, whole: bool) {
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    if let Some(model) = &report.model {
        put("x-rivulet-model", model.clone());
    }
    put("x-rivulet-attempts", report.attempts.len().to_string());
    if report.cached {
        put("x-rivulet-cache", "hit".to_owned());
    }
    if let (true, Some(cost)) = (whole, report.usage.cost) {
        put("x-rivulet-cost", cost.to_string());
    }
}

/// What OpenAI's format has no word for.
pub(super) fn extras(report: &Report) -> Value {
    let attempts: Vec<_> = report
        .attempts
        .iter()
        .map(|attempt| {
            json!({
                "model": format!("{}/{}", attempt.provider, attempt.model),
                "reason": attempt.reason,
                "outcome": attempt.outcome,
                "problem": attempt.problem,
                "status": attempt.status,
                "duration_ms": attempt.duration_ms,
                "waited_ms": attempt.waited_ms,
                "cost": attempt.usage.cost,
            })
        })
        .collect();
    // A model may also go on with an answer of its own.
    let changes = report
        .attempts
        .windows(2)
        .filter(|pair| (&pair[0].provider, &pair[0].model) != (&pair[1].provider, &pair[1].model));
    // What is not known stands as 0 beside what is.
    let usage = &report.usage;
    let guessed = usage.input.is_some() != usage.output.is_some();
    json!({
        "model": report.model,
        "route": report.route,
        "fallbacks": changes.count(),
        "attempts": attempts,
        "cost": usage.cost,
        "estimated": usage.estimated || guessed,
        "saving": report.saving,
        "cached": report.cached,
    })
}

/// OpenAI's usage object; `None` where nothing was counted.
pub(super) fn usage(report: &Report) -> Option<Value> {
    let usage = &report.usage;
    if usage.input.is_none() && usage.output.is_none() {
        return None;
    }
    let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
    let mut details = json!({"cached_tokens": usage.cached.unwrap_or(0)});
    if let Some(written) = usage.cache_write {
        details["cache_write_tokens"] = written.into();
    }
    Some(json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input.saturating_add(output),
        "prompt_tokens_details": details,
        "completion_tokens_details": {"reasoning_tokens": usage.thinking.unwrap_or(0)},
    }))
}

/// The finish reason in one of OpenAI's own words.
pub(super) fn finish_reason(reason: &FinishReason) -> &str {
    match reason {
        // Clients know no others.
        FinishReason::Other(_) => "stop",
        known => known.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{AttemptReason, Usage};

    use crate::http::recorder::tests::attempt;

    #[test]
    fn a_fallback_is_a_change_of_model() {
        use AttemptReason::{Continuation, Fallback, First, Retry};
        for (attempts, fallbacks) in [
            (&[][..], 0),
            (&[("a", First), ("a", Continuation), ("a", Retry)], 0),
            (&[("a", First), ("b", Continuation), ("b", Continuation)], 1),
            (&[("a", First), ("b", Fallback), ("a", Fallback)], 2),
        ] {
            let report = Report {
                attempts: attempts.iter().map(|it| attempt(it.0, it.1)).collect(),
                ..Report::default()
            };
            assert_eq!(extras(&report)["fallbacks"], fallbacks, "{attempts:?}");
        }
    }

    #[test]
    fn what_is_known_is_counted() {
        let report = |input, output| Report {
            usage: Usage {
                input,
                output,
                cache_write: input,
                ..Usage::default()
            },
            ..Report::default()
        };
        assert_eq!(usage(&report(None, None)), None);
        assert_eq!(extras(&report(None, None))["estimated"], false);
        let half = report(None, Some(5));
        assert_eq!(usage(&half).unwrap()["total_tokens"], 5);
        assert_eq!(extras(&half)["estimated"], true);
        let all = usage(&report(Some(3), Some(5))).unwrap();
        assert_eq!(all["total_tokens"], 8);
        assert_eq!(all["prompt_tokens_details"]["cache_write_tokens"], 3);
    }
}
