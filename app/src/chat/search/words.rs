//! Finding again in a text what a search has found in it.

/// The words of a piece of text.
pub(super) fn of(piece: &str) -> impl Iterator<Item = &str> {
    piece
        .split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Where a piece of text is in another, with capitals or without, as whole
/// words: in UTF-16 code units, from where to where.
pub(super) fn find(text: &str, wanted: &str) -> Vec<(u32, u32)> {
    let wanted: Vec<char> = wanted.trim().chars().map(folded).collect();
    let mut found = Vec::new();
    let Some(first) = wanted.first() else {
        return found;
    };
    let signs: Vec<char> = text.chars().map(folded).collect();
    let mut offsets = vec![0];
    let mut offset = 0;
    offsets.extend(text.chars().map(|sign| {
        offset += sign.len_utf16() as u32;
        offset
    }));
    let mut from = 0;
    while let Some(at) = (from..signs.len()).find(|&at| signs[at..].starts_with(&wanted)) {
        let end = at + wanted.len();
        let before = at.checked_sub(1).map(|before| signs[before]);
        let after = signs.get(end).copied().unwrap_or(' ');
        if is_apart(before, *first) && is_apart(wanted.last().copied(), after) {
            found.push((offsets[at], offsets[end]));
            from = end;
        } else {
            from = at + 1;
        }
    }
    found
}

/// Whether a word can end and another one begin between two characters.
fn is_apart(before: Option<char>, after: char) -> bool {
    let joins = |sign: char| sign.is_alphanumeric() && !stands_alone(sign);
    before.is_none_or(|before| !joins(before) || !joins(after))
}

/// Whether a sign is of a script that does not part its words.
pub(in super::super) fn stands_alone(sign: char) -> bool {
    matches!(u32::from(sign), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x2e80..)
}

/// A letter without regard to capitals, as one character.
pub(in super::super) fn folded(sign: char) -> char {
    let mut small = sign.to_lowercase();
    match (small.next(), small.next()) {
        (Some(small), None) => small,
        _ => sign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole_and_with_any_capitals() {
        assert_eq!(
            find("A needle, NEEDLES and a Needle", "needle"),
            [(2, 8), (24, 30)]
        );
        assert_eq!(find("😀 brook", "Brook"), [(3, 8)]);
        assert_eq!(find("今日は日本語です", "日本"), [(3, 5)]);
        assert_eq!(find("brave new world", "new world"), [(6, 15)]);
        assert_eq!(find("anything", ""), []);
    }

    #[test]
    fn a_piece_of_markdown_has_words() {
        assert_eq!(of("brave **new**").collect::<Vec<_>>(), ["brave", "new"]);
    }
}
