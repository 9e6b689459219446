//! What was typed in short and where it is meant: letters in their order, the
//! beginnings of words first.

use super::super::search::words::{folded, stands_alone};

/// What is looked for.
pub(super) struct Needle {
    words: Vec<Vec<char>>,
}

/// How well something is what was looked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Match {
    /// The more, the better.
    pub(super) score: i32,
    /// The text in pieces: every second one, from the second on, is what was
    /// typed.
    pub(super) pieces: Vec<String>,
}

/// A letter where it is expected: at the beginning of the text, at that of a
/// word, after the one before.
const FIRST: i32 = 12;
const BEGINNING: i32 = 9;
const NEXT: i32 = 8;
/// A letter somewhere else.
const LOOSE: i32 = 1;

impl Needle {
    /// What was typed; all its words are looked for, in any order.
    pub(super) fn new(typed: &str) -> Self {
        let words = typed.split_whitespace();
        Self {
            words: words
                .map(|word| word.chars().map(folded).collect())
                .collect(),
        }
    }

    /// Whether nothing is looked for, which everything is.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Looks for it in a text.
    pub(super) fn find(&self, text: &str) -> Option<Match> {
        // Most texts have not even the letters.
        if !self.words.iter().all(|word| is_within(word, text)) {
            return None;
        }
        let signs: Vec<char> = text.chars().collect();
        let small: Vec<char> = signs.iter().copied().map(folded).collect();
        let mut is_meant = vec![false; signs.len()];
        let mut score = 0;
        for word in &self.words {
            let (of_word, places) = best(word, &signs, &small)?;
            score += of_word;
            for place in places {
                is_meant[place] = true;
            }
        }
        // Of two, the shorter one is more of what was typed.
        score -= signs.len().min(80) as i32 / 8;
        Some(Match {
            score,
            pieces: pieces(&signs, &is_meant),
        })
    }
}

/// Whether all letters of a word are in a text in their order.
fn is_within(word: &[char], text: &str) -> bool {
    let mut signs = text.chars().map(folded);
    word.iter().all(|wanted| signs.any(|sign| sign == *wanted))
}

/// The best way in which a word is in a text.
fn best(word: &[char], signs: &[char], small: &[char]) -> Option<(i32, Vec<usize>)> {
    let first = *word.first()?;
    let mut best: Option<(i32, Vec<usize>)> = None;
    for start in (0..small.len()).filter(|&at| small[at] == first) {
        let found = from(word, start, signs, small);
        if let Some((score, places)) = found
            && best.as_ref().is_none_or(|(most, _)| score > *most)
        {
            best = Some((score, places));
        }
    }
    best
}

/// The word from this place on; `None` where too much of it would be strewn.
fn from(word: &[char], start: usize, signs: &[char], small: &[char]) -> Option<(i32, Vec<usize>)> {
    let mut places = vec![start];
    let mut loose = 0;
    let mut score = if start == 0 {
        FIRST
    } else if is_beginning(signs, start) {
        BEGINNING
    } else {
        loose += 1;
        LOOSE
    };
    for &wanted in &word[1..] {
        let next = places[places.len() - 1] + 1;
        let mut later = (next..small.len())
            .filter(|&at| small[at] == wanted)
            .peekable();
        let nearest = *later.peek()?;
        let place = if nearest == next {
            score += NEXT;
            next
        } else if let Some(place) = later.find(|&at| is_beginning(signs, at)) {
            score += BEGINNING - 2;
            place
        } else {
            loose += 1;
            score += LOOSE - (nearest - next).min(6) as i32;
            nearest
        };
        places.push(place);
    }
    (loose * 3 <= word.len()).then_some((score, places))
}

/// Whether a word begins at this place.
fn is_beginning(signs: &[char], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| signs[before]) else {
        return true;
    };
    let sign = signs[at];
    stands_alone(sign)
        || !before.is_alphanumeric()
        || (before.is_lowercase() && sign.is_uppercase())
        || (before.is_ascii_digit() != sign.is_ascii_digit())
}

fn pieces(signs: &[char], is_meant: &[bool]) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for (sign, &is_meant) in signs.iter().zip(is_meant) {
        if (pieces.len() % 2 == 0) != is_meant {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(*sign);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with what was typed in brackets; empty where it is not there.
    #[track_caller]
    fn check(typed: &str, text: &str, expected: &str) {
        let found = Needle::new(typed).find(text);
        let mut marked = String::new();
        for (at, piece) in found.iter().flat_map(|it| &it.pieces).enumerate() {
            marked += &if at % 2 == 0 {
                piece.clone()
            } else {
                format!("[{piece}]")
            };
        }
        assert_eq!(marked, expected, "{typed} in {text}");
    }

    /// The texts that are found, the best first.
    fn sorted<'a>(typed: &str, texts: &[&'a str]) -> Vec<&'a str> {
        let needle = Needle::new(typed);
        let mut found: Vec<_> = texts
            .iter()
            .filter_map(|text| Some((needle.find(text)?.score, *text)))
            .collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn letters_are_found_in_their_order() {
        check("new", "New conversation", "[New] conversation");
        check("nc", "New conversation", "[N]ew [c]onversation");
        check("conv", "New conversation", "New [conv]ersation");
        check("conv new", "New conversation", "[New] [conv]ersation");
        check("rgnrt", "Regenerate", "");
        check("日本", "今日は日本語です", "今日は[日本]語です");
        check("gpt4", "openai/gpt-4o", "openai/[gpt]-[4]o");
        check("cn", "New conversation", "");
        check("xyz", "New conversation", "");
    }

    #[test]
    fn what_is_strewn_over_a_text_is_not_meant() {
        check("model", "My older sister knits well", "");
        check("in", "Regenerating", "");
        check("rat", "Regenerate", "Regene[rat]e");
    }

    #[test]
    fn beginnings_come_before_middles_and_short_ones_before_long_ones() {
        assert_eq!(
            sorted(
                "set",
                &[
                    "Reset the form",
                    "A settled matter",
                    "Settings of this",
                    "Settings"
                ]
            ),
            [
                "Settings",
                "Settings of this",
                "A settled matter",
                "Reset the form"
            ]
        );
    }
}
