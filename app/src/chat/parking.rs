//! Long conversations: a message far out of view keeps its place and its
//! height, and its content waits outside the document until the reader comes
//! near. Nothing of it is lost or drawn again, and what is left in the document
//! is as small as what one reads.

use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, IntersectionObserver, IntersectionObserverEntry};

use super::{scroll, state::ChatState};
use crate::client::dom;

/// How far out of view a message waits, and how near it comes back: more than
/// the reader scrolls in one go.
const NEAR: &str = "2400px 0px";
/// The last messages always stay: they are what is written into.
const STAY: usize = 4;
/// The name of the place where a message's content waits.
const HOLDER: &str = "rivuletHolder";

/// Sets up the parking of messages; called once.
pub(crate) fn install(state: ChatState) {
    let Some(scroller) = dom::element::<Element>(scroll::SCROLLER) else {
        return;
    };
    let near = Closure::<dyn FnMut(js_sys::Array)>::new(|entries: js_sys::Array| {
        for entry in entries.iter() {
            let entry: IntersectionObserverEntry = entry.unchecked_into();
            let article = entry.target().unchecked_into();
            match entry.is_intersecting() {
                true => bring_back(&article),
                false => park(&article, entry.bounding_client_rect().height()),
            }
        }
    })
    .into_js_value();
    let options = web_sys::IntersectionObserverInit::new();
    options.set_root(Some(&scroller));
    options.set_root_margin(NEAR);
    let Ok(observer) = IntersectionObserver::new_with_options(near.unchecked_ref(), &options)
    else {
        return;
    };
    let observer = Rc::new(observer);
    Effect::new(move || {
        state.messages.track();
        let observer = observer.clone();
        // The messages are in the document in the next frame.
        dom::on_next_frame(move || {
            for article in articles() {
                observer.observe(&article);
            }
        });
    });
    // The browser finds and prints only what is in the document.
    dom::on_window("beforeprint", |_| bring_all_back());
    dom::on_window("keydown", |event| {
        let event: web_sys::KeyboardEvent = event.unchecked_into();
        if (event.ctrl_key() || event.meta_key()) && event.key() == "f" {
            bring_all_back();
        }
    });
}

/// Puts the content of all messages back into the document, until they are
/// scrolled past again.
pub(crate) fn bring_all_back() {
    for article in articles() {
        bring_back(&article);
    }
}

/// Puts the content of a message back into the document.
pub(crate) fn bring_back(article: &HtmlElement) {
    let Some(holder) = holder(article) else {
        return;
    };
    while let Some(child) = holder.first_child() {
        let _ = article.append_child(&child);
    }
    let _ = js_sys::Reflect::set(article, &HOLDER.into(), &wasm_bindgen::JsValue::UNDEFINED);
    let _ = article.style().remove_property("height");
}

/// Takes the content of a message of this height out of the document.
fn park(article: &HtmlElement, height: f64) {
    if height == 0.0 || holder(article).is_some() || is_needed(article) {
        return;
    }
    let Some(holder) = dom::document().and_then(|it| it.create_element("div").ok()) else {
        return;
    };
    // Not as it is: writing out fractions would add 20 KB to the page.
    let hundredths = (height * 100.0).round() as u64;
    let height = format!("{}.{:02}px", hundredths / 100, hundredths % 100);
    let _ = article.style().set_property("height", &height);
    while let Some(child) = article.first_child() {
        let _ = holder.append_child(&child);
    }
    let _ = js_sys::Reflect::set(article, &HOLDER.into(), &holder);
}

/// What holds the content of a message now: the message, or what it waits in.
pub(crate) fn content(article: &HtmlElement) -> Element {
    holder(article).unwrap_or_else(|| article.clone().into())
}

/// Where a message's content waits; `None` where it is in its place.
fn holder(article: &HtmlElement) -> Option<Element> {
    js_sys::Reflect::get(article, &HOLDER.into())
        .ok()?
        .dyn_into()
        .ok()
}

/// Whether a message is being written, was just written, or has the focus or
/// a part of the selection.
fn is_needed(article: &HtmlElement) -> bool {
    let mut after = article.next_element_sibling();
    for _ in 1..STAY {
        let Some(next) = after else { return true };
        after = next.next_element_sibling();
    }
    let is_selected = dom::window()
        .and_then(|window| window.get_selection().ok().flatten())
        .is_some_and(|selection| {
            !selection.is_collapsed()
                && selection
                    .contains_node_with_allow_partial_containment(article, true)
                    .unwrap_or(false)
        });
    let has_focus = dom::focused().is_some_and(|focused| article.contains(Some(&focused)));
    let is_live = article
        .query_selector(".writing")
        .is_ok_and(|found| found.is_some());
    is_selected || has_focus || is_live
}

/// The messages shown, in their order.
pub(crate) fn articles() -> Vec<HtmlElement> {
    let Some(found) = dom::document()
        .and_then(|document| document.query_selector_all(".messages > .message").ok())
    else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|at| found.item(at)?.dyn_into().ok())
        .collect()
}
