//! What an answer took, in words.

use protocol::{AttemptReason, Outcome, ProblemKind, Statistics, Try, Usage};

use super::progress_line::{grouped, seconds};

/// The quiet line: model, time to first token, total, tokens, speed, cost.
pub(super) fn summary(statistics: &Statistics, model: Option<String>) -> String {
    let mut parts = Vec::new();
    parts.extend(model);
    if let Some(first) = statistics.first_token_ms {
        parts.push(format!("first token {}", seconds(first)));
    }
    if statistics.duration_ms > 0 {
        parts.push(format!("{} in all", seconds(statistics.duration_ms)));
    }
    let usage = &statistics.usage;
    if usage.input.is_some() || usage.output.is_some() {
        let about = if usage.estimated { "≈ " } else { "" };
        parts.push(format!(
            "{about}{} tokens in, {} out",
            number(usage.input),
            number(usage.output)
        ));
    }
    if let Some(speed) = statistics.tokens_per_second() {
        parts.push(format!("{} tokens/s", speed.round() as u64));
    }
    parts.push(match (statistics.cached, &statistics.saving) {
        (true, Some(saving)) => format!("from cache, saved {}", saving.usd.spoken()),
        (true, None) => "from cache".to_owned(),
        (false, _) => cost(usage).unwrap_or_else(|| "cost unknown".to_owned()),
    });
    parts.join(" · ")
}

/// Which model answered, and instead of which one that was asked by name.
pub(super) fn who(answered: Option<&str>, asked: Option<&str>) -> Option<String> {
    match (answered, asked) {
        (Some(answered), Some(asked)) if answered != asked && asked.contains('/') => {
            Some(format!("{answered} instead of {asked}"))
        }
        (answered, asked) => answered.or(asked).map(str::to_owned),
    }
}

/// What it costs so far or in all; `None` where that is unknown.
pub(super) fn cost(usage: &Usage) -> Option<String> {
    let about = if usage.estimated { "≈ " } else { "" };
    Some(format!("{about}{}", usage.cost?.spoken()))
}

/// What the fold tells, by name.
pub(super) fn rows(statistics: &Statistics, reason: Option<&str>) -> Vec<(&'static str, String)> {
    let usage = &statistics.usage;
    let writing = statistics
        .duration_ms
        .saturating_sub(statistics.first_token_ms.unwrap_or(0));
    let mut rows = Vec::new();
    if let Some(route) = &statistics.route {
        rows.push(("Why this model", route.clone()));
    }
    if let Some(saving) = &statistics.saving {
        let by = match &saving.against {
            Some(model) => format!("against {model}"),
            None => "by the cache".to_owned(),
        };
        let saving = format!("{} {by}", saving.usd.spoken());
        rows.push(("Estimated saving", saving));
    }
    rows.push((
        "Attempts",
        match statistics.tries.as_slice() {
            [] => statistics.attempts.to_string(),
            tries => tries.iter().map(tried).collect::<Vec<_>>().join("\n"),
        },
    ));
    rows.push(("Ended", reason.unwrap_or("unknown").to_owned()));
    rows.push(("Chunks", grouped(statistics.chunks)));
    rows.push(("Characters", grouped(statistics.characters)));
    rows.push(("Words", grouped(statistics.words)));
    if let Some(tenths) = (statistics.characters * 10).checked_div(statistics.chunks) {
        rows.push((
            "Average chunk",
            format!("{}.{} characters", tenths / 10, tenths % 10),
        ));
    }
    if writing >= 1_000 {
        let pace = statistics.words * 60_000 / writing;
        rows.push(("Words per minute", grouped(pace)));
    }
    for (name, tokens) in [
        ("Tokens in, from cache", usage.cached),
        ("Tokens in, to cache", usage.cache_write),
        ("Tokens out, thinking", usage.thinking),
    ] {
        if let Some(tokens @ 1..) = tokens {
            rows.push((name, grouped(tokens)));
        }
    }
    let source = if usage.estimated {
        "estimated by us"
    } else {
        "reported by the provider"
    };
    if usage.input.is_some() || usage.output.is_some() {
        rows.push(("Token counts", source.to_owned()));
    }
    rows
}

/// One upstream call: who was asked, why, and what came of it.
fn tried(it: &Try) -> String {
    let why = match it.reason {
        AttemptReason::First | AttemptReason::Fallback => "",
        AttemptReason::Retry => ", asked again",
        AttemptReason::Continuation => ", to go on",
        AttemptReason::Unstreamed => ", in one piece",
        AttemptReason::Cache => ", from the cache",
    };
    let came = match (it.outcome, it.problem) {
        (Outcome::Finished, _) => "answered",
        (Outcome::Stopped, _) => "stopped",
        (Outcome::Failed, problem) => problem.map_or("failed", failed),
    };
    format!(
        "{}{why} — {came}, after {}",
        it.model,
        seconds(it.duration_ms)
    )
}

/// How a call failed, in a few words.
fn failed(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::RateLimited => "too many requests",
        ProblemKind::Overloaded => "overloaded",
        ProblemKind::Timeout => "silent",
        ProblemKind::Unreachable => "not reachable",
        ProblemKind::CutOff => "broke off",
        ProblemKind::Malformed => "not understood",
        ProblemKind::Auth => "key not accepted",
        ProblemKind::QuotaExhausted => "no quota left",
        ProblemKind::ContextTooLong => "too long for it",
        ProblemKind::ContentBlocked => "refused",
        ProblemKind::NotFound => "not found",
        _ => "failed",
    }
}

fn number(tokens: Option<u64>) -> String {
    tokens.map_or_else(|| "unknown".to_owned(), grouped)
}

#[cfg(test)]
mod tests {
    use protocol::{Saving, Usd};

    use super::*;

    fn usd(text: &str) -> Usd {
        text.parse().unwrap()
    }

    #[test]
    fn cost_is_told_as_well_as_it_is_known() {
        let mut statistics = Statistics::default();
        let told = |statistics: &Statistics| summary(statistics, None);
        assert_eq!(told(&statistics), "cost unknown");
        statistics.usage.cost = Some(usd("0.0042"));
        assert_eq!(told(&statistics), "$0.0042");
        statistics.usage.estimated = true;
        assert_eq!(told(&statistics), "≈ $0.0042");
        statistics.cached = true;
        assert_eq!(told(&statistics), "from cache");
        statistics.saving = Some(Saving {
            usd: usd("0.0042"),
            against: None,
        });
        assert_eq!(told(&statistics), "from cache, saved $0.0042");
    }

    #[test]
    fn another_model_than_the_one_asked_is_named() {
        let who = |answered, asked| who(answered, asked).unwrap_or_default();
        assert_eq!(who(Some("b/y"), Some("a/x")), "b/y instead of a/x");
        assert_eq!(who(Some("a/x"), Some("a/x")), "a/x");
        assert_eq!(who(Some("b/y"), Some("auto")), "b/y");
        assert_eq!(who(None, Some("a/x")), "a/x");
        assert_eq!(who(None, None), "");
    }

    #[test]
    fn attempts_are_told_one_by_one() {
        let mut it = Try {
            model: "a/x".into(),
            reason: AttemptReason::Retry,
            outcome: Outcome::Failed,
            problem: Some(ProblemKind::Overloaded),
            duration_ms: 300,
        };
        assert_eq!(tried(&it), "a/x, asked again — overloaded, after 0.3 s");
        it.reason = AttemptReason::Fallback;
        it.outcome = Outcome::Finished;
        assert_eq!(tried(&it), "a/x — answered, after 0.3 s");
    }
}
