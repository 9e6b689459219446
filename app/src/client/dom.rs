//! Small windows onto the document and the browser.

use std::cell::RefCell;

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Document, Element, HtmlElement, Window};

#[cfg(feature = "hydrate")]
use crate::shell::PageData;

pub(crate) fn window() -> Option<Window> {
    web_sys::window()
}

pub(crate) fn document() -> Option<Document> {
    window()?.document()
}

/// The data that the server drew the page from.
#[cfg(feature = "hydrate")]
pub(crate) fn page_data() -> Option<PageData> {
    let json = document()?.get_element_by_id("page-data")?.text_content()?;
    protocol::json::from_str(&json).ok()
}

/// Says that the page now reacts; tests wait for it, and style may use it.
#[cfg(feature = "hydrate")]
pub(crate) fn mark_hydrated() {
    if let Some(body) = document().and_then(|document| document.body()) {
        let _ = body.set_attribute("data-hydrated", "");
    }
}

/// Writes to the browser's console: the only log a page has.
#[cfg(feature = "hydrate")]
pub(crate) fn log_error(message: &str) {
    leptos::logging::error!("{message}");
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> f64 {
    js_sys::Date::now()
}

/// The text in lower case. The browser does it in the browser, as the tables
/// of Unicode would add 7 KB to the page.
pub(crate) fn lower_case(text: &str) -> String {
    if cfg!(target_arch = "wasm32") {
        js_sys::JsString::from(text).to_lower_case().into()
    } else {
        text.to_lowercase()
    }
}

/// How far local time is ahead of UTC, in milliseconds.
pub(crate) fn utc_offset_ms() -> i64 {
    -(js_sys::Date::new_0().get_timezone_offset() as i64) * 60_000
}

/// Milliseconds on a clock that never jumps.
pub(crate) fn monotonic_ms() -> f64 {
    window()
        .and_then(|window| window.performance())
        .map_or_else(now_ms, |clock| clock.now())
}

/// Sixteen random bytes, good enough for an id.
pub(crate) fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    let filled = window()
        .and_then(|window| window.crypto().ok())
        .and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).ok());
    if filled.is_none() {
        bytes.fill_with(|| (js_sys::Math::random() * 256.0) as u8);
    }
    bytes
}

/// Calls `then` before the next frame is drawn.
pub(crate) fn on_next_frame(then: impl FnOnce() + 'static) {
    let callback = Closure::once_into_js(then);
    if let Some(window) = window() {
        let _ = window.request_animation_frame(callback.unchecked_ref());
    }
}

/// Resolves after that many milliseconds.
pub(crate) async fn sleep(ms: u32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        if let Some(window) = window() {
            let _ =
                window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms as i32);
        }
    });
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}

/// Whether a media query matches now.
pub(crate) fn matches_media(query: &str) -> bool {
    window()
        .and_then(|window| window.match_media(query).ok().flatten())
        .is_some_and(|list| list.matches())
}

/// Whether the main pointer is a finger: then Enter is a new line and focus
/// would raise a keyboard.
pub(crate) fn is_touch() -> bool {
    matches_media("(pointer: coarse)")
}

/// Whether the browser knows itself to be offline.
pub(crate) fn is_offline() -> bool {
    window().is_some_and(|window| !window.navigator().on_line())
}

/// Whether the tab is in view.
pub(crate) fn is_visible() -> bool {
    document()
        .is_none_or(|document| document.visibility_state() == web_sys::VisibilityState::Visible)
}

/// Listens on the window for as long as the page lives.
pub(crate) fn on_window(event: &str, then: impl FnMut(web_sys::Event) + 'static) {
    let callback = Closure::<dyn FnMut(web_sys::Event)>::new(then).into_js_value();
    if let Some(window) = window() {
        let _ = window.add_event_listener_with_callback(event, callback.unchecked_ref());
    }
}

/// As [`on_window`], but before anything on the page has the event.
pub(crate) fn on_window_first(event: &str, then: impl FnMut(web_sys::Event) + 'static) {
    let callback = Closure::<dyn FnMut(web_sys::Event)>::new(then).into_js_value();
    if let Some(window) = window() {
        let _ =
            window.add_event_listener_with_callback_and_bool(event, callback.unchecked_ref(), true);
    }
}

/// Listens on the document for as long as the page lives.
pub(crate) fn on_document(event: &str, then: impl FnMut(web_sys::Event) + 'static) {
    let callback = Closure::<dyn FnMut(web_sys::Event)>::new(then).into_js_value();
    if let Some(document) = document() {
        let _ = document.add_event_listener_with_callback(event, callback.unchecked_ref());
    }
}

/// Sets a `data-` attribute of the document, or removes it: what the style
/// sheet looks at and the document's first script restores before the first
/// paint.
pub(crate) fn set_document_data(name: &str, value: Option<&str>) {
    let Some(root) = document().and_then(|document| document.document_element()) else {
        return;
    };
    let name = format!("data-{name}");
    let _ = match value {
        Some(value) => root.set_attribute(&name, value),
        None => root.remove_attribute(&name),
    };
}

thread_local! {
    /// What is to have the focus in the next frame, and what had it when that
    /// was asked for.
    static WANTED: RefCell<Option<(String, Option<Element>)>> = const { RefCell::new(None) };
}

/// Gives the element with this id the focus, once what was changed before is
/// drawn: a hidden element takes none. The last call counts, unless the focus
/// has gone elsewhere by then.
pub(crate) fn focus(id: &str) {
    let wanted = Some((id.to_owned(), focused()));
    if WANTED.replace(wanted).is_some() {
        return;
    }
    on_next_frame(|| {
        let Some((id, before)) = WANTED.take() else {
            return;
        };
        let now = focused();
        if (now.is_none() || now == before)
            && let Some(element) = element::<HtmlElement>(&id)
        {
            let _ = element.focus();
        }
    });
}

/// The element that has the focus.
pub(crate) fn focused() -> Option<Element> {
    let active = document()?.active_element()?;
    // Where nothing else has it, the body does.
    (active.tag_name() != "BODY").then_some(active)
}

/// The element with this id.
pub(crate) fn element<T: JsCast>(id: &str) -> Option<T> {
    document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// The nearest element around an event's target that matches a selector.
pub(crate) fn closest(event: &web_sys::Event, selector: &str) -> Option<Element> {
    event
        .target()?
        .dyn_into::<Element>()
        .ok()?
        .closest(selector)
        .ok()?
}

/// Puts text on the clipboard, also where the page is not served securely
/// and the modern way is closed. Returns whether it worked.
pub(crate) async fn copy(text: &str) -> bool {
    let Some(window) = window() else { return false };
    if window.is_secure_context() {
        let written = window.navigator().clipboard().write_text(text);
        return wasm_bindgen_futures::JsFuture::from(written).await.is_ok();
    }
    copy_by_selection(text).is_some_and(|copied| copied)
}

fn copy_by_selection(text: &str) -> Option<bool> {
    let document = document()?.dyn_into::<web_sys::HtmlDocument>().ok()?;
    let area: web_sys::HtmlTextAreaElement =
        document.create_element("textarea").ok()?.dyn_into().ok()?;
    area.set_value(text);
    area.set_class_name("off-screen");
    document.body()?.append_child(&area).ok()?;
    area.select();
    let copied = document.exec_command("copy").unwrap_or(false);
    area.remove();
    Some(copied)
}

/// Downloads what is at an address of ours, as a link would.
pub(crate) fn download(address: &str) {
    let link = document().and_then(|document| document.create_element("a").ok());
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        let _ = link.set_attribute("href", address);
        let _ = link.set_attribute("download", "");
        link.click();
    }
}

/// Sets the title of the tab.
pub(crate) fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// Whether a click asks for what links do by themselves: a new tab, a window,
/// a download.
pub(crate) fn is_modified(event: &web_sys::MouseEvent) -> bool {
    event.button() != 0
        || event.ctrl_key()
        || event.meta_key()
        || event.shift_key()
        || event.alt_key()
}

/// Whether a key belongs to an input method that is still composing. Safari
/// ends the composition before the key event, hence key code 229.
pub(crate) fn is_composing(event: &web_sys::KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == 229
}
