//! Finding watch words in a text: in any case or in theirs, as whole words or
//! as parts.

use protocol::Watch;

/// A place where a word stands, in UTF-16 code units, as the browser counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// Which of the words.
    pub(super) word: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// Finds the words of a [`Watch`].
pub(super) struct Finder {
    words: Vec<Vec<char>>,
    whole: bool,
    case: bool,
}

impl Finder {
    pub(super) fn new(watch: &Watch) -> Self {
        let fold = |word: &String| word.chars().map(|c| fold(c, watch.case)).collect();
        Self {
            words: watch.words.iter().map(fold).collect(),
            whole: watch.whole,
            case: watch.case,
        }
    }

    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// How far a hit can reach beyond its beginning, in UTF-16 code units.
    pub(super) fn reach(&self) -> u32 {
        let longest = self.words.iter().map(Vec::len).max().unwrap_or(0);
        // A folded character may stand for a longer one.
        longest as u32 * 2
    }

    /// All hits in the text, by their beginnings. Hits of one word do not
    /// overlap; a word within another counts for itself.
    pub(super) fn find(&self, text: &str) -> Vec<Hit> {
        let mut chars = Vec::with_capacity(text.len());
        let mut offsets = Vec::with_capacity(text.len() + 1);
        let mut offset = 0;
        for c in text.chars() {
            chars.push(fold(c, self.case));
            offsets.push(offset);
            offset += c.len_utf16() as u32;
        }
        offsets.push(offset);
        let mut free = vec![0; self.words.len()];
        let mut hits = Vec::new();
        for at in 0..chars.len() {
            for (number, word) in self.words.iter().enumerate() {
                let end = at + word.len();
                let is_here = at >= free[number]
                    && word.first() == chars.get(at)
                    && chars[at..].starts_with(word)
                    && (!self.whole || is_apart(&chars, at) && is_apart(&chars, end));
                if is_here {
                    free[number] = end;
                    hits.push(Hit {
                        word: number as u32,
                        start: offsets[at],
                        end: offsets[end],
                    });
                }
            }
        }
        hits
    }
}

/// Whether no word goes on across this place.
fn is_apart(chars: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| chars.get(at));
    match (before, chars.get(at)) {
        (Some(&before), Some(&after)) => !is_of_word(before) || !is_of_word(after),
        _ => true,
    }
}

/// Whether words are made of it: letters, digits and what is set above them,
/// but for scripts that put no spaces between words.
fn is_of_word(c: char) -> bool {
    let is_mark = matches!(c, '\u{300}'..='\u{36f}' | '_');
    (c.is_alphanumeric() || is_mark) && !is_unspaced(c)
}

/// Thai, Lao, Burmese, Khmer, Chinese, Japanese, and Korean, where what is set
/// behind a word is written to it.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{31ff}'
        | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9d}'
        | '\u{20000}'..='\u{3ffff}')
}

/// A character as it is compared: white space is all alike, and so are the
/// cases unless they must match.
fn fold(c: char, case: bool) -> char {
    if c.is_whitespace() {
        return ' ';
    }
    if case || c.is_ascii_lowercase() {
        return c;
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        // At the end of a word the same letter has another form.
        (Some('ς'), None) => 'σ',
        (Some(lower), None) => lower,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[&str], whole: bool, case: bool, text: &str) -> Vec<String> {
        let finder = Finder::new(&Watch {
            words: words.iter().map(|&word| word.to_owned()).collect(),
            whole,
            case,
        });
        let units: Vec<u16> = text.encode_utf16().collect();
        let cut = |hit: &Hit| String::from_utf16(&units[hit.start as usize..hit.end as usize]);
        let hits = finder.find(text);
        hits.iter().map(|hit| cut(hit).unwrap()).collect()
    }

    #[test]
    fn parts_and_whole_words() {
        let text = "Water, waterfall, under water; wa_ter, water2.";
        assert_eq!(found(&["water"], false, false, text).len(), 4);
        assert_eq!(found(&["water"], true, false, text), ["Water", "water"]);
        assert_eq!(found(&["water"], true, true, text), ["water"]);
        assert_eq!(
            found(&["C++"], true, false, "C++ and c++11"),
            ["C++", "c++"]
        );
    }

    #[test]
    fn any_case_in_any_script() {
        assert_eq!(found(&["fluß"], true, false, "FLUẞ Fluß"), ["FLUẞ", "Fluß"]);
        assert_eq!(found(&["ΟΔΟΣ"], true, false, "οδος"), ["οδος"]);
        assert_eq!(found(&["река"], true, false, "Река, реками"), ["Река"]);
        assert_eq!(found(&["cafe"], true, false, "cafe\u{301} cafe"), ["cafe"]);
    }

    #[test]
    fn scripts_without_spaces_have_no_boundaries() {
        assert_eq!(
            found(&["東京"], true, false, "東京都と東京"),
            ["東京", "東京"]
        );
        assert_eq!(found(&["Rust"], true, false, "言語Rustは速い"), ["Rust"]);
        assert_eq!(found(&["서울"], true, false, "서울에서"), ["서울"]);
    }

    #[test]
    fn places_are_counted_as_the_browser_counts() {
        let finder = Finder::new(&Watch {
            words: vec!["b".into()],
            ..Watch::default()
        });
        let hits = finder.find("😀é b");
        assert_eq!((hits[0].start, hits[0].end), (4, 5));
    }

    #[test]
    fn a_line_end_is_a_space_and_a_word_does_not_overlap_itself() {
        assert_eq!(
            found(&["new york"], true, false, "New\nYork"),
            ["New\nYork"]
        );
        assert_eq!(found(&["aa"], false, false, "aaaaa").len(), 2);
        let both = found(&["water", "fall"], false, false, "waterfall");
        assert_eq!(both, ["water", "fall"]);
    }
}
