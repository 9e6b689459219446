//! The time of day, and how providers write times and durations.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time since 1970.
pub(crate) fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// A time since 1970 as RFC 3339 writes it, in whole seconds.
pub(crate) fn rfc3339(since_1970: Duration) -> String {
    let seconds = since_1970.as_secs();
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The same with nanoseconds.
pub(crate) fn rfc3339_nanos(since_1970: Duration) -> String {
    let whole = rfc3339(since_1970);
    let nanos = since_1970.subsec_nanos();
    format!("{}.{nanos:09}Z", whole.trim_end_matches('Z'))
}

/// A duration as OpenAI's rate-limit headers write it: `12ms`, `1.5s`, `6m0s`.
pub(crate) fn go_duration(milliseconds: u64) -> String {
    if milliseconds < 1_000 {
        return format!("{milliseconds}ms");
    }
    let minutes = milliseconds / 60_000;
    let seconds = (milliseconds % 60_000) as f64 / 1_000.0;
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// A duration as Google's JSON writes it: `31s`, `1.500s`.
pub(crate) fn google_duration(milliseconds: u64) -> String {
    match (milliseconds / 1_000, milliseconds % 1_000) {
        (seconds, 0) => format!("{seconds}s"),
        (seconds, rest) => format!("{seconds}.{rest:03}s"),
    }
}

/// The date of a day since 1970: year, month, day.
fn date(days: u64) -> (u64, u64, u64) {
    // Years that begin in March put the leap day last; 719 468 days lie
    // between the 1st of March of the year 0 and 1970.
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339() {
        let check = |seconds, expected| {
            assert_eq!(rfc3339(Duration::from_secs(seconds)), expected);
        };
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_399, "2000-02-28T23:59:59Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(1_795_168_860, "2026-11-20T10:01:00Z");
        check(1_798_761_599, "2026-12-31T23:59:59Z");
        check(1_798_761_600, "2027-01-01T00:00:00Z");
        let fine = Duration::new(1_795_168_860, 1_500);
        assert_eq!(rfc3339_nanos(fine), "2026-11-20T10:01:00.000001500Z");
    }

    #[test]
    fn durations_are_written_as_each_provider_does() {
        let check = |milliseconds, openai: &str, google: &str| {
            assert_eq!(go_duration(milliseconds), openai);
            assert_eq!(google_duration(milliseconds), google);
        };
        check(12, "12ms", "0.012s");
        check(1_000, "1s", "1s");
        check(1_500, "1.5s", "1.500s");
        check(360_000, "6m0s", "360s");
        check(3_723_000, "1h2m3s", "3723s");
    }
}
