//! The address bar: two pages, `/` and `/c/{conversation}`.

use protocol::{ConversationId, api};
use wasm_bindgen::JsValue;

/// The conversation that the address names.
pub(crate) fn conversation() -> Option<ConversationId> {
    let path = web_sys::window()?.location().pathname().ok()?;
    path.strip_prefix("/c/")?.trim_end_matches('/').parse().ok()
}

/// Shows a conversation's address as a new place to come back to.
pub(crate) fn push(conversation: Option<ConversationId>) {
    if let Some(history) = history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&path(conversation)));
    }
}

/// Shows a conversation's address instead of the present one.
pub(crate) fn replace(conversation: Option<ConversationId>) {
    if let Some(history) = history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path(conversation)));
    }
}

fn path(conversation: Option<ConversationId>) -> String {
    conversation.map_or_else(|| "/".to_owned(), api::conversation_page)
}

fn history() -> Option<web_sys::History> {
    web_sys::window()?.history().ok()
}
