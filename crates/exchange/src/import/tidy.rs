//! Making JSON of what programs write that nearly is.

/// JSON with what breaks readers put right: numbers that are none (`NaN`,
/// `1e999`) are null, halves of characters become U+FFFD, control characters
/// in strings are escaped, and NUL is removed.
pub(super) fn tidy(json: &str) -> String {
    let mut tidied = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '"' => string(rest, &mut tidied),
            '+' | '-' | '.' | '0'..='9' | 'A'..='Z' | 'a'..='z' => word(rest, &mut tidied),
            '\0' => &rest[1..],
            _ => {
                tidied.push(first);
                &rest[first.len_utf8()..]
            }
        };
    }
    tidied
}

/// A number, or one of the three words that JSON has.
fn word<'a>(rest: &'a str, tidied: &mut String) -> &'a str {
    let part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '+' | '-' | '.' | '_');
    let end = rest.find(|it| !part(it)).unwrap_or(rest.len());
    let (word, rest) = rest.split_at(end);
    let known = matches!(word, "true" | "false" | "null")
        || serde_json::from_str::<f64>(word).is_ok_and(f64::is_finite);
    tidied.push_str(if known { word } else { "null" });
    rest
}

/// A string, from its first quotation mark to its last.
fn string<'a>(rest: &'a str, tidied: &mut String) -> &'a str {
    tidied.push('"');
    let mut rest = &rest[1..];
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match first {
            '"' => {
                tidied.push('"');
                return rest;
            }
            '\\' => rest = escape(rest, tidied),
            '\0' => {}
            '\u{1}'..='\u{1f}' => tidied.push_str(&format!("\\u{:04x}", u32::from(first))),
            _ => tidied.push(first),
        }
    }
    rest
}

/// What follows a backslash.
fn escape<'a>(rest: &'a str, tidied: &mut String) -> &'a str {
    let Some(kind) = rest.chars().next() else {
        return rest;
    };
    let after = &rest[kind.len_utf8()..];
    match kind {
        '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {
            tidied.extend(['\\', kind]);
            after
        }
        'u' => {
            let Some(unit) = unit(after) else {
                tidied.push_str("\\ufffd");
                return after;
            };
            let after = &after[4..];
            let second = after.strip_prefix("\\u").and_then(self::unit);
            match (unit, second) {
                (0, _) => after,
                (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
                    tidied.push_str(&format!("\\u{unit:04x}\\u{low:04x}"));
                    &after[6..]
                }
                (0xd800..=0xdfff, _) => {
                    tidied.push_str("\\ufffd");
                    after
                }
                (unit, _) => {
                    tidied.push_str(&format!("\\u{unit:04x}"));
                    after
                }
            }
        }
        _ => {
            tidied.push_str("\\\\");
            rest
        }
    }
}

/// The four hexadecimal digits that come first.
fn unit(text: &str) -> Option<u16> {
    let digits = text.get(..4)?;
    let hexadecimal = digits.bytes().all(|it| it.is_ascii_hexdigit());
    hexadecimal
        .then(|| u16::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_is_nearly_json_becomes_it() {
        for (nearly, meant) in [
            (
                r#"{"a": NaN, "b": [-Infinity, 1e999, 1.5, -2e3, true]}"#,
                json!({"a": null, "b": [null, null, 1.5, -2e3, true]}),
            ),
            (
                r#"["\ud83d", "\ude00x", "\ud83d\ude00", "\uD83D\u0041", "é\u0000\\u0000"]"#,
                json!(["\u{fffd}", "\u{fffd}x", "😀", "\u{fffd}A", "é\\u0000"]),
            ),
            (
                "[\"a\nb\tc\0d\", \"\\x\", \"\\u12\"]",
                json!(["a\nb\tcd", "\\x", "\u{fffd}12"]),
            ),
            (
                r#"[+1, .5, 0x10, nul, 007]"#,
                json!([null, null, null, null, null]),
            ),
            (r#"{"NaN": "NaN, 1e999"}"#, json!({"NaN": "NaN, 1e999"})),
        ] {
            let tidied = tidy(nearly);
            let value: Value =
                serde_json::from_str(&tidied).unwrap_or_else(|error| panic!("{tidied}: {error}"));
            assert_eq!(value, meant, "{nearly}");
        }
        let sound = r#"{"a\n\"": [1, -2.5e-3, "\u00e9é", null, false, {}]}"#;
        assert_eq!(tidy(sound), sound);
    }
}
