//! What an answer took, in words.

use protocol::{AttemptReason, Outcome, ProblemKind, Statistics, Try, Usage};

use super::{
    estimate::Basis,
    live::Progress,
    progress_line::{grouped, seconds},
};

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

/// A row of the fold: a name and what is told by it.
pub(super) type Row = (&'static str, String);

/// What the fold tells of an ended answer.
pub(super) fn rows(statistics: &Statistics, reason: Option<&str>) -> Vec<Row> {
    let usage = &statistics.usage;
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
    let first = statistics.first_token_ms;
    rows.extend(measured(&Measures {
        elapsed_ms: statistics.duration_ms,
        first_ms: first,
        chunks: grouped(statistics.chunks),
        average: average(statistics.characters, statistics.chunks),
        characters: statistics.characters,
        words: statistics.words,
        writing_ms: statistics.duration_ms.saturating_sub(first.unwrap_or(0)),
        input: number(usage.input),
        output: number(usage.output),
        per_second: statistics.tokens_per_second(),
    }));
    rows.push(("Cost", cost(usage).unwrap_or_else(|| "unknown".to_owned())));
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

/// What the fold tells of an answer being written, which is in this state.
pub(super) fn live_rows(state: String, it: &Progress) -> Vec<Row> {
    let at_most = |average: String| format!("at most {average}");
    let mut rows = vec![("State", state)];
    rows.extend(measured(&Measures {
        elapsed_ms: it.elapsed_ms as u64,
        first_ms: it.first_ms.map(|first| first as u64),
        // The server gathers what comes within a frame.
        chunks: format!("at least {}", grouped(it.chunks)),
        average: average(it.characters, it.chunks).map(at_most),
        characters: it.characters,
        words: it.words,
        writing_ms: it.writing_ms as u64,
        input: match it.usage.input {
            Some(tokens) => grouped(tokens),
            None => "told at the end".to_owned(),
        },
        output: format!("≈ {}", grouped(it.tokens)),
        per_second: it.tokens_per_second,
    }));
    rows.push(("Estimated share done", share_words(it)));
    let cost = cost(&it.usage).map(|cost| format!("{cost} so far"));
    rows.push(("Cost", cost.unwrap_or_else(|| "not known yet".to_owned())));
    rows
}

/// How much is thought to be done, and by what.
fn share_words(it: &Progress) -> String {
    let Some(share) = it.share else {
        return match (it.tokens, it.basis) {
            (0, _) => "nothing yet".to_owned(),
            (_, Basis::Asked) => "longer than you asked for".to_owned(),
            (_, Basis::Model) => "longer than this model's usual answers".to_owned(),
            (_, Basis::Earlier) => "longer than the answers before".to_owned(),
            (_, Basis::Usual) => "longer than usual answers".to_owned(),
        };
    };
    match it.basis {
        Basis::Asked => format!("about {share} %, by the length you asked for"),
        Basis::Model => format!("about {share} %, by this model's usual length"),
        Basis::Earlier => format!("about {share} %, by the answers before"),
        Basis::Usual => format!("about {share} %, by the length of usual answers"),
    }
}

/// What is measured while an answer is being written as well as after.
struct Measures {
    elapsed_ms: u64,
    first_ms: Option<u64>,
    chunks: String,
    average: Option<String>,
    characters: u64,
    words: u64,
    writing_ms: u64,
    input: String,
    output: String,
    per_second: Option<f64>,
}

fn measured(it: &Measures) -> Vec<Row> {
    let mut rows = vec![("Elapsed", seconds(it.elapsed_ms))];
    if let Some(first) = it.first_ms {
        rows.push(("Time to first token", seconds(first)));
    }
    rows.push(("Chunks", it.chunks.clone()));
    rows.push(("Characters", grouped(it.characters)));
    rows.push(("Words", grouped(it.words)));
    if let Some(average) = &it.average {
        rows.push(("Average chunk", average.clone()));
    }
    rows.push(("Tokens in", it.input.clone()));
    rows.push(("Tokens out", it.output.clone()));
    if let Some(speed) = it.per_second {
        rows.push(("Tokens per second", grouped(speed.round() as u64)));
    }
    if it.writing_ms >= 1_000 {
        let pace = it.words * 60_000 / it.writing_ms;
        rows.push(("Words per minute", grouped(pace)));
    }
    rows
}

/// The mean length of a chunk.
fn average(characters: u64, chunks: u64) -> Option<String> {
    let tenths = (characters * 10).checked_div(chunks)?;
    Some(format!("{}.{} characters", tenths / 10, tenths % 10))
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
    fn an_answer_being_written_is_told_as_far_as_it_is_known() {
        let mut progress = Progress {
            elapsed_ms: 4_000.0,
            first_ms: Some(1_000.0),
            chunks: 20,
            characters: 500,
            words: 90,
            writing_ms: 3_000.0,
            tokens: 120,
            share: Some(40),
            basis: Basis::Model,
            ..Progress::default()
        };
        let told = |progress: &Progress, name| {
            let rows = live_rows("Writing…".to_owned(), progress);
            let row = rows.into_iter().find(|(known, _)| *known == name);
            row.map(|(_, value)| value).unwrap_or_default()
        };
        for (name, value) in [
            ("State", "Writing…"),
            ("Elapsed", "4.0 s"),
            ("Time to first token", "1.0 s"),
            ("Chunks", "at least 20"),
            ("Average chunk", "at most 25.0 characters"),
            ("Words per minute", "1\u{202f}800"),
            ("Tokens in", "told at the end"),
            ("Tokens out", "≈ 120"),
            ("Cost", "not known yet"),
            (
                "Estimated share done",
                "about 40 %, by this model's usual length",
            ),
        ] {
            assert_eq!(told(&progress, name), value, "{name}");
        }
        progress.share = None;
        assert_eq!(
            told(&progress, "Estimated share done"),
            "longer than this model's usual answers"
        );
    }

    #[test]
    fn an_ended_answer_has_the_rows_of_one_being_written() {
        let statistics = Statistics {
            first_token_ms: Some(10),
            duration_ms: 2_010,
            chunks: 4,
            characters: 40,
            words: 8,
            usage: Usage {
                output: Some(20),
                ..Usage::default()
            },
            ..Statistics::default()
        };
        let ended: Vec<_> = rows(&statistics, None)
            .into_iter()
            .map(|row| row.0)
            .collect();
        let progress = Progress {
            first_ms: Some(10.0),
            chunks: 4,
            writing_ms: 2_000.0,
            tokens_per_second: Some(10.0),
            ..Progress::default()
        };
        for (name, _) in live_rows(String::new(), &progress) {
            let is_of_the_moment = matches!(name, "State" | "Estimated share done");
            assert!(is_of_the_moment || ended.contains(&name), "{name}");
        }
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
