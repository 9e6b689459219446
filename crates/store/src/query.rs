//! What a person searches for.

use std::{collections::HashSet, ops::Range};

use crate::words::take_apart;

/// The longest query of [`crate::Library::search`], in characters; what comes
/// later is not looked at.
pub const LONGEST_QUERY: usize = 500;

/// Phrases, all of which are searched for; a word is a phrase of one.
#[derive(Debug)]
pub(crate) struct Query {
    phrases: Vec<Phrase>,
}

#[derive(Debug)]
struct Phrase {
    /// As [`take_apart`] folds them; at least one.
    words: Vec<String>,
    /// Whether the last word may be the beginning of one.
    open: bool,
}

/// Where a phrase is in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) phrase: usize,
    pub(crate) place: Range<usize>,
}

impl Query {
    /// Reads what was typed; `None` where it has no words.
    pub(crate) fn read(typed: &str) -> Option<Self> {
        let end = typed.char_indices().nth(LONGEST_QUERY);
        let typed = end.map_or(typed, |(end, _)| &typed[..end]);
        let mut phrases = Vec::new();
        let mut quoted = false;
        let mut rest = typed;
        loop {
            let mark = rest.char_indices().find(|&(_, sign)| is_quote(sign));
            let piece = mark.map_or(rest, |(at, _)| &rest[..at]);
            // The end of a quotation may still be to come.
            let open = mark.is_none();
            if quoted {
                phrases.extend(Phrase::read(piece, open));
            } else {
                let words = piece.split_whitespace();
                phrases.extend(words.filter_map(|word| Phrase::read(word, open)));
            }
            let Some((at, sign)) = mark else { break };
            rest = &rest[at + sign.len_utf8()..];
            quoted = !quoted;
        }
        if let Some((_, before)) = phrases.split_last_mut() {
            for phrase in before {
                phrase.open = false;
            }
        }
        (!phrases.is_empty()).then_some(Self { phrases })
    }

    /// The query for SQLite's FTS5, which has the folded words in its index.
    pub(crate) fn for_fts5(&self) -> String {
        let phrases = self.phrases.iter().map(|phrase| {
            // Folded words have letters and digits only, and no quotes.
            let words = phrase.words.join(" ");
            let open = if phrase.open { "*" } else { "" };
            format!("\"{words}\"{open}")
        });
        phrases.collect::<Vec<_>>().join(" ")
    }

    /// Where its phrases are in a text, in order.
    pub(crate) fn find_in(&self, text: &str) -> Vec<Found> {
        let mut folded = String::new();
        let mut words = Vec::new();
        take_apart(text, |word| {
            let begin = folded.len();
            folded.push_str(word.folded);
            words.push((begin..folded.len(), word.place));
        });
        let mut found = Vec::new();
        for first in 0..words.len() {
            for (number, phrase) in self.phrases.iter().enumerate() {
                let candidate = words.get(first..first + phrase.words.len());
                let matches = |candidate: &&[(Range<usize>, Range<usize>)]| {
                    let words = candidate.iter().map(|(word, _)| &folded[word.clone()]);
                    phrase.matches(words)
                };
                if let Some([(_, begin), ..]) = candidate.filter(matches)
                    && let Some([.., (_, end)]) = candidate
                {
                    found.push(Found {
                        phrase: number,
                        place: begin.start..end.end,
                    });
                }
            }
        }
        found
    }

    /// Whether all its phrases are among these.
    pub(crate) fn is_met_by(&self, found: &[Found]) -> bool {
        let phrases: HashSet<_> = found.iter().map(|found| found.phrase).collect();
        phrases.len() == self.phrases.len()
    }

    /// How many phrases it has.
    pub(crate) fn phrases(&self) -> usize {
        self.phrases.len()
    }
}

impl Phrase {
    fn read(typed: &str, open: bool) -> Option<Self> {
        let mut words = Vec::new();
        let mut last_is_sign = false;
        take_apart(typed, |word| {
            words.push(word.folded.to_owned());
            last_is_sign = word.sign;
        });
        (!words.is_empty()).then_some(Self {
            words,
            open: open && !last_is_sign,
        })
    }

    /// Whether it consists of these words, as many as it has.
    fn matches<'a>(&self, words: impl Iterator<Item = &'a str>) -> bool {
        let last = self.words.len() - 1;
        self.words
            .iter()
            .zip(words)
            .enumerate()
            .all(|(at, (own, other))| {
                own == other || (self.open && at == last && other.starts_with(own.as_str()))
            })
    }
}

fn is_quote(sign: char) -> bool {
    matches!(sign, '"' | '“' | '”' | '„' | '«' | '»' | '「' | '」' | '＂')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, expected: &str) {
        let query = Query::read(typed).map(|query| query.for_fts5());
        assert_eq!(query.unwrap_or_default(), expected);
    }

    #[test]
    fn what_is_typed_becomes_phrases() {
        check("Rust  sqlite", r#""rust" "sqlite"*"#);
        check(r#"say "Hello, World" now"#, r#""say" "hello world" "now"*"#);
        check(r#"say "hello world""#, r#""say" "hello world""#);
        check(r#"say "hello wor"#, r#""say" "hello wor"*"#);
        check("„schöne Welt“ da", r#""schone welt" "da"*"#);
        check("日本語 test日", r#""日 本 語" "test 日""#);
        check("foo_bar don't", r#""foo bar" "don t"*"#);
    }

    #[test]
    fn no_syntax_comes_through() {
        check(
            r#"a AND NOT (b:* -c^ NEAR/2) "" """#,
            r#""a" "and" "not" "b" "c" "near 2""#,
        );
        check("\0\"\0", "");
        check(" \t*^:(){}-'%", "");
        let long = "word ".repeat(1_000);
        let query = Query::read(&long).unwrap();
        assert_eq!(query.phrases(), LONGEST_QUERY / 5);
    }

    #[test]
    fn phrases_are_found_in_order() {
        let query = Query::read("\"a b\" c").unwrap();
        let found = query.find_in("a, B; Cd a c");
        let places: Vec<_> = found
            .iter()
            .map(|it| (it.phrase, it.place.clone()))
            .collect();
        assert_eq!(places, [(0, 0..4), (1, 6..8), (1, 11..12)]);
        assert!(query.is_met_by(&found));
        assert!(!query.is_met_by(&query.find_in("b a c")));
    }
}
