//! How long a provider asks to wait, as its response headers say it.

use std::time::{Duration, SystemTime};

use reqwest::{StatusCode, header::HeaderMap};

/// The wait that the headers ask for, the most exact hint first:
/// `retry-after-ms`, `retry-after` in seconds, `retry-after` as a date, and
/// for a 429 the `x-ratelimit-reset-*` durations.
pub(crate) fn wait_hint(
    status: StatusCode,
    headers: &HeaderMap,
    now: SystemTime,
) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let exact = text("retry-after-ms")
        .and_then(|value| seconds(value, 1e-3))
        .or_else(|| {
            let value = text("retry-after")?;
            seconds(value, 1.0).or_else(|| {
                let date = httpdate::parse_http_date(value).ok()?;
                Some(date.duration_since(now).unwrap_or_default())
            })
        });
    if exact.is_some() || status != StatusCode::TOO_MANY_REQUESTS {
        return exact;
    }
    let reset = |of: &str| text(&format!("x-ratelimit-reset-{of}")).and_then(duration);
    let exhausted = |of: &str| text(&format!("x-ratelimit-remaining-{of}")) == Some("0");
    let waits = ["requests", "tokens"]
        .into_iter()
        .filter(|of| exhausted(of))
        .filter_map(reset);
    // Where neither ran out, the request wanted more tokens than were left.
    waits.max().or_else(|| reset("tokens"))
}

/// Whether the provider's own word is to try again.
pub(crate) fn should_retry(headers: &HeaderMap) -> Option<bool> {
    match headers.get("x-should-retry")?.as_bytes() {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

fn seconds(value: &str, unit: f64) -> Option<Duration> {
    let number: f64 = value.parse().ok()?;
    Duration::try_from_secs_f64(number * unit).ok()
}

/// A duration in words, such as Google's `31s` and `0.5s`.
pub(crate) fn seconds_word(text: &str) -> Option<Duration> {
    duration(text.trim())
}

/// A duration such as `1h2m3s`, `6m0s`, `1.5s` or `12ms`; a bare number is
/// seconds.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    if let Some(plain) = seconds(text, 1.0) {
        return Some(plain);
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let end = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let scale = match unit {
            "d" => 86_400.0,
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            _ => return None,
        };
        total = total.checked_add(seconds(number, scale)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, headers: &[(&'static str, &str)], expected_ms: Option<u64>) {
        let map: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let now = httpdate::parse_http_date("Fri, 20 Nov 2026 10:00:00 GMT").unwrap();
        let found = wait_hint(status.try_into().unwrap(), &map, now);
        assert_eq!(found, expected_ms.map(Duration::from_millis), "{headers:?}");
    }

    #[test]
    fn hints_are_read_in_order_of_exactness() {
        check(429, &[], None);
        check(429, &[("retry-after", "2")], Some(2_000));
        check(503, &[("retry-after", "0.25")], Some(250));
        check(
            429,
            &[("retry-after", "2"), ("retry-after-ms", "1500")],
            Some(1_500),
        );
        check(
            429,
            &[("retry-after", "Fri, 20 Nov 2026 10:00:30 GMT")],
            Some(30_000),
        );
        check(
            429,
            &[("retry-after", "Fri, 20 Nov 2026 09:00:00 GMT")],
            Some(0),
        );
        for nonsense in ["soon", "-1", "NaN", "inf", "1e300", ""] {
            check(429, &[("retry-after", nonsense)], None);
        }
    }

    #[test]
    fn rate_limit_resets_count_for_a_429_alone() {
        let spent = [
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "1h2m3s"),
            ("x-ratelimit-remaining-tokens", "5"),
            ("x-ratelimit-reset-tokens", "12ms"),
        ];
        check(429, &spent, Some(3_723_000));
        check(500, &spent, None);
        for (text, expected) in [
            ("6m0s", Some(360_000)),
            ("1s", Some(1_000)),
            ("7.5s", Some(7_500)),
            ("3", Some(3_000)),
            ("12ms", Some(12)),
            ("5parsecs", None),
            ("1m2", None),
        ] {
            check(429, &[("x-ratelimit-reset-tokens", text)], expected);
        }
    }
}
