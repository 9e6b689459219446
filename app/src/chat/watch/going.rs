//! Bringing a place of the transcript into view.

use web_sys::HtmlElement;

use super::{super::scroll, painter::Place};
use crate::client::dom;

/// Scrolls a place into the middle of what is seen.
pub(super) fn show(place: &Place) {
    let (Some(scroller), Some(range)) = (
        dom::element::<HtmlElement>(scroll::SCROLLER),
        dom::document().and_then(|document| document.create_range().ok()),
    ) else {
        return;
    };
    let is_there = range.set_start(&place.start.0, place.start.1).is_ok()
        && range.set_end(&place.end.0, place.end.1).is_ok();
    let Some(around) = place.start.0.parent_element().filter(|_| is_there) else {
        return;
    };
    // What is far away is laid out only now.
    around.scroll_into_view();
    let (found, seen) = (
        range.get_bounding_client_rect(),
        scroller.get_bounding_client_rect(),
    );
    let middle = |rect: &web_sys::DomRect| rect.top() + rect.height() / 2.0;
    let by = middle(&found) - middle(&seen);
    scroller.set_scroll_top(scroller.scroll_top() + by.round() as i32);
    // Code and tables scroll sideways by themselves.
    let mut inside = Some(around);
    while let Some(element) = inside {
        let frame = element.get_bounding_client_rect();
        if element.scroll_width() > element.client_width()
            && (found.left() < frame.left() || found.right() > frame.right())
        {
            let by = found.left() - frame.left() - frame.width() / 3.0;
            element.set_scroll_left(element.scroll_left() + by.round() as i32);
        }
        inside = element
            .parent_element()
            .filter(|it| it.id() != scroll::SCROLLER);
    }
}
