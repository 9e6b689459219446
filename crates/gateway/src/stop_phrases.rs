//! Ends a text at a phrase: what a reader steers an answer by, and the stop
//! sequences of models that do not take any.

/// A text that comes in pieces, and ends where the first of some phrases is
/// complete, however it is split over them. Every byte is looked at once for
/// each phrase.
#[derive(Debug)]
pub struct StopPhrases {
    phrases: Vec<Phrase>,
    /// Whether the phrase stays in the text.
    keep: bool,
    /// All that came, what is held back included.
    text: String,
    /// How much of it is shown.
    shown: usize,
}

/// What becomes of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// How many bytes of what is shown stay; `None` where all of it does.
    pub keep: Option<usize>,
    /// What is shown behind them.
    pub text: String,
    /// The phrase that ends the text here.
    pub met: Option<Met>,
}

/// A phrase that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// The phrase.
    pub phrase: String,
    /// Where it begins, in characters of the text.
    pub at: usize,
}

/// A phrase and how much of it the text ends with: a search by Knuth, Morris
/// and Pratt.
#[derive(Debug)]
struct Phrase {
    words: String,
    /// For each beginning of it, of one byte and more, how long the longest
    /// shorter one is that this ends with.
    borders: Vec<usize>,
    matched: usize,
}

impl StopPhrases {
    /// A text that ends at the first of these; `None` where there is nothing
    /// to stop at. Of a phrase that is to go, nothing is shown before it is
    /// known that it is none; where `keep`, nothing waits.
    #[must_use]
    pub fn new(phrases: &[String], keep: bool) -> Option<Self> {
        let phrases = phrases.iter().filter(|it| !it.is_empty());
        let mut phrases: Vec<_> = phrases.map(|it| Phrase::new(it)).collect();
        // Of those that are complete with the same byte, the last counts.
        phrases.sort_by_key(|phrase| phrase.words.len());
        (!phrases.is_empty()).then_some(Self {
            phrases,
            keep,
            text: String::new(),
            shown: 0,
        })
    }

    /// Begins with a text that is shown already. A phrase may begin in it; one
    /// that is complete in it is passed over.
    #[must_use]
    pub fn after(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self.shown = text.len();
        self.look_back();
        self
    }

    /// Takes more of the text.
    pub fn push(&mut self, more: &str) -> Shown {
        let shown = self.shown;
        self.take(more, shown)
    }

    /// Takes what follows the first `keep` bytes of the text, in place of what
    /// is there.
    pub fn replace(&mut self, keep: usize, more: &str) -> Shown {
        let shown = self.shown;
        self.text.truncate(self.text.floor_char_boundary(keep));
        self.shown = shown.min(self.text.len());
        self.look_back();
        self.take(more, shown)
    }

    /// Takes what follows the first `keep` characters of the text.
    pub fn replace_characters(&mut self, keep: usize, more: &str) -> Shown {
        let end = self.text.char_indices().nth(keep);
        let keep = end.map_or(self.text.len(), |(at, _)| at);
        self.replace(keep, more)
    }

    /// How many characters so many bytes of the text are.
    #[must_use]
    pub fn characters(&self, bytes: usize) -> usize {
        self.text[..self.text.floor_char_boundary(bytes)]
            .chars()
            .count()
    }

    /// What was held back, when the text has ended without a phrase.
    pub fn finish(&mut self) -> String {
        let rest = self.text[self.shown..].to_owned();
        self.shown = self.text.len();
        rest
    }

    /// Takes more, where so many bytes had been shown before.
    fn take(&mut self, more: &str, before: usize) -> Shown {
        let found = more
            .bytes()
            .enumerate()
            .find_map(|(at, byte)| Some((at + 1, self.step(byte)?)));
        let met = match found {
            None => {
                self.text.push_str(more);
                None
            }
            Some((end, at)) => {
                self.text.push_str(&more[..end]);
                let phrase = self.phrases[at].words.clone();
                let start = self.text.len() - phrase.len();
                let at = self.text[..start].chars().count();
                if !self.keep {
                    self.text.truncate(start);
                }
                Some(Met { phrase, at })
            }
        };
        let whole = self.text.len();
        let end = match met.is_some() || self.keep {
            true => whole,
            // What is shown is taken back only for a phrase that is one.
            false => (whole - self.open()).max(self.shown),
        };
        let from = self.shown.min(end);
        self.shown = end;
        Shown {
            keep: (from < before).then_some(from),
            text: self.text[from..end].to_owned(),
            met,
        }
    }

    /// The phrase that is complete with this byte: the longest, of several.
    fn step(&mut self, byte: u8) -> Option<usize> {
        let mut met = None;
        for (at, phrase) in self.phrases.iter_mut().enumerate() {
            if phrase.step(byte) {
                met = Some(at);
            }
        }
        met
    }

    /// How many bytes at the text's end may be the beginning of a phrase.
    fn open(&self) -> usize {
        let matched = self.phrases.iter().map(|phrase| phrase.matched);
        matched.max().unwrap_or(0)
    }

    /// Looks at the end of the text that there is, in which a phrase may have
    /// begun.
    fn look_back(&mut self) {
        for phrase in &mut self.phrases {
            phrase.matched = 0;
            let end = self.text.len().saturating_sub(phrase.words.len());
            for byte in self.text.bytes().skip(end) {
                if phrase.step(byte) {
                    phrase.matched = 0;
                }
            }
        }
    }
}

impl Phrase {
    fn new(words: &str) -> Self {
        let mut borders: Vec<usize> = Vec::with_capacity(words.len());
        for (at, byte) in words.bytes().enumerate() {
            let border = match at {
                0 => 0,
                at => longer(words.as_bytes(), &borders, borders[at - 1], byte),
            };
            borders.push(border);
        }
        Self {
            words: words.to_owned(),
            borders,
            matched: 0,
        }
    }

    /// Takes a byte. Whether the phrase is complete with it.
    fn step(&mut self, byte: u8) -> bool {
        let words = self.words.as_bytes();
        let matched = match self.matched == words.len() {
            true => self.borders[self.matched - 1],
            false => self.matched,
        };
        self.matched = longer(words, &self.borders, matched, byte);
        self.matched == words.len()
    }
}

/// The longest beginning of the words that a text ends with, which ended with
/// `matched` bytes of them, behind one more byte.
fn longer(words: &[u8], borders: &[usize], mut matched: usize, byte: u8) -> usize {
    while words[matched] != byte {
        if matched == 0 {
            return 0;
        }
        matched = borders[matched - 1];
    }
    matched + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(phrases: &[&str]) -> Vec<String> {
        phrases.iter().map(|&it| it.to_owned()).collect()
    }

    /// What is shown of a text that comes in pieces of so many characters, and
    /// the phrase that ended it.
    fn read(mut stop: StopPhrases, text: &str, step: usize) -> (String, Option<Met>) {
        let mut all = String::new();
        for piece in text.chars().collect::<Vec<_>>().chunks(step) {
            let shown = stop.push(&piece.iter().collect::<String>());
            apply(&mut all, &shown);
            if shown.met.is_some() {
                return (all, shown.met);
            }
        }
        all.push_str(&stop.finish());
        (all, None)
    }

    fn apply(all: &mut String, shown: &Shown) {
        all.truncate(shown.keep.unwrap_or(all.len()));
        all.push_str(&shown.text);
    }

    #[test]
    fn a_text_ends_at_the_first_phrase_to_be_complete_however_it_comes() {
        for (phrases, text, before, met) in [
            (&["END"][..], "one ENDless EN", "one ", Some(("END", 4))),
            (&["END"], "one EN two E", "one EN two E", None),
            (&["\n\n", "b"], "a\n\nb", "a", Some(("\n\n", 1))),
            (&["ää"], "xäyää", "xäy", Some(("ää", 3))),
            (&["aab"], "aaaab", "aa", Some(("aab", 2))),
            (&["abcd", "bc"], "abcd", "a", Some(("bc", 1))),
            (&["bc", "abc"], "xabc", "x", Some(("abc", 1))),
            (&["abab"], "abaabab.", "aba", Some(("abab", 3))),
            (&["END"], "END", "", Some(("END", 0))),
            (&["", "終"], "それは終わり", "それは", Some(("終", 3))),
        ] {
            for step in 1..6 {
                for keep in [false, true] {
                    let stop = StopPhrases::new(&owned(phrases), keep).unwrap();
                    let (all, found) = read(stop, text, step);
                    let phrase = met.map_or("", |(phrase, _)| phrase);
                    let whole = if keep { phrase } else { "" };
                    assert_eq!(all, format!("{before}{whole}"), "{text} by {step}");
                    let found = found.as_ref().map(|met| (met.phrase.as_str(), met.at));
                    assert_eq!(found, met, "{text} by {step}");
                }
            }
        }
        assert!(StopPhrases::new(&[String::new()], false).is_none());
    }

    #[test]
    fn only_what_may_begin_a_phrase_waits_and_nothing_where_the_phrase_stays() {
        let pieces = ["one E", "N", "D", "E", "X"];
        let shown = |keep| {
            let mut stop = StopPhrases::new(&owned(&["ENDE."]), keep).unwrap();
            pieces.map(|piece| stop.push(piece).text)
        };
        assert_eq!(shown(false), ["one ", "", "", "", "ENDEX"]);
        assert_eq!(shown(true), pieces);
    }

    #[test]
    fn what_is_replaced_is_looked_at_again() {
        let stop = || StopPhrases::new(&owned(&["END"]), false).unwrap();
        let told = |keep: Option<usize>, text: &str, met: Option<usize>| Shown {
            keep,
            text: text.to_owned(),
            met: met.map(|at| Met {
                phrase: "END".to_owned(),
                at,
            }),
        };
        let mut held = stop();
        assert_eq!(held.push("one EN"), told(None, "one ", None));
        // What was held back was never shown, so that nothing is taken back.
        assert_eq!(held.replace(5, "X"), told(None, "EX", None));
        let mut held = stop();
        held.push("one EN");
        assert_eq!(held.replace(6, "D"), told(None, "", Some(4)));
        // What is kept becomes the beginning of a phrase.
        let mut shown = stop();
        shown.push("ä ENX");
        assert_eq!(shown.replace(5, "T"), told(Some(5), "T", None));
        let mut shown = stop();
        shown.push("ä ENX");
        assert_eq!(
            shown.replace_characters(4, "Ds"),
            told(Some(3), "", Some(2))
        );
        assert_eq!(shown.characters(3), 2);
    }

    #[test]
    fn a_phrase_may_begin_in_what_was_there() {
        let after = |text: &str| {
            StopPhrases::new(&owned(&["END"]), false)
                .unwrap()
                .after(text)
        };
        let (mut all, mut stop) = ("one EN".to_owned(), after("one EN"));
        let shown = stop.push("D two");
        apply(&mut all, &shown);
        assert_eq!((all.as_str(), shown.met.map(|it| it.at)), ("one ", Some(4)));
        // It ended at this one, and was asked to go on.
        let mut stop = after("one END");
        assert_eq!(stop.push(" two").text, " two");
        assert_eq!(stop.push(" END").met.map(|it| it.at), Some(12));
    }

    #[test]
    fn the_effort_does_not_grow_with_what_came() {
        let phrases = vec!["a".repeat(199) + "b"; 16];
        let mut stop = StopPhrases::new(&phrases, false).unwrap();
        let shown: usize = (0..200_000).map(|_| stop.push("a").text.len()).sum();
        assert_eq!(shown + stop.finish().len(), 200_000);
    }
}
