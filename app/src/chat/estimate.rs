//! How long an answer is thought to become, for the progress line. Always
//! shown as an estimate.

use protocol::{Message, Role, Usage};

/// What an answer takes when nothing tells more: a few paragraphs.
const USUAL_TOKENS: u64 = 350;

/// Output tokens expected of the answer to `question`: the words it asks for
/// where it names a number of them, else the mean of the answers before.
pub(crate) fn expected_tokens(question: &str, earlier: &[u64]) -> u64 {
    if let Some(words) = words_asked_for(question) {
        // English takes about four tokens for three words.
        return words.saturating_mul(4) / 3;
    }
    if earlier.is_empty() {
        return USUAL_TOKENS;
    }
    earlier.iter().sum::<u64>() / earlier.len() as u64
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
        assert_eq!(
            expected_tokens("Write 3,000 words about rivers.", &[]),
            4_000
        );
        assert_eq!(expected_tokens("In a word: why?", &[]), USUAL_TOKENS);
    }
}
