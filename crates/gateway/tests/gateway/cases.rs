//! What may go wrong, and what is to be done about it.

use gateway::{Facts, Format};
use serde_json::{Value, json};

use Format::{Anthropic, Gemini, Ollama, Responses};

/// A fault of the first deployment (or how the second takes over), what the
/// calls must have been, and what the reader must have.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The script of the first deployment.
    pub(crate) a: Value,
    /// That of the second.
    pub(crate) b: Value,
    pub(crate) facts: (Facts, Facts),
    pub(crate) attempts: fn(Format) -> &'static str,
    pub(crate) result: fn(Format) -> &'static str,
}

/// A case of a fault whose answer must be whole in the end.
fn case(name: &'static str, fault: Value, attempts: fn(Format) -> &'static str) -> Case {
    Case {
        name,
        a: json!({"fault": fault}),
        b: json!({}),
        facts: (Facts::default(), Facts::default()),
        attempts,
        result: |_| "whole",
    }
}

fn script(name: &'static str, script: Value, attempts: fn(Format) -> &'static str) -> Case {
    Case {
        a: script,
        ..case(name, Value::Null, attempts)
    }
}

fn failing(
    name: &'static str,
    fault: Value,
    attempts: fn(Format) -> &'static str,
    result: fn(Format) -> &'static str,
) -> Case {
    Case {
        result,
        ..case(name, fault, attempts)
    }
}

fn window(context: u64) -> Facts {
    Facts {
        context: Some(context),
        ..Facts::default()
    }
}

/// Where an answer breaks off in its middle.
const MIDDLE: u64 = 31;

pub(crate) fn all() -> Vec<Case> {
    let status = |status: u16| json!({"kind": "status", "status": status});
    let once = |mut fault: Value| {
        fault["times"] = 1.into();
        fault
    };
    let at = |kind: &str, after: u64| json!({"kind": kind, "after_tokens": after});
    let mut waits = once(status(429));
    waits["retry_after_ms"] = 60.into();
    let mut cases = vec![
        script("nothing", json!({}), |_| "a:first:ok"),
        case(
            "429 once, with a hint",
            waits,
            |_| "a:first:rate_limited a:retry:ok",
        ),
        case("429 for ever", status(429), |format| match format {
            // Its headers say that its limit is whole in a minute.
            Anthropic => "a:first:rate_limited b:fallback:ok",
            _ => "a:first:rate_limited a:retry:rate_limited a:retry:rate_limited b:fallback:ok",
        }),
        case(
            "500 once",
            once(status(500)),
            |_| "a:first:overloaded a:retry:ok",
        ),
        case(
            "503 for ever",
            status(503),
            |_| "a:first:overloaded a:retry:overloaded a:retry:overloaded b:fallback:ok",
        ),
        case(
            "reset before headers, once",
            once(json!({"kind": "reset"})),
            |_| "a:first:unreachable a:retry:ok",
        ),
        case(
            "reset before headers, for ever",
            json!({"kind": "reset"}),
            |_| "a:first:unreachable a:retry:unreachable a:retry:unreachable b:fallback:ok",
        ),
        case(
            "no answer",
            json!({"kind": "silence"}),
            |_| "a:first:timeout b:fallback:ok",
        ),
        case(
            "silence after headers",
            at("silence", 0),
            |_| "a:first:timeout b:fallback:ok",
        ),
        script(
            "first token too late",
            json!({"first_token_ms": 5000}),
            |_| "a:first:timeout b:fallback:ok",
        ),
        case(
            "html, once",
            once(json!({"kind": "html"})),
            |_| "a:first:overloaded a:retry:ok",
        ),
        case(
            "html, for ever",
            json!({"kind": "html"}),
            |_| "a:first:overloaded a:retry:overloaded a:retry:overloaded b:fallback:ok",
        ),
        case("key refused", status(401), |_| "a:first:auth b:fallback:ok"),
        case(
            "model forbidden",
            status(403),
            |_| "a:first:auth b:fallback:ok",
        ),
        case(
            "quota exhausted",
            status(402),
            |_| "a:first:quota_exhausted b:fallback:ok",
        ),
        case(
            "no such model",
            status(404),
            |_| "a:first:not_found b:fallback:ok",
        ),
        failing(
            "bad request",
            status(400),
            |_| "a:first:bad_request",
            |_| "failed: bad_request",
        ),
        case(
            "cut before the first token",
            at("cut", 0),
            |_| "a:first:cut_off a:retry:cut_off a:retry:cut_off b:fallback:ok",
        ),
        case(
            "error in the stream before text, once",
            once(at("error_in_stream", 0)),
            |_| "a:first:overloaded a:retry:ok",
        ),
        case(
            "other error before text, once",
            once(at("plain_error_in_stream", 0)),
            |_| "a:first:overloaded a:retry:ok",
        ),
        case(
            "one malformed chunk",
            at("garbage", MIDDLE),
            |_| "a:first:ok",
        ),
        script("no end mark", json!({"done": false}), |_| "a:first:ok"),
        script(
            "open after the end",
            json!({"hang_after_end": true}),
            |_| "a:first:ok",
        ),
        script(
            "no end mark, and open",
            json!({"done": false, "hang_after_end": true}),
            |_| "a:first:ok",
        ),
        script(
            "streaming refused",
            json!({"refuse_streaming": true}),
            |_| "a:first:bad_request a:unstreamed:ok",
        ),
        Case {
            facts: (window(1_000), window(100_000)),
            ..case(
                "context too long, larger window",
                json!({"kind": "context_too_long"}),
                |_| "a:first:context_too_long b:fallback:ok",
            )
        },
        Case {
            facts: (window(1_000), window(500)),
            ..failing(
                "context too long, none larger",
                json!({"kind": "context_too_long"}),
                |_| "a:first:context_too_long",
                |_| "failed: context_too_long",
            )
        },
        failing(
            "refused content",
            json!({"kind": "refused_content"}),
            |format| match format {
                // It has no word for it, but says why.
                Ollama => "a:first:bad_request",
                _ => "a:first:content_blocked",
            },
            |format| match format {
                Ollama => "failed: bad_request",
                _ => "failed: content_blocked",
            },
        ),
        failing(
            "refused content in the middle",
            at("refused_content", MIDDLE),
            |format| match format {
                Responses => "a:first:content_blocked",
                // An error like any other: it has no word for this one.
                Ollama => "a:first:overloaded b:continuation:ok",
                _ => "a:first:ok",
            },
            |format| match format {
                Responses => "failed: content_blocked",
                Ollama => "whole",
                _ => "finished: content_filter",
            },
        ),
        failing(
            "bytes that are no UTF-8",
            at("invalid_utf8", MIDDLE),
            |_| "a:first:ok",
            |_| "whole, with 2 marks",
        ),
        failing(
            "tool call cut",
            Value::Null,
            |format| match format {
                // They send calls whole, so that nothing of it was shown.
                Gemini | Ollama => "a:first:cut_off a:retry:cut_off a:retry:cut_off b:fallback:ok",
                _ => "a:first:cut_off",
            },
            |format| match format {
                Gemini | Ollama => "whole",
                _ => "failed: cut_off",
            },
        ),
    ];
    let last = cases.len() - 1;
    cases[last].a = json!({
        "tool_calls": [{"name": "look", "arguments": {"where": "behind the old watermill"}}],
        "fault": {"kind": "cut", "after_tokens": 4},
    });
    cases.extend(midway());
    cases
}

/// Faults after half of the answer: another goes on.
fn midway() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, kind, attempts) in [
        (
            "cut in the middle",
            "cut",
            (|_| "a:first:cut_off b:continuation:ok") as fn(Format) -> &'static str,
        ),
        (
            "reset in the middle",
            "reset",
            |_| "a:first:cut_off b:continuation:ok",
        ),
        (
            "stall in the middle",
            "silence",
            |_| "a:first:timeout b:continuation:ok",
        ),
        (
            "huge event in the middle",
            "huge_event",
            |_| "a:first:malformed b:continuation:ok",
        ),
        (
            "error in the middle",
            "error_in_stream",
            |_| "a:first:overloaded b:continuation:ok",
        ),
        (
            "other error in the middle",
            "plain_error_in_stream",
            |_| "a:first:overloaded b:continuation:ok",
        ),
    ] {
        let fault = json!({"kind": kind, "after_tokens": MIDDLE});
        cases.push(case(name, fault, attempts));
    }
    let cut = || json!({"kind": "cut", "after_tokens": MIDDLE});
    let without_prefill = || Facts {
        prefill: Some(false),
        ..Facts::default()
    };
    for (name, mode) in [
        ("cut, the next goes on in words", "exact"),
        ("cut, the next repeats words", "overlap"),
        ("cut, the next begins anew", "restart"),
    ] {
        cases.push(Case {
            b: json!({"continuation": mode}),
            facts: (Facts::default(), without_prefill()),
            ..case(name, cut(), |_| "a:first:cut_off b:continuation:ok")
        });
    }
    cases.push(Case {
        b: json!({"continuation": "differ"}),
        facts: (Facts::default(), without_prefill()),
        result: |_| "replaced",
        ..case(
            "cut, the next says otherwise",
            cut(),
            |_| "a:first:cut_off b:continuation:ok",
        )
    });
    cases.push(Case {
        b: json!({"refuse_prefill": true}),
        ..case(
            "cut, the next refuses prefill",
            cut(),
            |format| match format {
                // They are asked in words from the first.
                Format::OpenAi | Responses => "a:first:cut_off b:continuation:ok",
                _ => "a:first:cut_off b:continuation:bad_request b:continuation:ok",
            },
        )
    });
    cases.push(Case {
        b: json!({"refuse_streaming": true}),
        ..case(
            "cut, the next does not stream",
            cut(),
            |_| "a:first:cut_off b:continuation:bad_request b:unstreamed:ok",
        )
    });
    cases.push(Case {
        b: json!({"fault": {"kind": "status", "status": 503}}),
        a: json!({"fault": {"kind": "cut", "after_tokens": MIDDLE, "times": 1}}),
        ..case(
            "cut, and the next is down",
            cut(),
            |_| "a:first:cut_off b:continuation:overloaded a:continuation:ok",
        )
    });
    cases
}
