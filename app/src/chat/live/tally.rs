//! Counting a growing text without reading it again.

/// What a text has, as far as it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    bytes: usize,
    /// Characters: Unicode scalar values.
    pub(super) characters: u64,
    /// Words, split at white space.
    pub(super) words: u64,
    in_word: bool,
}

impl Tally {
    /// Reads on to the end of this text, of which the beginning was read. One
    /// that has become shorter is read from the beginning.
    pub(super) fn read(&mut self, text: &str) {
        let rest = text.get(self.bytes..).unwrap_or_else(|| {
            *self = Self::default();
            text
        });
        for c in rest.chars() {
            let is_word = !c.is_whitespace();
            self.words += u64::from(is_word && !self.in_word);
            self.in_word = is_word;
            self.characters += 1;
        }
        self.bytes = text.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_count_as_the_whole_does() {
        let text = "Zwei  Wörter,\nund 😀 drei\u{a0}mehr. ";
        for piece in 1..8 {
            let mut tally = Tally::default();
            let mut until = 0;
            while until < text.len() {
                until = (until + piece..=text.len())
                    .find(|at| text.is_char_boundary(*at))
                    .unwrap_or(text.len());
                tally.read(&text[..until]);
            }
            assert_eq!(tally.characters, text.chars().count() as u64);
            assert_eq!(tally.words, text.split_whitespace().count() as u64);
        }
        let mut tally = Tally::default();
        tally.read(text);
        tally.read("one two");
        assert_eq!((tally.words, tally.characters), (2, 7));
    }
}
