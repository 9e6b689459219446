//! What response headers say of a provider's rate limits.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

use crate::wait_hint::duration;

/// What is left of a provider's limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Of the requests in the current window.
    pub requests: Option<Remaining>,
    /// Of the tokens in the current window.
    pub tokens: Option<Remaining>,
}

/// What is left in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    /// How much.
    pub remaining: u64,
    /// How long until it is whole again, where the provider tells.
    pub reset: Option<Duration>,
}

impl RateLimits {
    /// Reads OpenAI's `x-ratelimit-*`, whose resets are durations, and
    /// Anthropic's `anthropic-ratelimit-*`, whose resets are times. Nonsense
    /// (Azure sends -1) is as good as nothing.
    pub(crate) fn read(headers: &HeaderMap, now: SystemTime) -> Self {
        let text = |name: String| headers.get(name)?.to_str().ok().map(str::trim);
        let of = |what: &str| {
            let openai = || {
                Some(Remaining {
                    remaining: text(format!("x-ratelimit-remaining-{what}"))?
                        .parse()
                        .ok()?,
                    reset: text(format!("x-ratelimit-reset-{what}")).and_then(duration),
                })
            };
            let anthropic = || {
                let field = |field| text(format!("anthropic-ratelimit-{what}-{field}"));
                let reset = field("reset").and_then(|time| {
                    let at = httpdate_or_rfc3339(time)?;
                    Some(at.duration_since(now).unwrap_or_default())
                });
                Some(Remaining {
                    remaining: field("remaining")?.parse().ok()?,
                    reset,
                })
            };
            openai().or_else(anthropic)
        };
        Self {
            requests: of("requests"),
            tokens: of("tokens"),
        }
    }

    /// How long nothing more will be taken, where a limit is used up.
    #[must_use]
    pub fn exhausted_for(&self) -> Option<Duration> {
        [self.requests, self.tokens]
            .into_iter()
            .flatten()
            .filter(|it| it.remaining == 0)
            .filter_map(|it| it.reset)
            .max()
    }
}

/// A time as RFC 3339 writes it in UTC (`2026-11-20T12:41:00Z`), or as HTTP
/// does.
pub(crate) fn httpdate_or_rfc3339(text: &str) -> Option<SystemTime> {
    if let Ok(time) = httpdate::parse_http_date(text) {
        return Some(time);
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let mark = |at: usize, mark: &str| text.get(at..at + 1) == Some(mark);
    let utc = text.ends_with('Z') || text.ends_with("+00:00");
    if !(mark(4, "-") && mark(7, "-") && mark(10, "T") && mark(13, ":") && mark(16, ":") && utc) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days from the civil calendar, years beginning in March:
    // https://howardhinnant.github.io/date_algorithms.html#days_from_civil
    let (year, month) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let seconds = days * 86_400 + number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &str)], expected: RateLimits) {
        let map: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let now = httpdate::parse_http_date("Fri, 20 Nov 2026 12:40:00 GMT").unwrap();
        assert_eq!(RateLimits::read(&map, now), expected, "{headers:?}");
    }

    fn left(remaining: u64, reset_s: u64) -> Option<Remaining> {
        Some(Remaining {
            remaining,
            reset: Some(Duration::from_secs(reset_s)),
        })
    }

    #[test]
    fn both_kinds_of_headers_are_read() {
        check(&[], RateLimits::default());
        check(
            &[
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "6m0s"),
                ("x-ratelimit-remaining-tokens", "-1"),
            ],
            RateLimits {
                requests: left(0, 360),
                tokens: None,
            },
        );
        check(
            &[
                ("anthropic-ratelimit-tokens-remaining", "12"),
                ("anthropic-ratelimit-tokens-reset", "2026-11-20T12:41:30Z"),
            ],
            RateLimits {
                requests: None,
                tokens: left(12, 90),
            },
        );
    }

    #[test]
    fn times_of_rfc_3339_are_read() {
        let seconds = |text| {
            let time = httpdate_or_rfc3339(text)?;
            Some(
                time.duration_since(SystemTime::UNIX_EPOCH)
                    .unwrap()
                    .as_secs(),
            )
        };
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2024-02-29T23:59:59Z"), Some(1_709_251_199));
        assert_eq!(seconds("2026-11-20T12:41:00.5Z"), Some(1_795_178_460));
        for wrong in [
            "",
            "2026-13-01T00:00:00Z",
            "2026-11-20 12:41:00",
            "tomorrow, perhaps!!Z",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
