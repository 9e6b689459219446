//! What a click inside an answer does: copying, and following a footnote.

use web_sys::Element;

use super::state::ChatState;
use crate::client::dom;

/// How long a button says that it has copied, in milliseconds.
const COPIED_MS: u32 = 1_500;

/// Reacts to clicks on the copy buttons and footnotes inside drawn Markdown.
pub(crate) fn on_click(state: ChatState, event: &web_sys::MouseEvent) {
    if let Some(button) = dom::closest(event, "[data-copy]")
        && let Some(text) = code_beside(&button)
    {
        copy(state, button, text);
    }
    if let Some(reference) = dom::closest(event, ".footnote-reference a")
        && let Some(footnote) = footnote_of(&reference)
    {
        event.prevent_default();
        footnote.scroll_into_view();
    }
}

/// The footnote of this answer: another may have one of the same name.
fn footnote_of(reference: &Element) -> Option<Element> {
    let name = reference.get_attribute("href")?;
    let answer = reference.closest(".markdown").ok()??;
    answer
        .query_selector(&format!("[id=\"{}\"]", name.strip_prefix('#')?))
        .ok()?
}

/// Copies a text and lets the button say so for a moment.
pub(crate) fn copy(state: ChatState, button: Element, text: String) {
    wasm_bindgen_futures::spawn_local(async move {
        let done = if tell(state, &text).await {
            "copied"
        } else {
            "failed"
        };
        let _ = button.set_attribute("data-done", done);
        dom::sleep(COPIED_MS).await;
        let _ = button.remove_attribute("data-done");
    });
}

/// Copies a text where there is no button to say so.
pub(crate) fn copy_text(state: ChatState, text: String) {
    wasm_bindgen_futures::spawn_local(async move {
        tell(state, &text).await;
    });
}

/// Copies a text and tells a screen reader whether that went well.
async fn tell(state: ChatState, text: &str) -> bool {
    let copied = dom::copy(text).await;
    state.announce(if copied {
        "Copied"
    } else {
        "Could not be copied"
    });
    copied
}

fn code_beside(button: &Element) -> Option<String> {
    button
        .closest(".code-block")
        .ok()??
        .query_selector("code")
        .ok()??
        .text_content()
}
