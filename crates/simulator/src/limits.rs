//! The headers about rate limits, and the one that names a request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::clock;
use crate::format::Format;
use crate::script::RateLimit;

/// How long Anthropic's limits last when a script does not say.
const USUAL_RESET: Duration = Duration::from_secs(60);

/// A new name for a request.
pub(crate) fn request_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("req_sim{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Adds the headers a response has in this format, whatever it says.
pub(crate) fn mark(
    headers: &mut HeaderMap,
    format: Format,
    request_id: &str,
    limit: Option<&RateLimit>,
) {
    let name = match format {
        Format::OpenAi | Format::Responses => "x-request-id",
        Format::Anthropic => "request-id",
        Format::Gemini | Format::Ollama => return,
    };
    put(headers, name, request_id.to_owned());
    let Some(limit) = limit else { return };
    if format == Format::Anthropic {
        put_anthropic(headers, limit);
    } else {
        put_openai(headers, limit);
    }
}

/// Anthropic's limits on a 429 that a script says nothing about: used up.
pub(crate) fn used_up(wait_ms: Option<u64>) -> RateLimit {
    let wait = wait_ms.map_or(USUAL_RESET, Duration::from_millis);
    RateLimit {
        limit_requests: Some(50),
        remaining_requests: Some(0),
        reset_ms: u64::try_from(wait.as_millis()).ok(),
        ..RateLimit::default()
    }
}

fn put_openai(headers: &mut HeaderMap, limit: &RateLimit) {
    let reset = limit.reset_ms.map(clock::go_duration);
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    for (name, value) in [
        ("x-ratelimit-limit-requests", number(limit.limit_requests)),
        (
            "x-ratelimit-remaining-requests",
            number(limit.remaining_requests),
        ),
        ("x-ratelimit-reset-requests", reset.clone()),
        ("x-ratelimit-limit-tokens", number(limit.limit_tokens)),
        (
            "x-ratelimit-remaining-tokens",
            number(limit.remaining_tokens),
        ),
        ("x-ratelimit-reset-tokens", reset),
    ] {
        put(headers, name, value);
    }
}

fn put_anthropic(headers: &mut HeaderMap, limit: &RateLimit) {
    let reset = limit.reset_ms.map(|milliseconds| {
        // Half a second is not said, and too early would be wrong.
        let time = clock::now() + Duration::from_millis(milliseconds);
        clock::rfc3339(time + Duration::from_millis(999))
    });
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    let has_tokens = limit.limit_tokens.or(limit.remaining_tokens).is_some();
    for (name, value) in [
        (
            "anthropic-ratelimit-requests-limit",
            number(limit.limit_requests),
        ),
        (
            "anthropic-ratelimit-requests-remaining",
            number(limit.remaining_requests),
        ),
        ("anthropic-ratelimit-requests-reset", reset.clone()),
        (
            "anthropic-ratelimit-tokens-limit",
            number(limit.limit_tokens),
        ),
        (
            "anthropic-ratelimit-tokens-remaining",
            number(limit.remaining_tokens),
        ),
        (
            "anthropic-ratelimit-tokens-reset",
            reset.filter(|_| has_tokens),
        ),
    ] {
        put(headers, name, value);
    }
}

/// Adds a header, where it has a value.
fn put(headers: &mut HeaderMap, name: &'static str, value: impl Into<Option<String>>) {
    let value = value.into();
    let value = value.and_then(|value| HeaderValue::from_str(&value).ok());
    if let Some(value) = value {
        headers.insert(HeaderName::from_static(name), value);
    }
}
