//! What files say, within the bounds of what can be.

use protocol::{
    ConversationSettings, FASTEST_TYPEWRITER, LONGEST_MODEL, LONGEST_NAME, LONGEST_PHRASE,
    MOST_PHRASES, Settings, Typing, Usd,
};
use serde_json::Value;

/// The longest title, in characters.
pub(super) const LONGEST_TITLE: usize = 200;
/// How far in the future a time may lie: clocks differ.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// One line of at most [`LONGEST_TITLE`] characters.
pub(super) fn title(title: &str) -> String {
    line(title, LONGEST_TITLE)
}

/// One line of at most so many characters, without control characters.
pub(super) fn line(text: &str, longest: usize) -> String {
    let visible = |it: char| if it.is_control() { ' ' } else { it };
    let text: String = text.chars().map(visible).collect();
    let words: Vec<_> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(longest).collect();
    line.trim_end().to_owned()
}

/// A time that can be, in milliseconds since the Unix epoch.
pub(super) fn time(ms: i64, now_ms: i64) -> Option<i64> {
    (0..=now_ms.saturating_add(DAY_MS))
        .contains(&ms)
        .then_some(ms)
}

/// A time of another program's in milliseconds; it is given in seconds, with
/// or without a fraction, or in milliseconds, microseconds or nanoseconds,
/// which its size tells.
pub(super) fn moment(value: &Value, now_ms: i64) -> Option<i64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let ms = match number {
        // 1e11 seconds are the year 5138; 1e11 milliseconds are 1973.
        seconds if (1.0..1e11).contains(&seconds) => seconds * 1e3,
        ms if (1e11..1e14).contains(&ms) => ms,
        us if (1e14..1e17).contains(&us) => us / 1e3,
        ns if (1e17..1e20).contains(&ns) => ns / 1e6,
        _ => return None,
    };
    time(ms.round() as i64, now_ms)
}

/// Settings that a conversation can have; see [`ConversationSettings::check`].
pub(super) fn settings(mut settings: ConversationSettings) -> ConversationSettings {
    settings.model = settings.model.as_deref().and_then(model);
    settings.ask = ask(settings.ask);
    phrases(&mut settings.watch.words);
    if let Typing::Typewriter(speed) = settings.typing {
        settings.typing = Typing::Typewriter(speed.clamp(1, FASTEST_TYPEWRITER));
    }
    settings
}

/// Settings of a request that it can have.
pub(super) fn ask(mut ask: Settings) -> Settings {
    ask.system = ask.system.filter(|system| !system.trim().is_empty());
    let temperature = ask.temperature.filter(|it| it.is_finite());
    ask.temperature = temperature.map(|it| it.clamp(0.0, 2.0));
    ask.top_p = ask.top_p.filter(|it| *it > 0.0 && *it <= 1.0);
    ask.max_tokens = ask.max_tokens.filter(|it| *it > 0);
    ask.max_cost = ask.max_cost.filter(|it| *it > Usd::ZERO);
    phrases(&mut ask.stop);
    ask
}

fn phrases(phrases: &mut Vec<String>) {
    phrases.retain(|it| !it.is_empty() && it.len() <= LONGEST_PHRASE);
    phrases.truncate(MOST_PHRASES);
}

/// A model's name, where there is one.
pub(super) fn model(name: &str) -> Option<String> {
    let name = line(name, LONGEST_TITLE);
    (!name.is_empty() && name.len() <= LONGEST_MODEL).then_some(name)
}

/// A folder's name, where there is one.
pub(super) fn folder(name: &str) -> Option<String> {
    let name = line(name, LONGEST_NAME);
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_of_any_unit_are_milliseconds_and_others_are_none() {
        let now = 1_764_000_000_000;
        for (value, ms) in [
            (json!(1_700_000_000), Some(1_700_000_000_000)),
            (json!(1_700_000_000.5), Some(1_700_000_000_500)),
            (json!(1_700_000_000_123_i64), Some(1_700_000_000_123)),
            (json!(1_700_000_000_123_456_i64), Some(1_700_000_000_123)),
            (
                json!(1_700_000_000_123_456_789_i64),
                Some(1_700_000_000_123),
            ),
            (json!("1700000000"), Some(1_700_000_000_000)),
            (json!(-5), None),
            (json!(0), None),
            (json!(1e300), None),
            (json!(now / 1_000 + 90_000), None),
            (json!("NaN"), None),
            (json!(null), None),
            (json!([1]), None),
        ] {
            assert_eq!(moment(&value, now), ms, "{value}");
        }
    }

    #[test]
    fn lines_are_short_and_have_no_control_characters() {
        assert_eq!(title(" a\0b\n c\u{85} "), "a b c");
        assert_eq!(title(&"語 ".repeat(300)).chars().count(), 199);
    }
}
