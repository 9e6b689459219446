//! Taking text apart into the words by which it is found.
//!
//! The index, the search and the marks in an excerpt all go by this one
//! function, so that what is found is always what is marked.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A word in a text, or a sign of a script that does not part its words.
#[derive(Debug)]
pub(crate) struct Word<'a> {
    /// The word as it is compared: without regard to capitals, accents and
    /// forms that look alike. It consists of letters, digits and marks.
    pub(crate) folded: &'a str,
    /// Where it is in the text.
    pub(crate) place: Range<usize>,
    /// Whether it is a sign, which is all there is of it.
    pub(crate) sign: bool,
}

/// The longest word, in bytes when folded; what is longer is compared by its
/// beginning. Longer ones are no words but data.
const LONGEST: usize = 128;

/// Tells all words of a text in order.
pub(crate) fn take_apart(text: &str, mut found: impl FnMut(Word<'_>)) {
    let mut word = String::new();
    let mut begin = 0;
    let mut end = 0;
    let mut sign = String::with_capacity(4);
    let mut rest = text.char_indices().peekable();
    while let Some((at, first)) = rest.next() {
        let mut after = at + first.len_utf8();
        let is_sign = is_sign(first);
        // A mark that is a sign by itself stays one after anything else.
        let belongs = |next| joins(next) && (is_sign || !self::is_sign(next));
        while let Some((place, mark)) = rest.next_if(|&(_, next)| belongs(next)) {
            after = place + mark.len_utf8();
        }
        let goes_on = !is_sign && is_letter(first);
        if !goes_on && !word.is_empty() {
            found(Word {
                folded: &word,
                place: begin..end,
                sign: false,
            });
            word.clear();
        }
        if goes_on {
            if word.is_empty() {
                begin = at;
            }
            end = after;
            fold(&text[at..after], &mut word);
        } else if is_sign {
            // Composed, because a sign may come in several pieces.
            for part in text[at..after].nfkc().filter(|&part| is_part(part)) {
                sign.clear();
                sign.extend(part.to_lowercase());
                found(Word {
                    folded: &sign,
                    place: at..after,
                    sign: true,
                });
            }
        }
    }
    if !word.is_empty() {
        found(Word {
            folded: &word,
            place: begin..end,
            sign: false,
        });
    }
}

/// Appends a letter and its marks, folded.
fn fold(letter: &str, word: &mut String) {
    let mut append = |folded: char| {
        if word.len() + folded.len_utf8() <= LONGEST {
            word.push(folded);
        }
    };
    if letter.is_ascii() {
        letter
            .chars()
            .for_each(|letter| append(letter.to_ascii_lowercase()));
        return;
    }
    letter
        .nfkd()
        .flat_map(char::to_lowercase)
        .map(|folded| if folded == 'ς' { 'σ' } else { folded })
        .filter(|&folded| is_letter(folded) && !is_accent(folded))
        .for_each(append);
}

fn is_letter(sign: char) -> bool {
    sign.is_ascii_alphanumeric()
        || (!sign.is_ascii() && (sign.is_alphanumeric() || is_combining_mark(sign)))
}

/// Whether a piece of a composed sign says something by itself.
fn is_part(part: char) -> bool {
    (is_sign(part) || is_letter(part)) && !is_selector(part)
}

/// Whether it belongs to the sign before it, whatever that is.
fn joins(sign: char) -> bool {
    match sign {
        '\0'..='\u{ac}' => false,
        // A soft hyphen, and what joins or parts letters within a word.
        '\u{ad}' | '\u{200c}' | '\u{200d}' => true,
        // Vowels and finals of Hangul syllables, and half-width sound marks.
        '\u{1160}'..='\u{11ff}' | '\u{ff9e}' | '\u{ff9f}' => true,
        _ => is_combining_mark(sign),
    }
}

/// Whether it only tells which form of a sign to draw.
fn is_selector(sign: char) -> bool {
    matches!(sign, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether words are found without regard to it: accents, the vowel points of
/// Hebrew and Arabic, and what goes around signs. Other scripts have marks
/// that make another word.
fn is_accent(mark: char) -> bool {
    matches!(mark,
        '\u{300}'..='\u{36f}'
        | '\u{483}'..='\u{489}'
        | '\u{591}'..='\u{5bd}' | '\u{5bf}'..='\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}'
    ) || is_selector(mark)
}

/// Whether it is found by itself, and not as part of a word: signs of scripts
/// that do not part words by spaces, or whose words take endings that nobody
/// searches for, and pictures.
fn is_sign(sign: char) -> bool {
    matches!(u32::from(sign),
        0x0e00..=0x0eff // Thai, Lao
        | 0x1000..=0x109f // Myanmar
        | 0x1100..=0x11ff // Hangul in pieces
        | 0x1780..=0x17ff // Khmer
        | 0x2190..=0x2bff // arrows, signs of mathematics, pictures
        | 0x2e80..=0x2fdf // radicals
        | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3031..=0x303c
        | 0x3041..=0x30fa | 0x30fc..=0x31ff // Kana, Bopomofo, Hangul alone
        | 0x3200..=0x33ff // several in a circle or square
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff // Han
        | 0xa000..=0xa4cf // Yi
        | 0xa960..=0xa97f | 0xac00..=0xd7ff // Hangul
        | 0xf900..=0xfaff // Han again
        | 0xff66..=0xffdc // half-width Kana and Hangul
        | 0x1b000..=0x1b16f // more Kana
        | 0x1f000..=0x1faff // pictures
        | 0x20000..=0x3ffff // more Han
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut words = Vec::new();
        take_apart(text, |word| {
            assert!(text.get(word.place).is_some());
            words.push(word.folded.to_owned());
        });
        assert_eq!(words.join(" "), expected);
    }

    #[test]
    fn words_are_folded() {
        check("Hello, World_2!", "hello world 2");
        check("Crème BRÛLÉE e\u{301}te\u{301}", "creme brulee ete");
        check("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ");
        check("İstanbul ﬁn Ｆｕｌｌ", "istanbul fin full");
        check("Silben\u{ad}trennung", "silbentrennung");
        check("كِتَاب كتاب", "كتاب كتاب");
        // Marks that make another word stay.
        check("हिन्दी", "हिन्दी");
        check("**bold**`x`<br>", "bold x br");
        check("\0a\0b\u{301}", "a b");
        check(" \u{301} –", "");
    }

    #[test]
    fn signs_stand_alone() {
        check("iPhone手机12", "iphone 手 机 12");
        check("日本語。テスト", "日 本 語 テ ス ト");
        check("が か\u{3099} ｶﾞ", "が が ガ");
        check("한국 \u{1112}\u{1161}\u{11ab}", "한 국 한");
        check("กิน a \u{e34}า", "ก \u{e34} น a \u{e34} า");
        check("㈱ a→b ☺\u{fe0f}", "株 a → b ☺");
        check("葛\u{e0100}", "葛");
    }

    #[test]
    fn what_is_no_word_is_cut() {
        let data = "é".repeat(100_000);
        check(&data, &"e".repeat(LONGEST));
    }
}
