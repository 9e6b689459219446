//! Going from message to message, and to a place in one.

use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement};

use leptos::prelude::*;

use super::{parking, scroll, state::ChatState};
use crate::client::dom;

/// How far below the upper edge of the transcript a message comes to stand, in
/// pixels.
const GAP: f64 = 12.0;

/// Goes to the next message or the one before, from the one that has the focus
/// or is being read; after the last one to the end.
pub(crate) fn step(state: ChatState, forwards: bool) {
    let Some(scroller) = dom::element::<Element>(scroll::SCROLLER) else {
        return;
    };
    let window = scroller.get_bounding_client_rect();
    let articles = parking::articles();
    let top = |article: &HtmlElement| article.get_bounding_client_rect().top();
    let focused = dom::focused().and_then(|it| it.closest(".message").ok().flatten());
    let here = articles.iter().position(|article| {
        let is_here = focused
            .as_ref()
            .is_some_and(|it| article.is_same_node(Some(it)));
        let around = article.get_bounding_client_rect();
        is_here && around.bottom() > window.top() && around.top() < window.bottom()
    });
    let line = window.top() + GAP;
    let wanted = match (here, forwards) {
        (Some(here), true) => Some(here + 1),
        // First to its own beginning.
        (Some(here), false) if top(&articles[here]) < line - 2.0 => Some(here),
        (Some(here), false) => here.checked_sub(1),
        (None, true) => articles
            .iter()
            .position(|article| top(article) > line + 2.0),
        (None, false) => articles
            .iter()
            .rposition(|article| top(article) < line - 2.0),
    };
    match wanted.and_then(|at| articles.get(at)) {
        Some(article) => {
            let place = article.clone();
            go_to(state, article, move || top(&place));
        }
        None if forwards => jump_to_latest(state),
        None => {}
    }
}

/// Shows the end of the conversation, and what comes there.
pub(crate) fn jump_to_latest(state: ChatState) {
    state.away.set(false);
}

/// Goes to a place in a message, as a reader would who scrolls there, and gives
/// the message the focus. `top` is where in the window the place is.
pub(crate) fn go_to(state: ChatState, article: &HtmlElement, top: impl Fn() -> f64 + 'static) {
    let Some(scroller) = dom::element::<Element>(scroll::SCROLLER) else {
        return;
    };
    parking::bring_back(article);
    state.away.set(true);
    let _ = article.set_attribute("tabindex", "-1");
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = article.focus_with_options(&options);
    let line = scroller.get_bounding_client_rect().top() + GAP;
    scroll::keep_in_place(Some(line), move || Some(top()));
}

/// Whether a message shown has other versions.
pub(crate) fn has_versions() -> bool {
    versions().is_some()
}

/// Shows the later or earlier version of the message that has the focus, or
/// else of the last one that has any.
pub(crate) fn step_version(later: bool) {
    let arrows = versions().and_then(|it| it.query_selector_all(".arrow").ok());
    let arrow = arrows.and_then(|it| it.item(u32::from(later))?.dyn_into::<HtmlElement>().ok());
    if let Some(arrow) = arrow {
        arrow.click();
    }
}

/// The arrows of that message.
fn versions() -> Option<Element> {
    let focused = dom::focused().and_then(|it| it.closest(".message").ok().flatten());
    if let Some(here) = focused.and_then(|it| it.query_selector(".versions").ok().flatten()) {
        return Some(here);
    }
    let all = dom::document()?
        .query_selector_all(".message .versions")
        .ok()?;
    all.item(all.length().checked_sub(1)?)?.dyn_into().ok()
}
