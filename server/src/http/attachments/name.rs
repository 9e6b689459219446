//! The names of files as they are kept and shown.

/// The longest name, in characters and in bytes.
const LONGEST: usize = 200;
const LONGEST_BYTES: usize = 255;

/// What is left of a name without its path, and without characters that
/// nobody sees or that turn the direction of writing (`U+202E` makes
/// `gpj.exe` look like `exe.jpg`).
pub(in crate::http) fn sanitised(given: &str) -> String {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible = |c: &char| {
        !c.is_control()
            && !matches!(c,
                '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let name: String = name.chars().filter(visible).collect();
    let name = name.trim();
    if name.chars().all(|c| c == '.') {
        return "file".to_owned();
    }
    shortened(name)
}

/// The name within its longest; the ending, which says what it is, stays.
fn shortened(name: &str) -> String {
    let (characters, bytes) = (name.chars().count(), name.len());
    if characters <= LONGEST && bytes <= LONGEST_BYTES {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |at| &name[at..]);
    let ending = if ending.len() <= 20 { ending } else { "" };
    let mut short = String::new();
    for character in name.chars().take(LONGEST - ending.chars().count()) {
        if short.len() + character.len_utf8() + ending.len() > LONGEST_BYTES {
            break;
        }
        short.push(character);
    }
    short.push_str(ending);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_what_can_be_seen_and_no_path() {
        for (given, name) in [
            ("notes.txt", "notes.txt"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\me\cat.png", "cat.png"),
            ("a\0b\r\nc.txt", "abc.txt"),
            ("exe.\u{202e}gpj", "exe.gpj"),
            ("日本語 (1).png", "日本語 (1).png"),
            ("👩\u{200d}👩\u{200d}👧.png", "👩\u{200d}👩\u{200d}👧.png"),
            ("", "file"),
            ("..", "file"),
            ("docs/", "file"),
            (" \u{202e} ", "file"),
        ] {
            assert_eq!(sanitised(given), name, "{given:?}");
        }
        for (given, name) in [
            (
                format!("{}.tar.gz", "x".repeat(300)),
                "x".repeat(197) + ".gz",
            ),
            (
                format!("{}.txt", "語".repeat(100)),
                "語".repeat(83) + ".txt",
            ),
            (format!("{}.x", "é".repeat(198)), "é".repeat(126) + ".x"),
            (
                format!("x.{}", "y".repeat(300)),
                format!("x.{}", "y".repeat(198)),
            ),
            ("x".repeat(300), "x".repeat(200)),
        ] {
            assert_eq!(sanitised(&given), name);
        }
    }
}
