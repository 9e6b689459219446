//! Scrolling to a message, and marking the words in it for a moment.

use std::cell::RefCell;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement, Node, Text};

use super::{
    super::{
        message_steps, parking,
        state::ChatState,
        watch::painter::{Painter, Place},
    },
    words,
};
use crate::{
    client::dom,
    ui::lazy::{SplitLoaderError, wasm_split},
};

/// How long the words stay marked, in milliseconds.
const MARKED_MS: u32 = 8_000;
/// What of a message is its text.
const TEXT: &str = ".markdown, .said";
/// The most places that are marked.
const MOST: usize = 200;

thread_local! {
    /// The marks, and how often there were any.
    static MARKS: RefCell<(Option<Painter>, u32)> = const { RefCell::new((None, 0)) };
}

/// Shows the message of this key, which is on the path shown, at the first of
/// these words.
#[wasm_split(palette, fallible)]
pub(super) fn reveal(
    state: ChatState,
    key: u64,
    words: Vec<String>,
) -> Result<(), SplitLoaderError> {
    // A path just chosen is in the document in the next frame.
    dom::on_next_frame(move || {
        let at = state
            .messages
            .with_untracked(|all| all.iter().position(|shown| shown.key == key));
        let article = at.and_then(|at| parking::articles().into_iter().nth(at));
        if let Some(article) = article {
            show(state, &article, &words);
        }
    });
    Ok(())
}

fn show(state: ChatState, article: &HtmlElement, words: &[String]) {
    parking::bring_back(article);
    let places = article
        .query_selector(TEXT)
        .ok()
        .flatten()
        .map(|text| places(&text, words))
        .unwrap_or_default();
    mark(&places);
    let whole = article.clone();
    let first = places.first().cloned();
    // A long message is shown where the words are, with some lines above.
    let lead = article
        .parent_element()
        .and_then(|it| it.closest(".transcript").ok().flatten())
        .map_or(0.0, |it| f64::from(it.client_height()) / 4.0);
    message_steps::go_to(state, article, move || {
        let begin = whole.get_bounding_client_rect().top();
        let found = first.as_ref().and_then(top_of).unwrap_or(begin);
        begin.max(found - lead)
    });
}

/// Where in the window a place begins.
fn top_of(place: &Place) -> Option<f64> {
    let range = dom::document()?.create_range().ok()?;
    range.set_start(&place.start.0, place.start.1).ok()?;
    range.set_end(&place.end.0, place.end.1).ok()?;
    let around = range.get_bounding_client_rect();
    // It may have been drawn anew.
    (around.height() > 0.0).then(|| around.top())
}

/// Marks places until a moment later, or until others are marked.
fn mark(places: &[Place]) {
    let number = MARKS.with_borrow_mut(|(marks, number)| {
        *marks = None;
        *marks = Painter::new("found", 2);
        if let Some(painter) = marks {
            for place in places {
                painter.mark(place);
            }
        }
        *number += 1;
        *number
    });
    spawn_local(async move {
        dom::sleep(MARKED_MS).await;
        MARKS.with_borrow_mut(|(marks, now)| {
            if *now == number {
                *marks = None;
            }
        });
    });
}

/// Where these words are in a text. What was found in Markdown may be written
/// differently there: its words are looked for where it is not there whole.
fn places(text: &Element, wanted: &[String]) -> Vec<Place> {
    let mut texts = Vec::new();
    collect(text, &mut texts);
    let mut found = Vec::new();
    for piece in wanted {
        let whole = find(&texts, piece);
        if !whole.is_empty() {
            found.extend(whole);
            continue;
        }
        for word in words::of(piece) {
            found.extend(find(&texts, word));
        }
    }
    found.truncate(MOST);
    found.sort_by_key(|(number, start, _)| (*number, *start));
    let place = |(number, start, end): (usize, u32, u32)| {
        let (node, _) = &texts[number];
        Place {
            start: (node.clone(), start),
            end: (node.clone(), end),
        }
    };
    found.into_iter().map(place).collect()
}

fn find(texts: &[(Text, String)], wanted: &str) -> Vec<(usize, u32, u32)> {
    let inside = |(number, (_, text)): (usize, &(Text, String))| {
        let places = words::find(text, wanted).into_iter();
        places
            .map(move |(start, end)| (number, start, end))
            .collect::<Vec<_>>()
    };
    texts.iter().enumerate().flat_map(inside).collect()
}

fn collect(element: &Node, texts: &mut Vec<(Text, String)>) {
    let mut next = element.first_child();
    while let Some(node) = next {
        next = node.next_sibling();
        match node.dyn_into::<Text>() {
            Ok(text) => {
                let data = text.data();
                texts.push((text, data));
            }
            Err(node) => {
                let is_control = node
                    .dyn_ref::<Element>()
                    .is_some_and(|inside| inside.matches("button").unwrap_or(false));
                if !is_control {
                    collect(&node, texts);
                }
            }
        }
    }
}
