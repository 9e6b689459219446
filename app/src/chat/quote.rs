//! Quoting a selected part of an answer into the message box.

use std::cell::Cell;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement, Node, Selection};

use super::{commands::Name, scroll, state::ChatState};
use crate::{
    client::{dom, storage},
    ui::{Icon, Symbol},
};

/// How far the button stays from the selection and from the window's edges, in
/// pixels.
const GAP: f64 = 8.0;
/// The room that it takes, in pixels.
const WIDTH: f64 = 104.0;
const HEIGHT: f64 = 44.0;

/// The button beside a selection inside an answer.
#[component]
pub(crate) fn QuoteButton() -> impl IntoView {
    let state = ChatState::use_here();
    let place = RwSignal::new(None::<(f64, f64)>);
    Effect::new(move |done: Option<()>| {
        if done.is_none() {
            install(place);
        }
    });
    let style = move || {
        place
            .get()
            .map(|(left, top)| format!("left:{}px;top:{}px", left as i32, top as i32))
    };
    view! {
        <button
            type="button"
            class="button quote-button"
            class:absent=move || place.with(Option::is_none)
            style=style
            title=move || place.with(Option::is_some).then(|| Name::Quote.keys())
            // A press must not take the selection away first.
            on:pointerdown=|event| event.prevent_default()
            on:mousedown=|event| event.prevent_default()
            on:click=move |_| {
                quote(state);
                place.set(None);
            }
        >
            <Icon symbol=Symbol::Quote />
            "Quote"
        </button>
    }
}

thread_local! {
    /// Whether a pointer is pressed: then the selection is still being made.
    static PRESSED: Cell<bool> = const { Cell::new(false) };
    /// Whether the place is to be found with the next frame.
    static WANTED: Cell<bool> = const { Cell::new(false) };
}

fn install(place: RwSignal<Option<(f64, f64)>>) {
    let look = move || {
        if WANTED.replace(true) {
            return;
        }
        dom::on_next_frame(move || {
            WANTED.set(false);
            let found = if PRESSED.get() { None } else { place_beside() };
            if place.get_untracked() != found {
                place.set(found);
            }
        });
    };
    dom::on_document("selectionchange", move |_| look());
    dom::on_window("resize", move |_| look());
    dom::on_document("pointerdown", move |event| {
        // A finger scrolls, or holds; the browser then selects by itself.
        let by_mouse = event
            .dyn_ref::<web_sys::PointerEvent>()
            .is_some_and(|event| event.pointer_type() == "mouse");
        PRESSED.set(by_mouse && dom::closest(&event, ".quote-button").is_none());
    });
    for event in ["pointerup", "pointercancel"] {
        dom::on_document(event, move |_| {
            PRESSED.set(false);
            look();
        });
    }
    if let Some(scroller) = dom::element::<Element>(scroll::SCROLLER) {
        scroll::listen(&scroller, "scroll", move |_| {
            if place.with_untracked(Option::is_some) {
                look();
            }
        });
    }
}

/// The selection, where all of it lies in the text of one answer.
fn selection() -> Option<Selection> {
    let selection = dom::window()?.get_selection().ok()??;
    if selection.is_collapsed() || selection.range_count() == 0 {
        return None;
    }
    let text_around = |node: Node| {
        let element = match node.dyn_into::<Element>() {
            Ok(element) => element,
            Err(node) => node.parent_element()?,
        };
        element.closest(".answer .markdown").ok()?
    };
    let from = text_around(selection.anchor_node()?)?;
    let to = text_around(selection.focus_node()?)?;
    from.is_same_node(Some(&to)).then_some(selection)
}

/// Where the button goes: below the end of the selection, or above where there
/// is no room; nowhere while the selection is out of view.
fn place_beside() -> Option<(f64, f64)> {
    let around = selection()?
        .get_range_at(0)
        .ok()?
        .get_bounding_client_rect();
    let scroller = dom::element::<Element>(scroll::SCROLLER)?.get_bounding_client_rect();
    if around.bottom() < scroller.top() || around.top() > scroller.bottom() {
        return None;
    }
    let below = around.bottom() + GAP;
    let above = around.top() - GAP - HEIGHT;
    let lowest = scroller.bottom() - HEIGHT;
    let top = if below <= lowest { below } else { above };
    let left = (around.left() + around.right() - WIDTH) / 2.0;
    Some((
        // Not `clamp`, which panics where there is no room.
        left.min(scroller.right() - WIDTH - GAP)
            .max(scroller.left() + GAP),
        top.min(lowest).max(scroller.top() + GAP),
    ))
}

/// Whether a part of one answer is selected.
pub(crate) fn can_quote(_: ChatState) -> bool {
    selection().is_some()
}

/// Puts the selected part of an answer into the message box, as a quotation
/// where the cursor is. Gives whether there was one.
pub(crate) fn quote(state: ChatState) -> bool {
    let Some(selection) = selection() else {
        return false;
    };
    let quoted = quotation(&String::from(selection.to_string()));
    let Some(area) = dom::element::<HtmlTextAreaElement>("composer") else {
        return false;
    };
    let text: Vec<u16> = area.value().encode_utf16().collect();
    let at =
        |place: Result<Option<u32>, _>| place.ok().flatten().map_or(text.len(), |it| it as usize);
    let (start, end) = (at(area.selection_start()), at(area.selection_end()));
    let part = |range: &[u16]| String::from_utf16_lossy(range);
    let before = part(text.get(..start).unwrap_or(&text));
    let after = part(text.get(end..).unwrap_or_default());
    let with = spliced(&before, &quoted);
    let cursor = with.encode_utf16().count() as u32;
    let text = with + after.trim_start_matches('\n');
    area.set_value(&text);
    storage::set(&storage::draft_key(state.current.get_untracked()), &text);
    state.draft.set(text);
    let _ = selection.remove_all_ranges();
    let _ = area.focus();
    let _ = area.set_selection_range(cursor, cursor);
    state.announce("Quoted in the message box");
    true
}

/// The lines of a text as a quotation.
fn quotation(text: &str) -> String {
    let text = text.trim().replace("\r\n", "\n");
    let lines = text.split('\n').map(|line| match line.trim_end() {
        "" => ">".to_owned(),
        line => format!("> {line}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A quotation after what stands before it, on lines of its own, with room to
/// write below.
fn spliced(before: &str, quoted: &str) -> String {
    let between = match before {
        "" => "",
        _ if before.ends_with("\n\n") => "",
        _ if before.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    format!("{before}{between}{quoted}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_quoted() {
        assert_eq!(quotation("  one\r\n\r\ntwo \n"), "> one\n>\n> two");
    }

    #[test]
    fn a_quotation_stands_alone() {
        assert_eq!(spliced("", "> a"), "> a\n\n");
        assert_eq!(spliced("Why", "> a"), "Why\n\n> a\n\n");
        assert_eq!(spliced("Why\n", "> a"), "Why\n\n> a\n\n");
        assert_eq!(spliced("Why\n\n", "> a"), "Why\n\n> a\n\n");
    }
}
