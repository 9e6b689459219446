//! What this browser remembers: drafts, the chosen model and what matters in
//! the choice of one, the sidebar.

use protocol::ConversationId;
use web_sys::Storage;

fn storage() -> Option<Storage> {
    // Refused in some private modes; the page then forgets, and works.
    web_sys::window()?.local_storage().ok().flatten()
}

pub(crate) fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Remembers a value; an empty one is forgotten.
pub(crate) fn set(key: &str, value: &str) {
    let Some(storage) = storage() else { return };
    // A full storage loses a draft's copy, not the draft.
    let _ = if value.is_empty() {
        storage.remove_item(key)
    } else {
        storage.set_item(key, value)
    };
}

/// Where the draft of a conversation is kept; `None` is the empty page's.
pub(crate) fn draft_key(conversation: Option<ConversationId>) -> String {
    conversation.map_or_else(
        || "rivulet.draft".to_owned(),
        |id| format!("rivulet.draft.{id}"),
    )
}

/// Where settings of a conversation are kept until the server has them.
pub(crate) fn settings_key(conversation: ConversationId) -> String {
    format!("rivulet.settings.{conversation}")
}

pub(crate) const MODEL: &str = "rivulet.model";
pub(crate) const PREFER: &str = "rivulet.prefer";
pub(crate) const MAX_COST: &str = "rivulet.max_cost";
pub(crate) const FOLDERS: &str = "rivulet.folders";
pub(crate) const SIDEBAR: &str = "rivulet.sidebar";
pub(crate) const THEME: &str = "rivulet.theme";
