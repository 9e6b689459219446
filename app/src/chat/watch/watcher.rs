//! Keeps what was found true while answers grow, are drawn anew, come and go.
//! It hears of every change of the transcript from the browser and searches
//! what has changed, a few milliseconds at a time.

use std::{
    cell::RefCell,
    cmp::Ordering,
    collections::{HashMap, VecDeque},
};

use js_sys::{Array, Reflect};
use leptos::prelude::*;
use protocol::Watch;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, HtmlElement, MutationObserver, MutationObserverInit, MutationRecord, Node};

use super::{
    super::{parking, state::ChatState},
    going,
    matching::{Finder, Hit},
    painter::{Painter, Place},
    units::{UNITS, Unit},
};
use crate::client::dom;

/// The transcript's messages, and what of an answer is searched.
const MESSAGES: &str = ".messages";
const MESSAGE: &str = ".message";
const TEXT: &str = ".markdown";
/// The name of a unit's number on its element.
const NUMBER: &str = "rivuletUnit";
/// How long searching may take in one go, in milliseconds.
const SLICE_MS: f64 = 4.0;

thread_local! {
    static WATCHER: RefCell<Option<Watcher>> = const { RefCell::new(None) };
}

struct Watcher {
    finder: Finder,
    /// What was found, by the number of its unit.
    units: HashMap<u32, Unit>,
    next_number: u32,
    /// What waits: answers to be divided into units, and units to be searched.
    scans: VecDeque<Element>,
    searches: VecDeque<u32>,
    counts: Vec<u32>,
    found: RwSignal<Vec<u32>>,
    /// Where the reader has jumped to last.
    here: Option<(u32, Hit)>,
    marks: Option<Painter>,
    here_mark: Option<Painter>,
    frame_wanted: bool,
    observer: Option<MutationObserver>,
    _changed: Closure<dyn FnMut(Array)>,
}

/// Searches the transcript for these words from now on, in place of those
/// before, and keeps `found` at how often each was found.
pub(super) fn begin(watch: &Watch, found: RwSignal<Vec<u32>>) {
    end();
    let changed = Closure::<dyn FnMut(Array)>::new(|records: Array| {
        with(|watcher| {
            for record in records.iter() {
                watcher.note(&record.unchecked_into());
            }
        });
        work();
    });
    let finder = Finder::new(watch);
    let mut watcher = Watcher {
        counts: vec![0; finder.len()],
        finder,
        units: HashMap::new(),
        next_number: 0,
        scans: VecDeque::new(),
        searches: VecDeque::new(),
        found,
        here: None,
        marks: Painter::new("watch", 0),
        here_mark: Painter::new("watch-here", 1),
        frame_wanted: false,
        observer: MutationObserver::new(changed.as_ref().unchecked_ref()).ok(),
        _changed: changed,
    };
    let messages = dom::document().and_then(|it| it.query_selector(MESSAGES).ok().flatten());
    if let (Some(observer), Some(messages)) = (&watcher.observer, &messages) {
        let wanted = MutationObserverInit::new();
        wanted.set_child_list(true);
        wanted.set_character_data(true);
        wanted.set_subtree(true);
        let _ = observer.observe_with_options(messages, &wanted);
        watcher.scans.push_back(messages.clone());
    }
    WATCHER.set(Some(watcher));
    work();
}

/// Searches no more, and marks nothing.
pub(super) fn end() {
    if let Some(watcher) = WATCHER.take()
        && let Some(observer) = &watcher.observer
    {
        observer.disconnect();
    }
}

/// Goes to the next place of a word, or the one before; the first or last one
/// at first, and around the end. Returns the how manyeth it is.
pub(super) fn jump(state: ChatState, word: usize, forwards: bool) -> Option<u32> {
    let (article, place, number) = with(|watcher| watcher.step(word as u32, forwards))??;
    parking::bring_back(&article);
    // As a reader who scrolls by hand lets go of the bottom.
    state.away.set(true);
    dom::on_next_frame(move || {
        going::show(&place);
        with(|watcher| {
            if let Some(mark) = &watcher.here_mark {
                mark.clear();
                mark.mark(&place);
            }
        });
    });
    Some(number)
}

fn with<T>(then: impl FnOnce(&mut Watcher) -> T) -> Option<T> {
    WATCHER.with_borrow_mut(|watcher| watcher.as_mut().map(then))
}

/// Searches for a while; what is left waits for the next frame.
fn work() {
    let changed = with(|watcher| {
        let more = watcher.work();
        if more && !std::mem::replace(&mut watcher.frame_wanted, true) {
            dom::on_next_frame(|| {
                with(|watcher| watcher.frame_wanted = false);
                work();
            });
        }
        let counts = watcher.counts.clone();
        (watcher.found, counts)
    });
    if let Some((found, counts)) = changed
        && found.with_untracked(|known| *known != counts)
    {
        found.set(counts);
    }
}

impl Watcher {
    /// Takes note of a change of the transcript.
    fn note(&mut self, record: &MutationRecord) {
        let Some(target) = record.target() else {
            return;
        };
        let is_data = record.type_() == "characterData";
        if let Some(unit) = unit_around(&target) {
            self.want(&unit, !is_data);
        }
        if is_data {
            return;
        }
        let (added, removed) = (record.added_nodes(), record.removed_nodes());
        let mut is_swept = false;
        for node in elements(&removed) {
            if node.class_list().contains("message") {
                is_swept = true;
            } else if node.parent_node().is_none() {
                self.forget_within(&node);
            }
        }
        if is_swept {
            self.sweep();
        }
        self.scans.extend(elements(&added));
    }

    /// Works for a while; returns whether there is more to do.
    fn work(&mut self) -> bool {
        let begun = dom::monotonic_ms();
        while dom::monotonic_ms() - begun < SLICE_MS {
            if let Some(root) = self.scans.pop_front() {
                self.scan(&root);
            } else if let Some(number) = self.searches.pop_front() {
                self.search(number);
            } else {
                return false;
            }
        }
        true
    }

    /// Divides what was added into units.
    fn scan(&mut self, root: &Element) {
        let article = root.closest(MESSAGE).ok().flatten();
        let Some(article) = article.and_then(|it| it.dyn_into::<HtmlElement>().ok()) else {
            // One message after the other: there may be hundreds.
            let messages = root.query_selector_all(MESSAGE).ok();
            self.scans.extend(messages.iter().flat_map(elements));
            return;
        };
        if !article.class_list().contains("answer") {
            return;
        }
        if root.closest(TEXT).is_ok_and(|it| it.is_some()) {
            self.divide(&article, root);
            return;
        }
        // What is far out of view may be out of the document.
        let root = match **root == **article {
            true => parking::content(&article),
            false => root.clone(),
        };
        let texts = root.query_selector_all(TEXT).ok();
        for text in texts.iter().flat_map(elements) {
            self.divide(&article, &text);
        }
    }

    fn divide(&mut self, article: &HtmlElement, root: &Element) {
        let inside = root.query_selector_all(UNITS).ok();
        let itself = root.matches(UNITS).unwrap_or(false).then(|| root.clone());
        for element in itself.into_iter().chain(inside.iter().flat_map(elements)) {
            let known = number_of(&element).and_then(|number| self.units.get_mut(&number));
            if let Some(unit) = known {
                // It was out of the document and is back.
                if let Some(marks) = &self.marks {
                    unit.repaint(marks);
                }
                continue;
            }
            let number = self.next_number;
            self.next_number += 1;
            let _ = Reflect::set(&element, &NUMBER.into(), &number.into());
            let mut unit = Unit::new(element, article.clone());
            unit.waits = true;
            self.units.insert(number, unit);
            self.searches.push_back(number);
        }
    }

    fn want(&mut self, element: &Element, is_restructured: bool) {
        let Some(number) = number_of(element) else {
            return;
        };
        if let Some(unit) = self.units.get_mut(&number) {
            unit.is_restructured |= is_restructured;
            if !std::mem::replace(&mut unit.waits, true) {
                self.searches.push_back(number);
            }
        }
    }

    fn search(&mut self, number: u32) {
        let Some(unit) = self.units.get_mut(&number) else {
            return;
        };
        count(&mut self.counts, unit, -1);
        unit.search(&self.finder, self.marks.as_ref());
        count(&mut self.counts, unit, 1);
    }

    fn forget(&mut self, number: u32) {
        if let Some(mut unit) = self.units.remove(&number) {
            count(&mut self.counts, &unit, -1);
            unit.forget_from(0, self.marks.as_ref());
        }
    }

    /// Forgets the units in what was removed from its place.
    fn forget_within(&mut self, root: &Element) {
        let inside = root.query_selector_all(UNITS).ok();
        let inside = inside.iter().flat_map(elements).collect::<Vec<_>>();
        for element in std::iter::once(root).chain(&inside) {
            if let Some(number) = number_of(element) {
                self.forget(number);
            }
        }
    }

    /// Forgets the units of messages that are no longer there.
    fn sweep(&mut self) {
        let gone = self.units.iter();
        let gone = gone.filter(|(_, unit)| !unit.article.is_connected());
        for number in gone.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.forget(number);
        }
    }

    /// Goes on to another place of a word: where it is, and the how manyeth.
    fn step(&mut self, word: u32, forwards: bool) -> Option<(HtmlElement, Place, u32)> {
        let mut all: Vec<(u32, &Unit, usize)> = Vec::new();
        for (number, unit) in &self.units {
            let hits = unit.hits.iter().enumerate();
            let hits = hits.filter(|(_, (hit, ..))| hit.word == word);
            all.extend(hits.map(|(at, _)| (*number, unit, at)));
        }
        all.sort_by(|one, other| order(one.1, other.1).then_with(|| one.2.cmp(&other.2)));
        let here = self.here.and_then(|(number, hit)| {
            let unit = self.units.get(&number)?;
            let behind = |it: &(u32, &Unit, usize)| {
                order(it.1, unit).then_with(|| it.1.hits[it.2].0.start.cmp(&hit.start))
            };
            Some(all.partition_point(|it| behind(it) == Ordering::Less)).map(|at| {
                (
                    at,
                    all.get(at).is_some_and(|it| behind(it) == Ordering::Equal),
                )
            })
        });
        let last = all.len().checked_sub(1)?;
        let at = match (here, forwards) {
            (None, true) => 0,
            (None, false) => last,
            // Where the reader is, or where that was.
            (Some((at, is_there)), true) => at + usize::from(is_there),
            (Some((at, _)), false) => at.checked_sub(1).unwrap_or(last),
        };
        let at = if at > last { 0 } else { at };
        let (number, unit, index) = all[at];
        let (hit, place, _) = &unit.hits[index];
        let found = (unit.article.clone(), place.clone(), at as u32 + 1);
        self.here = Some((number, *hit));
        Some(found)
    }
}

fn count(counts: &mut [u32], unit: &Unit, by: i32) {
    for (hit, ..) in &unit.hits {
        if let Some(count) = counts.get_mut(hit.word as usize) {
            *count = count.saturating_add_signed(by);
        }
    }
}

/// Which of two units stands before the other.
fn order(one: &Unit, other: &Unit) -> Ordering {
    // A message's content may be out of the document; the message is not.
    let (one, other): (&Node, &Node) = if one.article == other.article {
        (&one.element, &other.element)
    } else {
        (&one.article, &other.article)
    };
    if one == other {
        Ordering::Equal
    } else if one.compare_document_position(other) & Node::DOCUMENT_POSITION_FOLLOWING != 0 {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

/// The unit that a changed node is a part of, if it is one of an answer.
fn unit_around(node: &Node) -> Option<Element> {
    let element = match node.dyn_ref::<Element>() {
        Some(element) => element.clone(),
        None => node.parent_element()?,
    };
    element.closest(UNITS).ok().flatten()
}

fn number_of(element: &Element) -> Option<u32> {
    let number: JsValue = Reflect::get(element, &NUMBER.into()).ok()?;
    number.as_f64().map(|number| number as u32)
}

fn elements(list: &web_sys::NodeList) -> impl Iterator<Item = Element> + use<'_> {
    (0..list.length()).filter_map(|at| list.item(at)?.dyn_into().ok())
}
