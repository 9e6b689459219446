//! How long an answer is thought to become, for the progress line. Always
//! shown as an estimate, with what it rests on.

use protocol::{Message, Role, Usage};

/// What an answer takes when nothing tells more: a few paragraphs.
const USUAL_TOKENS: u64 = 350;

/// The length expected of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Its output tokens, at least 1.
    pub(crate) tokens: u64,
    /// What the estimate rests on.
    pub(crate) by: Basis,
}

/// What an estimate rests on, from the most to the least telling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Basis {
    /// The question asks for a number of words.
    Asked,
    /// The answers of the model of late.
    Model,
    /// The answers before in the conversation.
    Earlier,
    /// Answers in general.
    #[default]
    Usual,
}

/// What the question and the answers before it tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hints {
    asked: Option<u64>,
    earlier: Option<u64>,
}

impl Hints {
    /// Of this question, after answers of so many output tokens.
    pub(crate) fn of(question: &str, earlier: &[u64]) -> Self {
        let count = earlier.len() as u64;
        Self {
            // English takes about four tokens for three words.
            asked: words_asked_for(question).map(|words| words.saturating_mul(4) / 3),
            earlier: earlier.iter().sum::<u64>().checked_div(count),
        }
    }

    /// What to expect where the answers of the model at work have typically so
    /// many tokens, if that is known, and may have no more than `limit`.
    pub(crate) fn expected(self, typical: Option<u64>, limit: Option<u64>) -> Expected {
        let (tokens, by) = [
            (self.asked, Basis::Asked),
            (typical, Basis::Model),
            (self.earlier, Basis::Earlier),
        ]
        .into_iter()
        .find_map(|(tokens, by)| Some((tokens?, by)))
        .unwrap_or((USUAL_TOKENS, Basis::Usual));
        Expected {
            tokens: limit.map_or(tokens, |limit| tokens.min(limit)).max(1),
            by,
        }
    }
}

/// Output tokens of an ended answer: as reported, else estimated.
pub(crate) fn output_tokens(message: &Message) -> Option<u64> {
    if message.role != Role::Assistant {
        return None;
    }
    let output = message.statistics.as_ref()?.usage.output;
    Some(output.unwrap_or_else(|| Usage::estimate_tokens(message.text.len())))
}

/// The number before "words" in a request such as "write 2000 words".
fn words_asked_for(question: &str) -> Option<u64> {
    let mut previous = "";
    for word in question.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if bare.eq_ignore_ascii_case("words") || bare.eq_ignore_ascii_case("word") {
            let digits: String = previous.chars().filter(char::is_ascii_digit).collect();
            if let Ok(number) = digits.parse::<u64>() {
                return Some(number.clamp(1, 1_000_000));
            }
        }
        previous = word;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_words_is_understood() {
        let expected = |question| Hints::of(question, &[]).expected(None, None);
        let asked = expected("Write 3,000 words about rivers.");
        assert_eq!((asked.tokens, asked.by), (4_000, Basis::Asked));
        let usual = expected("In a word: why?");
        assert_eq!((usual.tokens, usual.by), (USUAL_TOKENS, Basis::Usual));
    }

    #[test]
    fn what_tells_the_most_counts() {
        let hints = Hints::of("Why?", &[100, 300]);
        let by = |hints: Hints, typical, limit| {
            let expected = hints.expected(typical, limit);
            (expected.tokens, expected.by)
        };
        assert_eq!(by(hints, None, None), (200, Basis::Earlier));
        assert_eq!(by(hints, Some(900), None), (900, Basis::Model));
        assert_eq!(by(hints, Some(900), Some(64)), (64, Basis::Model));
        assert_eq!(by(hints, Some(0), None), (1, Basis::Model));
        let asked = Hints::of("Write 30 words.", &[100]);
        assert_eq!(by(asked, Some(900), None), (40, Basis::Asked));
    }
}
