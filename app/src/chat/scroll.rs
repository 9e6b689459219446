//! Sticking to the bottom. The page remembers the scroll position that it
//! wrote itself; a scroll event that shows another one is the reader's, and
//! lets go at once. No timers and no guesses in pixels.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

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
    /// For how many frames more something is kept in its place.
    keeping: Cell<u32>,
    state: ChatState,
}

/// How many frames it takes until what has just been put into the page has its
/// height: what comes into view is laid out with the next frame.
const SETTLING_FRAMES: u32 = 3;

thread_local! {
    static STICK: RefCell<Option<Rc<Stick>>> = const { RefCell::new(None) };
}

/// Keeps what is about to be exchanged in its place: `before` is where in the
/// window it is, `now` where what takes its place has come to be.
pub(crate) fn keep_in_place(before: Option<f64>, now: impl Fn() -> Option<f64> + 'static) {
    let stick = STICK.with_borrow(Clone::clone);
    if let (Some(stick), Some(before)) = (stick, before) {
        stick.set_stuck(false);
        let _ = stick
            .scroller
            .style()
            .set_property("overflow-anchor", "none");
        stick.keeping.set(SETTLING_FRAMES);
        dom::on_next_frame(move || stick.keep(before, now));
    }
}

/// Whether the beginning of an element is in the transcript's window.
pub(crate) fn is_in_view(element: &Element) -> bool {
    STICK.with_borrow(|stick| {
        let top = element.get_bounding_client_rect().top();
        stick.as_ref().is_some_and(|stick| {
            let window = stick.scroller.get_bounding_client_rect();
            (window.top()..window.bottom()).contains(&top)
        })
    })
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
        keeping: Cell::new(0),
        state,
    });
    STICK.replace(Some(stick.clone()));
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

    // "Jump to latest" and sending both say that the reader is not away, and
    // going to a place in the text that the reader is.
    Effect::new(move || {
        let is_away = state.away.get();
        if !is_away {
            stick.set_stuck(true);
            stick.follow();
        } else if stick.stuck.get() {
            stick.set_stuck(false);
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
        if self.keeping.get() == 0 {
            self.set_stuck(self.is_at_bottom());
        }
    }

    /// Scrolls by as much as something has moved, frame by frame until the
    /// page has settled.
    fn keep(self: Rc<Self>, before: f64, now: impl Fn() -> Option<f64> + 'static) {
        if let Some(now) = now() {
            let at = self.scroller.scroll_top() + (now - before).round() as i32;
            self.scroller.set_scroll_top(at);
            self.wrote.set(self.scroller.scroll_top());
        }
        self.keeping.set(self.keeping.get().saturating_sub(1));
        if self.keeping.get() > 0 {
            dom::on_next_frame(move || self.keep(before, now));
        } else {
            self.set_stuck(self.is_at_bottom());
        }
    }

    /// Keeps the bottom in view while stuck.
    fn follow(&self) {
        if self.keeping.get() > 0 {
            return;
        }
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

pub(crate) fn listen(on: &Element, event: &str, then: impl FnMut(web_sys::Event) + 'static) {
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
