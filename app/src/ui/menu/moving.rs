//! Where the focus goes in a menu, and where the menu goes in the window.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::client::dom;

/// How far a menu stays from its button and from the window's edges, in
/// pixels.
const GAP: f64 = 6.0;

/// Where the focus goes in a menu.
pub(super) enum Step<'a> {
    First,
    Last,
    /// To the item that is chosen, if one is.
    Chosen,
    /// So many items on, around the end.
    By(i32),
    /// To the next item whose label begins so.
    To(&'a str),
}

/// Moves the focus among the items of a menu.
pub(super) fn step(list: &HtmlElement, step: Step<'_>) {
    let Ok(nodes) = list.query_selector_all(".menu-item") else {
        return;
    };
    let items: Vec<HtmlElement> = (0..nodes.length())
        .filter_map(|at| nodes.item(at)?.dyn_into().ok())
        .collect();
    let focused = dom::focused();
    let now = items.iter().position(|item| {
        focused
            .as_ref()
            .is_some_and(|it| it.is_same_node(Some(item)))
    });
    let count = items.len();
    let at = match step {
        Step::First => Some(0),
        Step::Last => count.checked_sub(1),
        Step::Chosen => items
            .iter()
            .position(|item| item.get_attribute("aria-checked").as_deref() == Some("true")),
        Step::By(steps) => Some(match now {
            Some(now) => (now as i32 + steps).rem_euclid(count.max(1) as i32) as usize,
            None => 0,
        }),
        Step::To(beginning) => {
            // One letter again and again goes through those that begin with it;
            // more letters narrow down from where the focus is.
            let first = now.map_or(0, |now| now + usize::from(beginning.chars().count() == 1));
            (first..first + count).map(|at| at % count).find(|&at| {
                let label = items[at].query_selector(".menu-label").ok().flatten();
                let label = label
                    .and_then(|label| label.text_content())
                    .unwrap_or_default();
                dom::lower_case(&label).starts_with(beginning)
            })
        }
    };
    if let Some(item) = at.and_then(|at| items.get(at)) {
        let _ = item.focus();
    }
}

/// Puts a menu beside its button: below it where there is room, else above, and
/// never across an edge of the window.
pub(super) fn place(list: &HtmlElement, button: &HtmlElement) {
    let Some(window) = dom::window() else { return };
    let size = |size: Result<wasm_bindgen::JsValue, _>| size.ok()?.as_f64();
    let (Some(width), Some(height)) = (size(window.inner_width()), size(window.inner_height()))
    else {
        return;
    };
    let around = button.get_bounding_client_rect();
    let below = height - around.bottom() - 2.0 * GAP;
    let above = around.top() - 2.0 * GAP;
    let style = list.style();
    let set = |name: &str, pixels: f64| {
        let _ = style.set_property(name, &format!("{}px", pixels as i32));
    };
    let _ = style.remove_property("max-height");
    // Near an edge it would be narrower than it has to be.
    set("left", 0.0);
    let wanted = f64::from(list.scroll_height());
    let is_below = below >= wanted || below >= above;
    let room = if is_below { below } else { above };
    set("max-height", room);
    let menu = list.get_bounding_client_rect();
    let top = if is_below {
        around.bottom() + GAP
    } else {
        around.top() - GAP - menu.height()
    };
    // It begins where the button does, or ends there.
    let left = if around.left() + menu.width() + GAP <= width {
        around.left()
    } else {
        around.right() - menu.width()
    };
    set("top", top.max(GAP));
    set("left", left.min(width - menu.width() - GAP).max(GAP));
}
