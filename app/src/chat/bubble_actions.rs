//! Copying what was answered.

use web_sys::Element;

use crate::client::dom;

/// How long a button says that it has copied, in milliseconds.
const COPIED_MS: u32 = 1_500;

/// Reacts to clicks on the copy buttons inside drawn Markdown.
pub(crate) fn on_click(event: web_sys::MouseEvent) {
    if let Some(button) = dom::closest(&event, "[data-copy]")
        && let Some(text) = code_beside(&button)
    {
        copy(button, text);
    }
}

/// Copies a text and lets the button say so for a moment.
pub(crate) fn copy(button: Element, text: String) {
    wasm_bindgen_futures::spawn_local(async move {
        let done = if dom::copy(&text).await {
            "copied"
        } else {
            "failed"
        };
        let _ = button.set_attribute("data-done", done);
        dom::sleep(COPIED_MS).await;
        let _ = button.remove_attribute("data-done");
    });
}

fn code_beside(button: &Element) -> Option<String> {
    button
        .closest(".code-block")
        .ok()??
        .query_selector("code")
        .ok()??
        .text_content()
}
