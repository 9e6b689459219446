//! The tasks every demo model does exactly: count, repeat, write so many words.

use std::fmt::Write;

use super::prose;

/// The most numbers or words written.
const MOST: u64 = 1_000_000;

/// The answer to a request for one of the tasks; `None` when it is none.
pub(super) fn obey(question: &str) -> Option<String> {
    let question = question.trim_start();
    repeat(question).or_else(|| {
        let words: Vec<String> = question
            .split_whitespace()
            .map(|word| {
                word.trim_matches(|mark: char| !mark.is_alphanumeric() && mark != '-')
                    .to_lowercase()
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        words
            .windows(5)
            .find_map(count)
            .or_else(|| words.windows(3).find_map(write_words))
    })
}

/// "Repeat" and the text after it, whatever it is.
fn repeat(question: &str) -> Option<String> {
    let (verb, rest) = question.split_at_checked("repeat".len())?;
    let after = rest.strip_prefix(':').unwrap_or(rest);
    let text = after.strip_prefix(char::is_whitespace).unwrap_or(after);
    let stands_alone = text.len() < rest.len();
    (verb.eq_ignore_ascii_case("repeat") && stands_alone && !text.trim().is_empty())
        .then(|| format!("Simulated echo:\n\n{text}"))
}

/// "count from A to B"
fn count(words: &[&str]) -> Option<String> {
    let ["count", "from", first, "to", last] = words else {
        return None;
    };
    let (first, last) = (number(first)?, number(last)?);
    if first.abs_diff(last) >= MOST {
        return Some(too_many("numbers"));
    }
    let step = if first <= last { 1 } else { -1 };
    let mut text = "Simulated count:\n\n".to_owned();
    for index in 0..=first.abs_diff(last) {
        if index > 0 {
            text.push_str(match (index % 100, index % 10) {
                (0, _) => "\n\n",
                (_, 0) => "\n",
                _ => " ",
            });
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{}", first + step * index as i64);
    }
    Some(text)
}

/// "write N words"
fn write_words(words: &[&str]) -> Option<String> {
    let ["write", count, "words" | "word"] = words else {
        return None;
    };
    let count = u64::try_from(number(count)?).ok()?;
    if count > MOST {
        return Some(too_many("words"));
    }
    (count > 0).then(|| prose::words(count))
}

/// A whole number of a size that can be counted with, thousands marked or not.
fn number(word: &str) -> Option<i64> {
    let number: i64 = word.replace([',', '_'], "").parse().ok()?;
    (number.unsigned_abs() <= 1_000_000_000_000).then_some(number)
}

fn too_many(what: &str) -> String {
    format!("This is a simulation, and it writes at most {MOST} {what}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(question: &str, expected: Option<&str>) {
        assert_eq!(obey(question).as_deref(), expected, "{question}");
    }

    #[test]
    fn counts_from_and_to() {
        check("Count from 1 to 3", Some("Simulated count:\n\n1 2 3"));
        check(
            "please COUNT from 3 to -1.",
            Some("Simulated count:\n\n3 2 1 0 -1"),
        );
        check(
            "count from 999,999 to 1,000,000",
            Some("Simulated count:\n\n999999 1000000"),
        );
        check("count from 1 to", None);
        check("count from one to two", None);
        check(
            "count from 0 to 1000000",
            Some("This is a simulation, and it writes at most 1000000 numbers."),
        );
    }

    #[test]
    fn counts_ten_a_line_and_a_hundred_a_block() {
        let text = obey("count from 1 to 500").unwrap();
        let text = text.strip_prefix("Simulated count:\n\n").unwrap();
        let blocks: Vec<&str> = text.split("\n\n").collect();
        assert_eq!(blocks.len(), 5);
        let lines: Vec<&str> = blocks.iter().flat_map(|block| block.lines()).collect();
        assert_eq!(lines.len(), 50);
        assert_eq!(lines[10], "101 102 103 104 105 106 107 108 109 110");
        let numbers: Vec<u32> = text
            .split_whitespace()
            .map(|number| number.parse().unwrap())
            .collect();
        assert_eq!(numbers, (1..=500).collect::<Vec<_>>());
    }

    #[test]
    fn repeats_what_follows_untouched() {
        check("Repeat hello", Some("Simulated echo:\n\nhello"));
        check(
            "repeat: # A\n\n- **b**  \n",
            Some("Simulated echo:\n\n# A\n\n- **b**  \n"),
        );
        check("repeat\n    code", Some("Simulated echo:\n\n    code"));
        check("repeat", None);
        check("repeat  ", None);
        check("repeatedly, please", None);
        check("I repeat myself", None);
        check("répéter", None);
    }

    #[test]
    fn writes_exactly_so_many_words() {
        for count in [1, 2, 13, 100, 2000] {
            let text = obey(&format!("Write {count} words")).unwrap();
            assert_eq!(text.split_whitespace().count(), count);
            assert!(text.ends_with(['.', '"']), "{text}");
        }
        check("write 0 words", None);
        check("write words", None);
        check(
            "write 1000001 words",
            Some("This is a simulation, and it writes at most 1000000 words."),
        );
    }
}
