//! Whether a day has come.

use std::time::{SystemTime, UNIX_EPOCH};

/// Whether the day written as `2026-11-20` is today or past, in UTC. Another
/// text is no day, and does not come.
pub(super) fn has_come(date: &str) -> bool {
    let Ok(now) = SystemTime::now().duration_since(UNIX_EPOCH) else {
        return false;
    };
    days_since_1970(date).is_some_and(|days| days <= (now.as_secs() / 86_400) as i64)
}

/// Days of the Gregorian calendar, counted from March so that the leap day is
/// a year's last.
fn days_since_1970(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let mut number = |limits: std::ops::RangeInclusive<i64>| {
        let number = parts.next()?.parse().ok()?;
        limits.contains(&number).then_some(number)
    };
    let (year, month, day) = (number(1..=9999)?, number(1..=12)?, number(1..=31)?);
    if parts.next().is_some() {
        return None;
    }
    let (year, month) = match month {
        3.. => (year, month - 3),
        _ => (year - 1, month + 9),
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    Some(year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted() {
        for (date, days) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2000-02-29", Some(11_016)),
            ("2000-03-01", Some(11_017)),
            ("2026-11-20", Some(20_777)),
            ("2026-13-01", None),
            ("2026-11-20-1", None),
            ("soon", None),
        ] {
            assert_eq!(days_since_1970(date), days, "{date}");
        }
        assert!(has_come("2020-01-01"));
        assert!(!has_come("9999-12-31"));
        assert!(!has_come(""));
    }
}
