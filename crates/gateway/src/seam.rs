//! Joins the rest of an answer, written by another call, to what the reader
//! has already: nothing repeated, nothing missing, or a word that it does not
//! fit.
//!
//! The model is shown the answer without its last word ([`cut`]), because no
//! model goes on in the middle of one. What it then writes may go on
//! from there, repeat the last words, or begin anew; all of that is recognised
//! before any of it is shown.

/// How many bytes of the continuation are read before it is decided how it
/// fits.
const DECIDE: usize = 200;
/// The fewest bytes that count as repeated on purpose.
const OVERLAP: usize = 12;
/// The fewest bytes that are joined of a continuation that broke off itself.
const ENOUGH: usize = 48;
/// The same where the model was made to go on exactly, and what looks like a
/// repetition is likely to be the text's own.
const SURE_OVERLAP: usize = 100;
/// How far back a repetition may begin, in bytes.
const OVERLAP_LIMIT: usize = 2_000;
/// The fewest bytes from the answer's beginning that show it was begun anew.
const RESTART: usize = 24;
/// The longest last word that is taken back, in bytes.
const WORD_LIMIT: usize = 40;

/// The part of an unfinished answer that a model is shown: without its last
/// word, of which nobody knows whether it is whole, and without white space at
/// the end, which some providers refuse. (Text without spaces has no words to
/// take back.)
pub(crate) fn cut(written: &str) -> &str {
    let before = written.trim_end_matches(|c: char| !c.is_whitespace());
    let word = written.len() - before.len();
    let end = match word <= WORD_LIMIT && !before.trim_end().is_empty() {
        true => before.len(),
        false => written.len(),
    };
    written[..end].trim_end()
}

/// What is to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fit {
    /// This, behind what is there.
    Text(String),
    /// This, instead of what is there after so many bytes.
    Replace { keep: usize, text: String },
}

/// A seam in the making.
#[derive(Debug)]
pub(crate) struct Seam {
    /// What the reader has.
    written: String,
    /// Whether the model goes on from exactly what it was shown.
    exact: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Not decided yet; what came so far.
    Reading(String),
    /// It began anew and repeats what is there, up to this byte.
    Repeating(usize),
    Joined,
}

impl Seam {
    /// A seam behind this text. `exact` is for a continuation by prefill.
    pub(crate) fn new(written: &str, exact: bool) -> Self {
        Self {
            written: written.to_owned(),
            exact,
            state: State::Reading(String::new()),
        }
    }

    /// Whether everything that comes from here on is simply appended.
    pub(crate) fn is_joined(&self) -> bool {
        matches!(self.state, State::Joined)
    }

    /// Takes more of the continuation.
    pub(crate) fn push(&mut self, text: &str) -> Option<Fit> {
        match &mut self.state {
            State::Joined => Some(Fit::Text(text.to_owned())),
            State::Reading(head) => {
                head.push_str(text);
                if head.len() < DECIDE && !(self.exact && goes_on(&self.written, head)) {
                    return None;
                }
                let head = std::mem::take(head);
                self.decide(&head)
            }
            State::Repeating(_) => self.repeat(text),
        }
    }

    /// The continuation broke off. What came of it is shown where it fits: a
    /// model that never gets far must still get on.
    pub(crate) fn broken(mut self) -> Option<Fit> {
        match &mut self.state {
            State::Reading(head) if head.len() >= ENOUGH => {
                let head = std::mem::take(head);
                let fit = self.decide(&head);
                fit.filter(|fit| matches!(fit, Fit::Text(_)))
            }
            _ => None,
        }
    }

    /// The continuation is over, and the model had said all it wanted or (not
    /// `whole`) was stopped.
    pub(crate) fn finish(&mut self, whole: bool) -> Option<Fit> {
        let mut fit = None;
        if let State::Reading(head) = &mut self.state {
            let head = std::mem::take(head);
            if !head.trim().is_empty() {
                fit = self.decide(&head);
            }
        }
        // Begun anew and ended sooner: the shorter answer is the answer.
        if let State::Repeating(at) = self.state
            && whole
        {
            fit = Some(Fit::Replace {
                keep: at,
                text: String::new(),
            });
        }
        self.state = State::Joined;
        fit
    }

    fn decide(&mut self, head: &str) -> Option<Fit> {
        self.state = State::Joined;
        let said = head.trim_start();
        let written = self.written.as_str();
        let shown = cut(written);
        let gap = &written[shown.len()..];

        // It must not be mistaken for a repetition: songs, lists and programs
        // repeat themselves.
        if self.exact && goes_on(written, said) {
            return text(&said[gap.trim().len()..]);
        }
        let least = match self.exact {
            true => SURE_OVERLAP,
            false => OVERLAP,
        };
        if let Some(rest) = behind_overlap(written, said, least) {
            return text(rest);
        }
        let begun = written.trim_start();
        let same = common(begun, said);
        if same >= RESTART || (same > 0 && same == begun.len()) {
            self.state = State::Repeating(written.len() - begun.len());
            return self.repeat(said);
        }
        // Behind what it was shown, perhaps repeating a part of that.
        let behind = behind_overlap(shown, said, least).unwrap_or(head);
        let next = behind.trim_start();
        let word = gap.trim();
        if word.is_empty() {
            // Asked in words to go on behind a single word, a model leaves out
            // the space.
            if !self.exact && gap.is_empty() && is_one_word(written) && next.starts_with(is_of_word)
            {
                return Some(Fit::Text(format!(" {}", head.trim_start())));
            }
            return text(behind_space(gap, behind));
        }
        match next.strip_prefix(word) {
            Some(rest) => text(rest),
            // The last word is written differently.
            None => {
                let space = &gap[..gap.len() - gap.trim_start().len()];
                Some(Fit::Replace {
                    keep: shown.len(),
                    text: format!("{space}{next}"),
                })
            }
        }
    }

    /// Passes over what is there already.
    fn repeat(&mut self, text: &str) -> Option<Fit> {
        let State::Repeating(at) = &mut self.state else {
            return None;
        };
        let rest = &self.written[*at..];
        let same = common(rest, text);
        *at += same;
        if same == text.len() && same < rest.len() {
            return None;
        }
        let keep = *at;
        self.state = State::Joined;
        match same == rest.len() {
            true => (same < text.len()).then(|| Fit::Text(text[same..].to_owned())),
            false => Some(Fit::Replace {
                keep,
                text: text[same..].to_owned(),
            }),
        }
    }
}

fn text(text: &str) -> Option<Fit> {
    (!text.is_empty()).then(|| Fit::Text(text.to_owned()))
}

/// What follows behind white space that is there already; what more there is
/// of it, such as an indentation, is meant.
fn behind_space<'a>(space: &str, said: &'a str) -> &'a str {
    let starts = space.char_indices().map(|(at, _)| &space[at..]);
    let there = starts.into_iter().find(|end| said.starts_with(end));
    &said[there.map_or(0, str::len)..]
}

/// Whether this begins with the word that the model was not shown the
/// beginning of.
fn goes_on(written: &str, said: &str) -> bool {
    let word = written[cut(written).len()..].trim();
    !word.is_empty() && said.trim_start().starts_with(word)
}

/// Whether this is all of a word, in a script that has spaces.
fn is_one_word(written: &str) -> bool {
    let word = written.trim_start();
    word.len() <= WORD_LIMIT && word.ends_with(is_of_word) && !word.contains(char::is_whitespace)
}

/// Whether this character stands in words that spaces part: not so in
/// Chinese, Japanese, and the scripts from Thai to Khmer.
fn is_of_word(c: char) -> bool {
    let unspaced = matches!(
        c,
        '\u{E00}'..='\u{EFF}'
            | '\u{1000}'..='\u{109F}'
            | '\u{1780}'..='\u{17FF}'
            | '\u{2E80}'..='\u{A4CF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FF00}'..='\u{FFEF}'
            | '\u{20000}'..
    );
    c.is_alphanumeric() && !unspaced
}

/// What follows in `said` behind a repetition of the last words of `written`.
fn behind_overlap<'a>(written: &str, said: &'a str, least: usize) -> Option<&'a str> {
    let longest = said.len().min(written.len()).min(OVERLAP_LIMIT);
    (least..=longest)
        .rev()
        .filter(|&length| {
            said.is_char_boundary(length) && written.is_char_boundary(written.len() - length)
        })
        .find(|&length| {
            let (before, tail) = written.split_at(written.len() - length);
            let begins_word = !before.ends_with(char::is_alphanumeric)
                || !tail.starts_with(char::is_alphanumeric);
            begins_word && said.starts_with(tail)
        })
        .map(|length| &said[length..])
}

/// How many bytes two texts begin with in common.
fn common(a: &str, b: &str) -> usize {
    a.char_indices()
        .zip(b.chars())
        .find(|((_, a), b)| a != b)
        .map_or_else(|| a.len().min(b.len()), |((at, _), _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the reader has in the end, fed in pieces of so many bytes.
    fn joined(written: &str, said: &str, step: usize) -> (String, bool) {
        join(Seam::new(written, false), written, said, step)
    }

    fn join(mut seam: Seam, written: &str, said: &str, step: usize) -> (String, bool) {
        let mut shown = written.to_owned();
        let mut replaced = false;
        let mut apply = |fit: Option<Fit>| match fit {
            None => {}
            Some(Fit::Text(text)) => shown.push_str(&text),
            Some(Fit::Replace { keep, text }) => {
                replaced = true;
                shown.truncate(keep);
                shown.push_str(&text);
            }
        };
        let mut rest = said;
        while !rest.is_empty() {
            let mut at = step.min(rest.len());
            while !rest.is_char_boundary(at) {
                at += 1;
            }
            let (piece, after) = rest.split_at(at);
            apply(seam.push(piece));
            rest = after;
        }
        apply(seam.finish(true));
        (shown, replaced)
    }

    const WHOLE: &str = "The water runs over stone and under the bridge. Then it turns, slowly, \
        towards the sea, past mills and meadows, and nobody hurries it. In spring it is loud and \
        brown; in August it is a thread of silver between the stones, and children cross it dry.";

    #[test]
    fn a_continuation_fits_wherever_the_answer_was_cut() {
        for at in 4..WHOLE.len() {
            let written = &WHOLE[..at];
            let shown = cut(written);
            let rest = &WHOLE[shown.len()..];
            for said in [rest, rest.trim_start()] {
                for step in [1, 7, 1_000] {
                    let (result, replaced) = joined(written, said, step);
                    assert_eq!(result, WHOLE, "cut at {at}, {said:?}");
                    assert!(!replaced, "cut at {at}");
                }
            }
        }
    }

    #[test]
    fn repeated_words_are_trimmed() {
        for at in 60..WHOLE.len() {
            let written = &WHOLE[..at];
            let back = written[..at - 30].rfind(' ').unwrap() + 1;
            let (result, replaced) = joined(written, &WHOLE[back..], 5);
            assert_eq!(result, WHOLE, "cut at {at}");
            assert!(!replaced);
        }
    }

    #[test]
    fn an_answer_begun_anew_is_passed_over_or_replaced() {
        for at in 30..WHOLE.len() {
            let (result, replaced) = joined(&WHOLE[..at], WHOLE, 9);
            assert_eq!((result.as_str(), replaced), (WHOLE, false), "cut at {at}");
        }
        let other = format!("{}elsewhere, in another town.", &WHOLE[..60]);
        let (result, replaced) = joined(&WHOLE[..150], &other, 9);
        assert_eq!((result, replaced), (other, true));
        // The same, but shorter.
        assert_eq!(joined(&WHOLE[..150], &WHOLE[..47], 9).0, &WHOLE[..47]);
    }

    #[test]
    fn a_prefilled_answer_may_repeat_itself() {
        let song = "Row, row, row your boat gently down the stream.\n\n".repeat(6);
        for at in 4..song.len() - 1 {
            let written = &song[..at];
            let said = &song[cut(written).len()..];
            if written.len() > cut(written).len() && !written.ends_with(char::is_whitespace) {
                let result = join(Seam::new(written, true), written, said, 7);
                assert_eq!(result, (song.clone(), false), "cut at {at}");
            }
        }
    }

    #[test]
    fn of_a_continuation_that_broke_off_too_what_fits_is_kept() {
        let broken = |written: &str, said: &str| {
            let mut seam = Seam::new(written, false);
            assert_eq!(seam.push(said), None);
            seam.broken()
        };
        let written = &WHOLE[..30];
        let said = &WHOLE[cut(written).len()..110];
        let rest = WHOLE[30..110].to_owned();
        assert_eq!(broken(written, said), Some(Fit::Text(rest)));
        assert_eq!(broken(written, &said[..20]), None, "too little to tell");
        assert_eq!(
            broken(written, &WHOLE[..60]),
            Some(Fit::Text(WHOLE[30..60].to_owned()))
        );
        assert_eq!(broken(&WHOLE[..80], &WHOLE[..60]), None, "begun anew");
        let other = "Something else entirely, of which nobody knows whether it fits.";
        assert_eq!(broken(&WHOLE[..28], other), None, "the last word differs");
    }

    #[test]
    fn odd_ends_are_kept_or_replaced() {
        for (written, said, expected) in [
            ("a b", "c d", "a c d"),
            ("one two", "three", "one three"),
            ("Line.\n\n", "More.", "Line.\n\nMore."),
            ("Line.\n\n", "\n\nMore.", "Line.\n\nMore."),
            ("Line.", "\n\nMore.", "Line.\n\nMore."),
            ("def f():\n", "\n    return 1", "def f():\n    return 1"),
            ("def f():\n", "    return 1", "def f():\n    return 1"),
            (
                "def compute(x):\n",
                "def compute(x):\n    return",
                "def compute(x):\n    return",
            ),
            ("- one\n", "\n  - two", "- one\n  - two"),
            ("水は石の上を", "流れる。", "水は石の上を流れる。"),
            ("a", "", "a"),
            ("The", "water", "The water"),
            ("The", "There it is.", "There it is."),
            ("The", ", well", "The, well"),
            ("水", "は石", "水は石"),
            ("", "hello", "hello"),
        ] {
            assert_eq!(joined(written, said, 3).0, expected, "{written:?} {said:?}");
        }
        let word = "x".repeat(100);
        assert_eq!(cut(&word), word);
        assert_eq!(cut("the bri"), "the");
        assert_eq!(cut("bri"), "bri");
        assert_eq!(cut("the bridge. "), "the bridge.");
    }
}
