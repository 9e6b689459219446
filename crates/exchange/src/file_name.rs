//! Names that every file system takes.

/// The longest name without its ending, in bytes: file systems take 255, and
/// some programs add to it.
const LONGEST: usize = 120;

/// Names that Windows keeps for devices, whatever ending they have.
const RESERVED: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// A file's name made from a title in any language, without an ending: it has
/// no separators, control characters or marks that turn the direction of
/// writing, is no device's name, and never empty.
#[must_use]
pub fn file_name(title: &str) -> String {
    let mut name = String::new();
    for character in title.chars() {
        let safe = if character.is_whitespace() {
            ' '
        } else if is_invisible(character) {
            continue;
        } else if matches!(
            character,
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'
        ) {
            '-'
        } else {
            character
        };
        if safe == ' ' && name.ends_with(' ') {
            continue;
        }
        if name.len() + safe.len_utf8() > LONGEST {
            break;
        }
        name.push(safe);
    }
    // A leading dot hides the file, and a leading dash looks like an option;
    // Windows drops dots and blanks at the end.
    let name = name
        .trim_start_matches(['.', ' ', '-', '~'])
        .trim_end_matches(['.', ' ']);
    if name.is_empty() {
        return "Conversation".to_owned();
    }
    if is_reserved(name) {
        return format!("_{name}");
    }
    name.to_owned()
}

/// Whether it is seen only by what it does to its neighbours.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_lowercase();
    let numbered = |device| {
        let number = stem.strip_prefix(device).unwrap_or_default();
        let mut characters = number.chars();
        matches!(
            (characters.next(), characters.next()),
            (Some('0'..='9' | '¹' | '²' | '³'), None)
        )
    };
    RESERVED.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names_that_every_file_system_takes() {
        for (title, name) in [
            ("Why is *Rust* fast?", "Why is -Rust- fast-"),
            ("../../etc/passwd", "etc-passwd"),
            ("C:\\Windows\\system32", "C--Windows-system32"),
            ("日本語の会話", "日本語の会話"),
            ("محادثة عن Rust", "محادثة عن Rust"),
            ("a\0b\nc\t d", "ab c d"),
            ("gpj.\u{202e}exe", "gpj.exe"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("com1", "_com1"),
            ("LPT¹.log", "_LPT¹.log"),
            ("command", "command"),
            ("The end...  ", "The end"),
            (".hidden", "hidden"),
            ("", "Conversation"),
            ("...", "Conversation"),
            ("👩‍👩‍👧 family", "👩‍👩‍👧 family"),
        ] {
            assert_eq!(file_name(title), name, "{title}");
        }
        let long = file_name(&"語".repeat(300));
        assert_eq!(long.len(), 120);
    }
}
