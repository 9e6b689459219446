//! Settings as texts: what controls show and what people type.

use protocol::{ConversationSettings, Preference};

/// A preference by the value of its option.
pub(crate) fn preference(value: &str) -> Option<Preference> {
    match value {
        "cheapest" => Some(Preference::Cheapest),
        "fastest" => Some(Preference::Fastest),
        "best" => Some(Preference::Best),
        _ => None,
    }
}

/// The value of a preference's option; the default one's is empty.
pub(crate) fn preference_value(preference: Option<Preference>) -> &'static str {
    match preference {
        None | Some(Preference::Balanced) => "",
        Some(Preference::Cheapest) => "cheapest",
        Some(Preference::Fastest) => "fastest",
        Some(Preference::Best) => "best",
    }
}

/// Whether anything differs from the defaults that shows nowhere else: the
/// model and what matters in its choice stand beside the box anyway.
pub(super) fn differs(settings: &ConversationSettings) -> bool {
    let mut hidden = settings.clone();
    hidden.model = None;
    hidden.ask.prefer = None;
    hidden.ask.max_cost = None;
    !hidden.is_default()
}

/// A setting in hundredths, which is as fine as its control goes.
pub(super) fn hundredths(value: f32) -> u32 {
    (value * 100.0).round() as u32
}

/// So many hundredths as a decimal number: "0.7", "1", "0.05". In integers:
/// formatting floats would weigh on the page's download.
pub(super) fn decimal(hundredths: u32) -> String {
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    match (rest / 10, rest % 10) {
        (0, 0) => whole.to_string(),
        (tenths, 0) => format!("{whole}.{tenths}"),
        _ => format!("{whole}.{rest:02}"),
    }
}

/// A phrase as it is typed in one line: `\n` for a line end, `\t` for a tab,
/// `\\` for a backslash.
pub(super) fn escaped(phrase: &str) -> String {
    let mut out = String::with_capacity(phrase.len());
    for c in phrase.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    out
}

/// The phrase that was typed; see [`escaped`]. A backslash before anything
/// else is itself.
pub(super) fn unescaped(typed: &str) -> String {
    let mut out = String::with_capacity(typed.len());
    let mut rest = typed.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let mut ahead = rest.clone();
        let meant = match ahead.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('\\') => '\\',
            _ => {
                out.push('\\');
                continue;
            }
        };
        out.push(meant);
        rest = ahead;
    }
    out
}

#[cfg(test)]
mod tests {
    use protocol::{Typing, Watch};

    use super::*;

    #[test]
    fn numbers_read_as_they_are_typed() {
        for (value, text) in [
            (0.0, "0"),
            (0.7, "0.7"),
            (1.0, "1"),
            (0.05, "0.05"),
            (1.25, "1.25"),
            (2.0, "2"),
        ] {
            assert_eq!(decimal(hundredths(value)), text);
        }
    }

    #[test]
    fn what_one_line_cannot_hold_is_typed_with_a_backslash() {
        assert_eq!(unescaped(r"\n\nHuman:\t\\n"), "\n\nHuman:\t\\n");
        assert_eq!(unescaped(r"C:\dir\"), r"C:\dir\");
        for phrase in ["\n\n", "a\tb", r"C:\new", r"\", "###"] {
            assert_eq!(unescaped(&escaped(phrase)), phrase);
        }
    }

    #[test]
    fn what_stands_beside_the_box_makes_no_mark() {
        let mut settings = ConversationSettings {
            model: Some("a/x".into()),
            ..ConversationSettings::default()
        };
        settings.ask.prefer = Some(Preference::Best);
        settings.ask.max_cost = "0.01".parse().ok();
        assert!(!differs(&settings));
        for changed in [
            ConversationSettings {
                typing: Typing::Off,
                ..settings.clone()
            },
            ConversationSettings {
                watch: Watch {
                    words: vec!["water".into()],
                    ..Watch::default()
                },
                ..settings.clone()
            },
        ] {
            assert!(differs(&changed));
        }
        settings.ask.temperature = Some(1.0);
        assert!(differs(&settings));
    }

    #[test]
    fn a_preference_is_the_one_of_its_option() {
        for value in ["", "cheapest", "fastest", "best"] {
            assert_eq!(preference_value(preference(value)), value);
        }
    }
}
