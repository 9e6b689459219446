//! The words that were searched for, in their surroundings.

use std::{collections::HashSet, ops::Range};

use crate::query::{Found, Query};

/// How long an excerpt is at most, in characters.
const LENGTH: usize = 160;

/// How much of that comes before the first mark, at most.
const LEAD: usize = 40;

/// How far a cut moves to fall between words, at most.
const SLACK: usize = 20;

/// Pieces of the text around the first place where most of the query is near
/// to each other: every second piece, from the second on, was searched for.
pub(crate) fn excerpt(text: &str, query: &Query) -> Vec<String> {
    let found = query.find_in(text);
    let hit = densest(text, query, &found).unwrap_or(0..0);
    let window = window(text, hit);
    let mut pieces = Vec::new();
    let mut at = window.start;
    for place in merged(found) {
        let place = place.start.max(at)..place.end.min(window.end);
        if place.start < place.end {
            pieces.push(text[at..place.start].to_owned());
            pieces.push(text[place.clone()].to_owned());
            at = place.end;
        }
    }
    if at < window.end {
        pieces.push(text[at..window.end].to_owned());
    }
    pieces
}

/// The first find after which most phrases of the query come soon.
fn densest(text: &str, query: &Query, found: &[Found]) -> Option<Range<usize>> {
    let mut best = None;
    let mut most = 0;
    for (at, first) in found.iter().enumerate() {
        let end = forward(text, first.place.start, LENGTH - LEAD);
        let near = found[at..]
            .iter()
            .take_while(|other| other.place.start < end);
        let phrases: HashSet<_> = near
            .filter(|other| other.place.end <= end)
            .map(|other| other.phrase)
            .collect();
        if best.is_none() || phrases.len() > most {
            best = Some(first.place.clone());
            most = phrases.len();
        }
        if most == query.phrases() {
            break;
        }
    }
    best
}

/// The places without what they have in common, in order.
fn merged(found: Vec<Found>) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    for Found { place, .. } in found {
        match places.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => places.push(place),
        }
    }
    places
}

/// What to show of a text so that a hit is seen.
fn window(text: &str, hit: Range<usize>) -> Range<usize> {
    let mut start = back(text, hit.start, LEAD);
    if start > 0 {
        // To the beginning of a word, if one is near.
        let near = forward(text, start, SLACK).min(hit.start);
        let space = text[start..near]
            .char_indices()
            .find(|it| it.1.is_whitespace());
        if let Some((at, space)) = space {
            start += at + space.len_utf8();
        }
    }
    let mut end = forward(text, start, LENGTH);
    if end < text.len() {
        let near = back(text, end, SLACK).max(hit.end.min(end));
        if let Some(at) = text[near..end].rfind(char::is_whitespace) {
            end = near + at;
        }
    }
    start..end
}

/// The place so many characters after this one, or the end.
fn forward(text: &str, from: usize, characters: usize) -> usize {
    let mut rest = text[from..].char_indices();
    rest.nth(characters).map_or(text.len(), |(at, _)| from + at)
}

/// The place so many characters before this one, or the beginning.
fn back(text: &str, from: usize, characters: usize) -> usize {
    let mut before = text[..from].char_indices().rev();
    match characters.checked_sub(1) {
        Some(characters) => before.nth(characters).map_or(0, |(at, _)| at),
        None => from,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, typed: &str, expected: &[&str]) {
        assert_eq!(excerpt(text, &Query::read(typed).unwrap()), expected);
    }

    #[test]
    fn what_was_searched_for_is_every_second_piece() {
        check("Rust is rusty", "rust", &["", "Rust", " is ", "rusty"]);
        check("今日は日本語です", "日本", &["今日は", "日本", "語です"]);
        check("a b c", "\"a b\" \"b c\"", &["", "a b c"]);
        check("**Crème** brûlée", "creme", &["**", "Crème", "** brûlée"]);
    }

    #[test]
    fn it_is_cut_around_the_first_place_with_most() {
        let text = format!(
            "needle {} the needle in the haystack {}",
            "hay ".repeat(60),
            "x ".repeat(200)
        );
        let pieces = excerpt(&text, &Query::read("needle haystack").unwrap());
        assert_eq!(pieces[1..4], ["needle", " in the ", "haystack"]);
        let whole = pieces.concat();
        assert!(
            whole.starts_with("hay hay") && whole.ends_with('x'),
            "{whole:?}"
        );
        assert!(whole.chars().count() <= LENGTH);
    }

    #[test]
    fn one_endless_word_is_cut_as_well() {
        let pieces = excerpt(&"x".repeat(10_000), &Query::read("x").unwrap());
        assert_eq!(pieces, ["".to_owned(), "x".repeat(LENGTH)]);
    }

    proptest! {
        #[test]
        fn the_pieces_are_a_part_of_the_text(text in any::<String>(), typed in any::<String>()) {
            if let Some(query) = Query::read(&typed) {
                let whole = excerpt(&text, &query).concat();
                prop_assert!(text.contains(&whole));
                prop_assert!(whole.chars().count() <= LENGTH);
            }
        }

        #[test]
        fn what_is_marked_is_what_was_searched_for(
            before in "[ a-c語日。é]{0,300}", word in "[x-z]{1,5}|[漢字]{1,4}", after in "[ a-c語日]{0,300}",
        ) {
            let query = Query::read(&format!("\"{word}\"")).unwrap();
            let pieces = excerpt(&format!("{before} {word} {after}"), &query);
            prop_assert_eq!(&pieces[1], &word);
        }
    }
}
