//! Sticking to the bottom. The page remembers the scroll position that it
//! wrote itself; a scroll event that shows another one is the reader's, and
//! lets go at once. No timers and no guesses in pixels.

use std::{cell::Cell, rc::Rc};

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlElement, ResizeObserver};

use super::state::ChatState;
use crate::client::dom;

/// The scrolling element and what grows inside it.
pub(crate) const SCROLLER: &str = "transcript";
pub(crate) const CONTENT: &str = "transcript-content";

struct Stick {
    scroller: HtmlElement,
    stuck: Cell<bool>,
    /// The position written last.
    wrote: Cell<i32>,
    state: ChatState,
}

/// Sets up the transcript's scrolling; called once.
pub(crate) fn install(state: ChatState) {
    let (Some(scroller), Some(content)) = (
        dom::element::<HtmlElement>(SCROLLER),
        dom::element::<Element>(CONTENT),
    ) else {
        return;
    };
    let stick = Rc::new(Stick {
        scroller,
        stuck: Cell::new(true),
        wrote: Cell::new(0),
        state,
    });
    // Who has scrolled before the page came alive reads there.
    stick.set_stuck(stick.scroller.scroll_top() == 0 || stick.is_at_bottom());

    let on_scroll = stick.clone();
    listen(&stick.scroller, "scroll", move |_| on_scroll.scrolled());
    let on_wheel = stick.clone();
    listen(&stick.scroller, "wheel", move |event| {
        // The wheel is felt before the scroll event comes.
        let zooms = ["ctrlKey", "shiftKey"].into_iter().any(|key| {
            js_sys::Reflect::get(&event, &key.into()).is_ok_and(|held| held.is_truthy())
        });
        let up = js_sys::Reflect::get(&event, &"deltaY".into())
            .ok()
            .and_then(|it| it.as_f64());
        if !zooms && up.is_some_and(|delta| delta < 0.0) && on_wheel.can_scroll() {
            on_wheel.set_stuck(false);
        }
    });

    let on_resize = stick.clone();
    let resized = Closure::<dyn FnMut()>::new(move || on_resize.follow()).into_js_value();
    if let Ok(observer) = ResizeObserver::new(resized.unchecked_ref()) {
        observer.observe(&content);
        observer.observe(&stick.scroller);
        // It lives as long as the page.
        std::mem::forget(observer);
    }

    // "Jump to latest" and sending both say that the reader is not away.
    Effect::new(move || {
        if !state.away.get() {
            stick.set_stuck(true);
            stick.follow();
        }
    });
}

impl Stick {
    fn scrolled(&self) {
        let at = self.scroller.scroll_top();
        if at == self.wrote.get() {
            return;
        }
        self.wrote.set(at);
        self.set_stuck(self.is_at_bottom());
    }

    /// Keeps the bottom in view while stuck.
    fn follow(&self) {
        if self.stuck.get() {
            self.scroller.set_scroll_top(self.scroller.scroll_height());
            self.wrote.set(self.scroller.scroll_top());
        } else if !self.can_scroll() {
            self.set_stuck(true);
        }
    }

    fn set_stuck(&self, stuck: bool) {
        self.stuck.set(stuck);
        let anchor = if stuck { "none" } else { "auto" };
        let _ = self
            .scroller
            .style()
            .set_property("overflow-anchor", anchor);
        if self.state.away.get_untracked() == stuck {
            self.state.away.set(!stuck);
        }
    }

    fn can_scroll(&self) -> bool {
        self.scroller.scroll_height() > self.scroller.client_height()
    }

    fn is_at_bottom(&self) -> bool {
        let below = self.scroller.scroll_height()
            - self.scroller.client_height()
            - self.scroller.scroll_top();
        below <= 1
    }
}

fn listen(on: &HtmlElement, event: &str, then: impl FnMut(web_sys::Event) + 'static) {
    let callback = Closure::<dyn FnMut(web_sys::Event)>::new(then).into_js_value();
    // Passive: scrolling does not wait for us.
    let options = web_sys::AddEventListenerOptions::new();
    options.set_passive(true);
    let _ = on.add_event_listener_with_callback_and_add_event_listener_options(
        event,
        callback.unchecked_ref(),
        &options,
    );
}
