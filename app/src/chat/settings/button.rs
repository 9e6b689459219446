//! The button beside the box that opens the settings, and their dialog.

use leptos::prelude::*;

use super::{
    super::state::ChatState,
    panel::{load_settings, settings_panel},
    words,
};
use crate::ui::{Dialog, Icon, LazyPanel, Symbol, dialog, lazy};

const DIALOG: &str = "settings";

/// Opens the settings; marked where something differs from the defaults.
#[component]
pub(crate) fn SettingsButton() -> impl IntoView {
    let state = ChatState::use_here();
    let differs = Memo::new(move |_| state.settings.with(words::differs));
    let label = move || match differs.get() {
        true => "Settings of this conversation, changed from the defaults",
        false => "Settings of this conversation",
    };
    view! {
        <button
            type="button"
            class="button settings-button"
            class:marked=move || differs.get()
            aria-haspopup="dialog"
            aria-label=label
            title=label
            disabled=move || state.loading.get()
            on:pointerenter=move |_| lazy::load_ahead(load_settings)
            on:focus=move |_| lazy::load_ahead(load_settings)
            on:click=move |_| show()
        >
            <Icon symbol=Symbol::Settings />
        </button>
    }
}

/// The dialog with the settings.
#[component]
pub(crate) fn SettingsDialog() -> impl IntoView {
    let state = ChatState::use_here();
    view! {
        <Dialog id=DIALOG title="Settings of this conversation" wide=true back_to="composer">
            <LazyPanel load=load_settings draw=move || settings_panel(state) />
        </Dialog>
    }
}

/// Opens the settings.
pub(crate) fn show() {
    dialog::show(DIALOG);
}
