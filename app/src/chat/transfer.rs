//! Conversations out of Rivulet and into it: files to download, and files of
//! our own or other programs to read.

mod form;

use leptos::prelude::*;
use protocol::{ConversationId, api};

use super::state::ChatState;
use crate::ui::{
    Dialog, LazyPanel, LazyView,
    lazy::{self, wasm_split},
};

/// The dialog's id.
pub(crate) const DIALOG: &str = "transfer";

/// The dialog to import and export.
#[component]
pub(crate) fn Transfer() -> impl IntoView {
    let state = ChatState::use_here();
    view! {
        <Dialog id=DIALOG title="Import and export" wide=true>
            <LazyPanel load=load_transfer draw=move || transfer(state) />
        </Dialog>
    }
}

#[wasm_split(transfer, fallible, preload(load_transfer))]
fn transfer(state: ChatState) -> LazyView {
    lazy::drawn(view! { <form::TransferForm state=state /> })
}

/// The address of an export in this format.
pub(crate) fn address(path: &str, format: &str) -> String {
    format!("{path}?format={format}")
}

/// The path of the export of one conversation.
pub(crate) fn path_of(id: ConversationId) -> String {
    format!("{}/export", api::conversation(id))
}
