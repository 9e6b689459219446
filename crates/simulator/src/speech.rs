//! What an answer says, part by part and token by token.

use std::borrow::Cow;
use std::time::Duration;

use crate::demo;
use crate::script::{Script, plain};

/// The longest token, in characters, without its leading space.
const TOKEN_CHARS: usize = 6;

/// What filler is made of: each word is one token.
const FILLER: [&str; 12] = [
    "water", "runs", "over", "stone", "and", "under", "the", "bridge", "then", "on", "to", "sea",
];

/// The words of an answer and how far they have been said.
#[derive(Debug)]
pub(crate) struct Speech {
    segments: Vec<Segment>,
    segment: usize,
    offset: usize,
}

#[derive(Debug)]
struct Segment {
    part: Part,
    text: Cow<'static, str>,
}

/// What a segment of the answer is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Thinking,
    Text,
    Refusal,
    /// The arguments of a tool call.
    Tool {
        index: usize,
        name: String,
    },
}

/// The next few tokens, all of one part.
#[derive(Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) part: &'a Part,
    /// Whether the part begins here.
    pub(crate) begins: bool,
    /// Whether the part ends with it.
    pub(crate) ends: bool,
    pub(crate) text: &'a str,
    pub(crate) tokens: u64,
}

/// When tokens are due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    first: Duration,
    /// Seconds between tokens.
    interval: f64,
}

/// Tokens of a request and of what has been answered so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    pub(crate) prompt: u64,
    /// Thinking included.
    pub(crate) completion: u64,
    pub(crate) thinking: u64,
    /// Of the prompt, read from a cache.
    pub(crate) cached: u64,
    /// Of the prompt, written to a cache.
    pub(crate) cache_write: u64,
}

/// The text of an answer under a script, or else the model's own; `None` when
/// there is to be none.
pub(crate) fn words(
    script: &Script,
    own: impl FnOnce() -> Cow<'static, str>,
) -> Option<Cow<'static, str>> {
    if script.refusal.is_some() {
        None
    } else if let Some(text) = &script.text {
        let end = script
            .tokens
            .map_or(text.len(), |count| measure(text, count).0);
        Some(text[..end].to_owned().into())
    } else if let Some(count) = script.tokens {
        Some(filler(count).into())
    } else {
        script.tool_calls.is_empty().then(own)
    }
}

impl Speech {
    /// An answer with these words under a script.
    pub(crate) fn new(script: &Script, words: Option<Cow<'static, str>>) -> Self {
        let mut segments = Vec::new();
        let mut say = |part, text| segments.push(Segment { part, text });
        if script.thinking_tokens > 0 {
            say(Part::Thinking, thinking(script.thinking_tokens).into());
        }
        if let Some(refusal) = &script.refusal {
            say(Part::Refusal, refusal.clone().into());
        }
        if let Some(words) = words {
            say(Part::Text, words);
        }
        for (index, call) in script.tool_calls.iter().enumerate() {
            let name = call.name.clone();
            say(Part::Tool { index, name }, plain(&call.arguments).into());
        }
        Self {
            segments,
            segment: 0,
            offset: 0,
        }
    }

    /// The next tokens, at most `most`; `None` when all has been said.
    pub(crate) fn next(&mut self, most: u64) -> Option<Piece<'_>> {
        self.skip_finished();
        let segment = self.segments.get(self.segment)?;
        let begins = self.offset == 0;
        let rest = &segment.text[self.offset..];
        let (bytes, tokens) = measure(rest, most);
        self.offset += bytes;
        if rest.is_empty() {
            self.segment += 1;
        }
        Some(Piece {
            part: &segment.part,
            begins,
            ends: bytes == rest.len(),
            text: &rest[..bytes],
            tokens,
        })
    }

    /// Whether all has been said.
    pub(crate) fn is_over(&mut self) -> bool {
        self.skip_finished();
        self.segment == self.segments.len()
    }

    /// Tokens of the whole answer.
    pub(crate) fn total(&self) -> u64 {
        let texts = self.segments.iter().map(|segment| &segment.text);
        texts.map(|text| count_tokens(text)).sum()
    }

    /// Whether it calls tools.
    pub(crate) fn calls_tools(&self) -> bool {
        self.segments
            .iter()
            .any(|segment| matches!(segment.part, Part::Tool { .. }))
    }

    /// Goes past segments with nothing left. A tool call without arguments
    /// still has its name to say.
    fn skip_finished(&mut self) {
        while let Some(segment) = self.segments.get(self.segment)
            && self.offset == segment.text.len()
            && (self.offset > 0 || !matches!(segment.part, Part::Tool { .. }))
        {
            self.segment += 1;
            self.offset = 0;
        }
    }
}

impl Pace {
    /// The pace a script asks for.
    pub(crate) fn new(script: &Script) -> Self {
        let speed = script.tokens_per_second;
        Self {
            first: Duration::from_millis(script.first_token_ms),
            interval: if speed > 0.0 { 1.0 / speed } else { 0.0 },
        }
    }

    /// How many tokens are due so long after the request.
    pub(crate) fn due(self, elapsed: Duration) -> u64 {
        let Some(since_first) = elapsed.checked_sub(self.first) else {
            return 0;
        };
        if self.interval == 0.0 {
            return u64::MAX;
        }
        // The small addition keeps rounding from putting a token after its own time.
        let intervals = since_first.as_secs_f64() / self.interval + 1e-6;
        1 + intervals as u64
    }

    /// When the token of this number, from 1, is due after the request.
    pub(crate) fn time_of(self, token: u64) -> Duration {
        let intervals = token.saturating_sub(1) as f64;
        self.first + Duration::from_secs_f64(intervals * self.interval)
    }
}

impl Spent {
    /// Nothing yet but the prompt, of which a script says how much was cached.
    pub(crate) fn of_prompt(prompt: u64, script: &Script) -> Self {
        let cached = script.cached_tokens.min(prompt);
        Self {
            prompt,
            cached,
            cache_write: script.cache_write_tokens.min(prompt - cached),
            ..Self::default()
        }
    }

    /// What was said besides thinking.
    pub(crate) fn said(&self) -> u64 {
        self.completion - self.thinking
    }

    /// Counts a piece.
    pub(crate) fn add(&mut self, piece: &Piece<'_>) {
        self.completion += piece.tokens;
        if *piece.part == Part::Thinking {
            self.thinking += piece.tokens;
        }
    }
}

/// How many tokens a text is.
pub(crate) fn count_tokens(text: &str) -> u64 {
    measure(text, u64::MAX).1
}

/// The bytes and the number of the first tokens of a text, at most `most`.
fn measure(text: &str, most: u64) -> (usize, u64) {
    let mut bytes = 0;
    let mut tokens = 0;
    while tokens < most && bytes < text.len() {
        bytes += token_len(&text[bytes..]);
        tokens += 1;
    }
    (bytes, tokens)
}

/// The bytes of the first token: a few characters of one class, with the space
/// before them.
fn token_len(text: &str) -> usize {
    let glued = text.strip_prefix(' ').filter(|rest| {
        rest.chars()
            .next()
            .is_some_and(|first| class(first) != Class::Space)
    });
    let body = glued.unwrap_or(text);
    let first = body.chars().next().map(class);
    let body_len: usize = body
        .chars()
        .take(TOKEN_CHARS)
        .take_while(|&character| Some(class(character)) == first)
        .map(char::len_utf8)
        .sum();
    text.len() - body.len() + body_len
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Space,
    Mark,
}

fn class(character: char) -> Class {
    if character.is_alphanumeric() {
        Class::Word
    } else if character.is_whitespace() {
        Class::Space
    } else {
        Class::Mark
    }
}

/// So many tokens of plain words.
fn filler(count: u64) -> String {
    let mut text = String::new();
    for (index, word) in (0..count).zip(FILLER.iter().cycle()) {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// So many tokens of simulated thinking.
fn thinking(count: u64) -> String {
    let mut text = String::new();
    let mut left = count;
    while left > 0 {
        let (bytes, tokens) = measure(demo::THINKING, left);
        text.push_str(&demo::THINKING[..bytes]);
        left -= tokens;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_tokens(text: &str, expected: &[&str]) {
        let mut rest = text;
        let mut tokens = Vec::new();
        while !rest.is_empty() {
            let (token, after) = rest.split_at(token_len(rest));
            tokens.push(token);
            rest = after;
        }
        assert_eq!(tokens, expected);
    }

    #[test]
    fn tokens_are_word_pieces_with_their_leading_space() {
        check_tokens("Hello, wide world", &["Hello", ",", " wide", " world"]);
        check_tokens("international", &["intern", "ationa", "l"]);
        check_tokens("a\n\n  b", &["a", "\n\n  ", "b"]);
        check_tokens("über 雨雨", &["über", " 雨雨"]);
        check_tokens("end ", &["end", " "]);
        check_tokens("`x` **y**", &["`", "x", "`", " **", "y", "**"]);
    }

    #[test]
    fn filler_and_thinking_have_the_tokens_asked_for() {
        for count in [0, 1, 11, 12, 13, 1000] {
            assert_eq!(count_tokens(&filler(count)), count);
            assert_eq!(count_tokens(&thinking(count)), count);
        }
    }

    #[test]
    fn a_token_is_due_at_its_own_time_and_not_before() {
        for tokens_per_second in [0.5, 3.0, 50.0, 60.0, 999.0] {
            let pace = Pace::new(&Script {
                first_token_ms: 300,
                tokens_per_second,
                ..Script::default()
            });
            assert_eq!(pace.due(Duration::from_millis(299)), 0);
            for token in [1, 2, 7, 1000] {
                let time = pace.time_of(token);
                assert_eq!(pace.due(time), token);
                assert_eq!(pace.due(time - Duration::from_micros(100)), token - 1);
            }
        }
    }
}
