//! How hard a request looks, from its text alone: what `auto` weighs before it
//! pays for a strong model.
//!
//! The score is a weighted sum of the [`Sign`]s below, each a property that any
//! request may have: how long it is, how many sentences, conditions,
//! comparisons, steps and claims it holds, whether it is code or formulas. None
//! looks for a subject or for the wording of a test.
//!
//! Most weights come from questions that a weak and a strong model had both
//! answered: a ridge regression of the strong one's being right less the weak
//! one's, in which signs that should only make a question harder were kept from
//! going below zero. The weights are for the signs as they are measured here,
//! rounded. One part of the questions was held out and played no role in this.
//! Which signs to keep was decided within the other part by leaving out whole
//! subjects in turn: words of subjects (law, physics, …) did well on the
//! subjects they were fitted to and worse than mere length on others, so there
//! are none. How good the score is, on both parts:
//!
//! ```text
//! cargo xtask bench routing
//! ```
//!
//! What it cannot see: the words are English, so other languages are judged by
//! length and shape, and a short question that is hard looks easy ("Is P equal
//! to NP?"). It is a hint.

use std::{collections::HashMap, sync::LazyLock};

/// How hard a request looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difficulty {
    /// From 0, a greeting, to 1; about 0.5 in the middle of ordinary requests.
    pub score: f32,
    signs: Signs,
}

/// How hard a text looks, from 0 to 1; see [`Difficulty::score`].
#[must_use]
pub fn difficulty(text: &str) -> f32 {
    Difficulty::of(text).score
}

impl Difficulty {
    /// Looks at a text: all of it up to 3 KB, else its first and last 1.5 KB,
    /// with the length of the whole. So no text takes long.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let signs = Signs::of(text);
        let sum: f32 = WEIGHTS
            .iter()
            .map(|&(sign, weight)| weight * signs.get(sign))
            .sum();
        Self {
            score: 1.0 / (1.0 + (-STEEPNESS * (sum - MIDDLE)).exp()),
            signs,
        }
    }

    /// What was noticed, for people: "short question, no code".
    #[must_use]
    pub fn words(&self) -> String {
        let signs = &self.signs;
        let noticed = |sign, at_least| signs.get(sign) >= at_least;
        let length = signs.get(Sign::Length).exp2() - 1.0;
        let mut words = vec![match length {
            ..40.0 => "short question",
            40.0..200.0 => "medium length",
            _ => "long request",
        }];
        let notable = [
            (noticed(Sign::Code, 1.0), "code"),
            (noticed(Sign::Formulas, 1.0), "formulas"),
            (noticed(Sign::Order, 1.4), "several steps"),
            (noticed(Sign::Conditions, 1.4), "several conditions"),
            (noticed(Sign::Comparisons, 1.4), "comparisons"),
            (noticed(Sign::Claims, 1.4), "claims to judge"),
            (noticed(Sign::OpenTask, 1.0), "asks for reasons or a plan"),
        ];
        words.extend(notable.iter().filter(|it| it.0).map(|it| it.1));
        if words.len() == 1 {
            words.push("no code");
        }
        words.join(", ")
    }
}

/// What is noticed about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// Words, as a logarithm to base 2.
    Length,
    /// As a logarithm; items of a list are no sentences.
    Sentences,
    /// Opening brackets, as a logarithm: asides, terms, calls.
    Brackets,
    /// Whether there are numbers such as 2.5, in which both models slip; in
    /// talk of code they are versions.
    Decimals,
    /// The share of a list's items that are bare numbers.
    NumberItems,
    /// The share of a list's items that are two to four words.
    ShortItems,
    // How often words of the lists below occur, as a root.
    Conditions,
    Comparisons,
    Changes,
    Order,
    Claims,
    OpenTask,
    /// Marks and words of programs.
    Code,
    /// Marks of formulas.
    Formulas,
}

const SIGNS: usize = Sign::Formulas as usize + 1;

/// What each sign adds to what a strong model gains: the chance that it is
/// right, less the chance that a weak one is.
const WEIGHTS: [(Sign, f32); SIGNS] = [
    (Sign::Length, 0.015),
    (Sign::Sentences, 0.02),
    (Sign::Brackets, 0.02),
    (Sign::Decimals, -0.1),
    (Sign::NumberItems, -0.08),
    (Sign::ShortItems, 0.025),
    (Sign::Conditions, 0.01),
    (Sign::Comparisons, 0.015),
    (Sign::Changes, 0.04),
    (Sign::Order, 0.02),
    (Sign::Claims, 0.06),
    // By hand, as are length and conditions: the questions hold hardly any of
    // the three, and sentences stand for length in most of them.
    (Sign::OpenTask, 0.05),
    (Sign::Code, 0.05),
    (Sign::Formulas, 0.06),
];

/// The sum that scores 0.5, and how fast the score leaves it.
const MIDDLE: f32 = 0.12;
const STEEPNESS: f32 = 20.0;

/// Words that count towards a sign; each stands in one list only.
const LISTS: [(Sign, &str); 7] = [
    (
        Sign::Conditions,
        "if unless suppose assume assuming whether would could provided otherwise either \
         therefore hence thus because implies imply conclude conclusion premise premises valid \
         argument follows fallacy contradiction",
    ),
    (
        Sign::Comparisons,
        "more less than fewer greater larger smaller older younger longer shorter taller faster \
         slower same both between",
    ),
    (
        Sign::Changes,
        "increase increases increased decrease decreases decreased rise rises fall falls change \
         changes shift higher lower double doubles",
    ),
    (
        Sign::Order,
        "first next before after finally until while during then second last now",
    ),
    (
        Sign::Claims,
        "statement statements true false claim claims case",
    ),
    (
        Sign::OpenTask,
        "why explain justify prove proof derive analyse analyze debug refactor implement optimise \
         optimize design architect architecture investigate diagnose plan tradeoffs rewrite",
    ),
    (
        Sign::Code,
        "bug compiler compile compiles segfault stacktrace traceback exception python javascript \
         typescript rust java sql regex html css api json async mutex deadlock",
    ),
];

static LISTED: LazyLock<HashMap<&'static str, Sign>> = LazyLock::new(|| {
    let words = LISTS.iter();
    let words = words.flat_map(|&(sign, list)| list.split_whitespace().map(move |it| (it, sign)));
    words.collect()
});

/// The longest word in the lists.
const LONGEST: usize = 13;

/// How much is looked at at either end of a long text.
const END: usize = 1_536;

/// A value for each sign, 0 where there is nothing of it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Signs([f32; SIGNS]);

impl Signs {
    fn of(text: &str) -> Self {
        let mut counts = Counts::default();
        let mut seen = text.len();
        if text.len() <= 2 * END {
            counts.add(text);
        } else {
            let (first, last) = (text.floor_char_boundary(END), text.len() - END);
            let last = text.ceil_char_boundary(last);
            counts.add(&text[..first]);
            counts.add(&text[last..]);
            seen = first + text.len() - last;
        }
        counts.signs(text.len() as f32 / seen.max(1) as f32)
    }

    fn get(&self, sign: Sign) -> f32 {
        self.0[sign as usize]
    }

    fn set(&mut self, sign: Sign, value: f32) {
        self.0[sign as usize] = value;
    }
}

/// What is counted while reading.
#[derive(Default)]
struct Counts {
    words: f32,
    sentences: u32,
    brackets: u32,
    decimals: u32,
    code_marks: u32,
    formula_marks: u32,
    items: u32,
    number_items: u32,
    short_items: u32,
    listed: [u32; SIGNS],
}

impl Counts {
    fn add(&mut self, text: &str) {
        for line in text.lines() {
            self.line(line);
        }
    }

    fn line(&mut self, line: &str) {
        let item = item(line);
        let (mut words, mut digits) = (0, false);
        for chunk in item.unwrap_or(line).split_whitespace() {
            words += 1;
            digits |= chunk.bytes().any(|it| it.is_ascii_digit());
            self.chunk(chunk, item.is_some());
        }
        self.words += words as f32;
        if item.is_some() {
            // Its mark is a word as well.
            self.words += 1.0;
            self.items += 1;
            let number = digits && words <= 3;
            self.number_items += u32::from(number);
            self.short_items += u32::from(!number && (2..=4).contains(&words));
        }
        let end = line.trim_end();
        self.code_marks += u32::from(end.ends_with([';', '{', '}']));
    }

    /// Reads what stands between two spaces.
    fn chunk(&mut self, chunk: &str, in_item: bool) {
        let bytes = chunk.as_bytes();
        if !in_item {
            self.sentences += u32::from(chunk.ends_with(['.', '!', '?', '。', '！', '？']));
        }
        for run in bytes.chunk_by(|a, b| a.is_ascii_alphabetic() == b.is_ascii_alphabetic()) {
            if run[0].is_ascii_alphabetic() {
                self.word(run);
            }
        }
        let wide = chunk.chars().filter(|&it| it >= '\u{2e80}').count();
        if wide > 1 {
            // Scripts without spaces take about two characters for a word.
            self.words += wide as f32 / 2.0;
        }
        for (at, &byte) in bytes.iter().enumerate() {
            if byte.is_ascii_alphanumeric() {
                continue;
            }
            let before = at.checked_sub(1).map(|it| bytes[it]);
            let after = bytes.get(at + 1);
            let digits = [before.as_ref(), after].map(|it| it.is_some_and(u8::is_ascii_digit));
            match (byte, after) {
                (b'.', _) if digits == [true, true] && !in_item => self.decimals += 1,
                (b'(', Some(b')')) => self.code_marks += 1,
                (b'(', _) => self.brackets += 1,
                (b'`', Some(b'`')) | (b'=', Some(b'=' | b'>')) => self.code_marks += 1,
                (b':', Some(b':')) | (b'-', Some(b'>')) => self.code_marks += 1,
                (b'\\', Some(_)) => self.formula_marks += 1,
                (b'$', Some(b'$')) => self.formula_marks += 1,
                _ => {}
            }
        }
        let symbols = chunk.chars().filter(|it| "∫∑∏√∂∇∀∃∞≤≥≠∈".contains(*it));
        self.formula_marks += symbols.count() as u32;
    }

    fn word(&mut self, word: &[u8]) {
        let mut lower = [0; LONGEST];
        let Some(lower) = lower.get_mut(..word.len()) else {
            return;
        };
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        let listed = str::from_utf8(lower).ok().and_then(|it| LISTED.get(it));
        if let Some(&sign) = listed {
            self.listed[sign as usize] += 1;
        }
    }

    /// `times` as much text as was read is there.
    fn signs(&self, times: f32) -> Signs {
        let mut signs = Signs([0.0; SIGNS]);
        for (sign, _) in LISTS {
            signs.set(sign, root(self.listed[sign as usize]));
        }
        let length = (self.words * times + 1.0).log2().min(8.0);
        signs.set(Sign::Length, length);
        signs.set(Sign::Sentences, logarithm(self.sentences.clamp(1, 63)));
        signs.set(Sign::Brackets, logarithm(self.brackets.min(15)));
        let items = self.items.max(1) as f32;
        signs.set(Sign::NumberItems, self.number_items as f32 / items);
        signs.set(Sign::ShortItems, self.short_items as f32 / items);
        let code = self.listed[Sign::Code as usize] + self.code_marks;
        signs.set(Sign::Code, root(code));
        let decimals = self.decimals > 0 && code == 0;
        signs.set(Sign::Decimals, f32::from(decimals));
        signs.set(Sign::Formulas, root(self.formula_marks));
        signs
    }
}

/// The text of a line that is an item of a list: `- …`, `2. …`, `B) …`.
fn item(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let (mark, text) = line.split_once(char::is_whitespace)?;
    let is_mark = match mark.as_bytes() {
        b"-" | b"*" => true,
        [name @ .., b'.' | b')'] => {
            (1..=2).contains(&name.len()) && name.iter().all(u8::is_ascii_alphanumeric)
        }
        _ => mark == "•",
    };
    is_mark.then_some(text)
}

fn logarithm(count: u32) -> f32 {
    (count as f32 + 1.0).log2()
}

/// The first few matter most, and more than four no more.
fn root(count: u32) -> f32 {
    (count.min(4) as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EASY: [&str; 8] = [
        "",
        "hi",
        "Thanks!",
        "Hello, how are you today?",
        "What is the capital of France?",
        "Translate 'good morning' to Spanish.",
        "How do I boil an egg?",
        "你好",
    ];

    const HARD: [&str; 5] = [
        "A train leaves at 9:00 at 60 km/h. A second one leaves an hour later at 90 km/h. When \
         does the second overtake the first, and how far have both travelled by then? If the \
         first then slows down to half its speed, how much sooner would it be?",
        "Why does this deadlock?\n```rust\nlet a = m.lock().unwrap();\nlet b = \
         m.lock().unwrap();\n```",
        "Refactor this to be async, then explain the trade-offs. If a request fails it should be \
         retried twice before it gives up.\n\nfunction get(url) {\n  return \
         fetch(url).json();\n}",
        "Prove that if $$f$$ is continuous on [a,b] then \\(\\int_a^b f\\) exists. Name every \
         lemma that you use.",
        "Statement 1: every bounded sequence converges. Statement 2: every convergent sequence is \
         bounded. Which is true, and which is false?",
    ];

    #[test]
    fn small_talk_and_facts_score_below_work() {
        for easy in EASY {
            assert!(difficulty(easy) < 0.4, "{easy}: {}", difficulty(easy));
        }
        for hard in HARD {
            assert!(difficulty(hard) > 0.6, "{hard}: {}", difficulty(hard));
        }
    }

    #[test]
    fn more_steps_are_harder() {
        let one = "Ada has 3 apples and buys 5 more.";
        let two = format!("{one} Then she gives half of them to Ben.");
        let three = format!("{two} If Ben had twice as many before, how many has he now?");
        let scores = [one, &two, &three].map(difficulty);
        assert!(scores.is_sorted_by(|a, b| a < b), "{scores:?}");
    }

    #[test]
    fn tells_in_words_what_it_noticed() {
        let check = |text, words| assert_eq!(Difficulty::of(text).words(), words);
        check("What is the capital of France?", "short question, no code");
        check(HARD[1], "short question, code, asks for reasons or a plan");
        check(HARD[4], "short question, claims to judge");
        check(&"One more word. ".repeat(100), "long request, comparisons");
    }

    #[test]
    fn any_text_has_a_score() {
        let pieces = [
            "",
            " ",
            "\n",
            "\0",
            "é",
            "👩‍👩‍👧",
            "中文",
            "1.5",
            ".",
            "(",
            "A. ",
            "- ",
            "- 7\n",
            "``",
            "\\",
            "$$",
            "=",
            "If",
            "\u{301}",
            "averyveryverylongword",
            "?!",
            "\r\n",
            "∫",
            "::",
        ];
        // Numbers that look random and are the same each time.
        let mut state = 1_u32;
        for pieces_long in (0..400).chain([5_000, 20_000]) {
            let text: String = (0..pieces_long)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    pieces[(state >> 16) as usize % pieces.len()]
                })
                .collect();
            let score = difficulty(&text);
            assert!((0.0..=1.0).contains(&score), "{score} for {text:?}");
            assert!(!Difficulty::of(&text).words().is_empty());
        }
    }

    #[test]
    fn long_texts_are_judged_by_their_ends() {
        let filler = "wörter ".repeat(3 * END);
        let ends = [format!("{filler}Prove it."), format!("Prove it. {filler}")];
        for text in ends {
            assert!(difficulty(&text) > difficulty(&filler), "{}", &text[..9]);
        }
        let middle = format!("{filler}Prove it. {filler}");
        assert_eq!(difficulty(&middle), difficulty(&filler));
        assert!(difficulty(&filler) > difficulty("wörter wörter"));
    }

    #[test]
    fn every_listed_word_can_be_found() {
        let words = LISTS.map(|it| it.1.split_whitespace().count());
        assert_eq!(LISTED.len(), words.iter().sum::<usize>(), "a word is twice");
        let longest = LISTED.keys().map(|it| it.len()).max();
        assert_eq!(longest, Some(LONGEST));
        for (at, (sign, _)) in WEIGHTS.iter().enumerate() {
            assert_eq!(*sign as usize, at);
        }
    }
}
