//! The pieces of an answer that are searched one by one: paragraphs, list
//! items, cells, blocks of code. A word does not reach from one into another.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, Node, Text};

use super::{
    matching::{Finder, Hit},
    painter::{Painter, Place},
};

/// What is searched by itself.
pub(super) const UNITS: &str = "p, li, pre, td, th, h1, h2, h3, h4, h5, h6, dt, dd";
/// What is no text of an answer.
const NO_TEXT: &str = "button, math, .math";
/// A single text longer than this is searched from where it has grown.
const LONG: u32 = 2_000;
/// How many code units of the end show that a text has only grown.
const SEEN: u32 = 32;

/// A piece of an answer with what was found in it.
pub(super) struct Unit {
    pub(super) element: Element,
    /// The message that it is in.
    pub(super) article: HtmlElement,
    pub(super) hits: Vec<(Hit, Place, Option<JsValue>)>,
    /// Whether it waits to be searched.
    pub(super) waits: bool,
    /// Whether more than the data of its texts may have changed.
    pub(super) is_restructured: bool,
    /// Its text, where it is a single long one: how far it was searched, and
    /// how that ended.
    grown: Option<(Text, u32, String)>,
}

impl Unit {
    pub(super) fn new(element: Element, article: HtmlElement) -> Self {
        Self {
            element,
            article,
            hits: Vec::new(),
            waits: false,
            is_restructured: true,
            grown: None,
        }
    }

    /// Searches what may have changed.
    pub(super) fn search(&mut self, finder: &Finder, painter: Option<&Painter>) {
        self.waits = false;
        if std::mem::take(&mut self.is_restructured) || !self.search_growth(finder, painter) {
            self.search_all(finder, painter);
        }
    }

    fn search_all(&mut self, finder: &Finder, painter: Option<&Painter>) {
        self.forget_from(0, painter);
        let mut texts = Vec::new();
        let mut whole = String::new();
        let mut len = 0;
        collect(&self.element, &mut |text| {
            let data = text.data();
            let begins = len;
            len += data.encode_utf16().count() as u32;
            whole.push_str(&data);
            texts.push((text, begins));
        });
        for hit in finder.find(&whole) {
            let place = Place {
                start: at(&texts, hit.start),
                end: at_end(&texts, hit.end),
            };
            self.add(hit, place, painter);
        }
        self.grown = match texts.as_slice() {
            [(text, _)] if len > LONG => Some((text.clone(), len, end_of(text, len))),
            _ => None,
        };
    }

    /// Searches only the end where that is all that has changed; returns
    /// whether it was.
    fn search_growth(&mut self, finder: &Finder, painter: Option<&Painter>) -> bool {
        let Some((text, searched, end)) = &self.grown else {
            return false;
        };
        let (text, searched) = (text.clone(), *searched);
        let len = text.length();
        if len < searched || end_of(&text, searched) != *end {
            return false;
        }
        // A hit at the old end may be none now that the word goes on.
        let from = searched.saturating_sub(finder.reach() + 1);
        let context = from.saturating_sub(2);
        let Ok(grown) = text.substring_data(context, len - context) else {
            return false;
        };
        self.forget_from(from, painter);
        for mut hit in finder.find(&grown) {
            hit.start += context;
            hit.end += context;
            let mut near = self.hits.iter().rev().map(|(known, ..)| known);
            let is_known = near
                .by_ref()
                .take_while(|known| known.start + finder.reach() >= hit.start)
                .any(|known| known.word == hit.word && hit.start < known.end);
            if hit.start >= from && !is_known {
                let place = Place {
                    start: (text.clone(), hit.start),
                    end: (text.clone(), hit.end),
                };
                self.add(hit, place, painter);
            }
        }
        let end = end_of(&text, len);
        self.grown = Some((text, len, end));
        true
    }

    fn add(&mut self, hit: Hit, place: Place, painter: Option<&Painter>) {
        let mark = painter.and_then(|painter| painter.mark(&place));
        self.hits.push((hit, place, mark));
    }

    /// Forgets the hits that begin at or after this offset.
    pub(super) fn forget_from(&mut self, offset: u32, painter: Option<&Painter>) {
        while let Some((_, _, mark)) = self.hits.pop_if(|(hit, ..)| hit.start >= offset) {
            if let (Some(painter), Some(mark)) = (painter, mark) {
                painter.unmark(&mark);
            }
        }
    }

    /// Marks everything anew: it was out of the document for a while.
    pub(super) fn repaint(&mut self, painter: &Painter) {
        for (_, place, mark) in &mut self.hits {
            if let Some(mark) = mark {
                painter.unmark(mark);
            }
            *mark = painter.mark(place);
        }
    }
}

/// The texts of an element that belong to no unit inside it.
fn collect(element: &Node, then: &mut impl FnMut(Text)) {
    let mut next = element.first_child();
    while let Some(node) = next {
        next = node.next_sibling();
        match node.dyn_into::<Text>() {
            Ok(text) => then(text),
            Err(node) => {
                let is_apart = node.dyn_ref::<Element>().is_none_or(|inside| {
                    [UNITS, NO_TEXT]
                        .into_iter()
                        .any(|selector| inside.matches(selector).unwrap_or(false))
                });
                if !is_apart {
                    collect(&node, then);
                }
            }
        }
    }
}

/// The text that holds the code unit at this offset of all, and where in it.
fn at(texts: &[(Text, u32)], offset: u32) -> (Text, u32) {
    let number = texts.partition_point(|(_, begins)| *begins <= offset) - 1;
    let (text, begins) = &texts[number];
    (text.clone(), offset - begins)
}

/// As [`at`], for the offset behind a code unit.
fn at_end(texts: &[(Text, u32)], offset: u32) -> (Text, u32) {
    let (text, inside) = at(texts, offset - 1);
    (text, inside + 1)
}

/// The last code units before this offset.
fn end_of(text: &Text, offset: u32) -> String {
    let from = offset.saturating_sub(SEEN);
    text.substring_data(from, offset - from).unwrap_or_default()
}
