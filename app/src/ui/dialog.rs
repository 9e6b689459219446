//! A dialog above the page: the browser's own, shown modally. It takes the
//! focus and gives it back, Escape and a press beside it close it, what it
//! holds scrolls inside, and on a phone it fills the screen.
//!
//! ```ignore
//! view! { <Dialog id="shortcuts" title="Shortcuts"><List /></Dialog> }
//! // From anywhere in the page:
//! on:click=move |_| dialog::show("shortcuts")
//! ```

use leptos::{prelude::*, text_prop::TextProp};
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlDialogElement, HtmlElement};

use super::{Icon, Symbol};
use crate::client::dom;

/// A dialog, closed at first. Its content is there only while it is open, so
/// it may be a [`super::LazyPanel`]; what is to have the focus first can ask
/// for it with [`dom::focus`] as it is mounted. Without that the title has it,
/// where a screen reader begins to read.
#[component]
pub(crate) fn Dialog(
    /// Its id on the page, by which it is shown.
    id: &'static str,
    /// What it is called.
    #[prop(into)]
    title: TextProp,
    /// Whether it takes the room of a form rather than of a few lines.
    #[prop(optional)]
    wide: bool,
    /// The id of what gets the focus after it where what had it before is
    /// gone.
    #[prop(optional)]
    back_to: Option<&'static str>,
    /// What is in it.
    children: ChildrenFn,
) -> impl IntoView {
    let opened = RwSignal::new(false);
    // A press that began beside it closes it; one that began in it, as when a
    // text is selected, does not, wherever it ends.
    let pressed_beside = StoredValue::new(false);
    let is_beside = |event: &web_sys::Event| event.target() == event.current_target();
    let title_id = title_of(id);
    let labelled_by = title_id.clone();
    view! {
        <dialog
            id=id
            class="dialog"
            class:wide=wide
            aria-labelledby=labelled_by
            // The focus moves into a dialog that opens.
            on:focusin=move |_| opened.maybe_update(|opened| !std::mem::replace(opened, true))
            on:close=move |_| {
                // It comes late: the dialog may be open again.
                if dom::element::<HtmlDialogElement>(id).is_some_and(|it| it.open()) {
                    return;
                }
                opened.set(false);
                if let (Some(back_to), None) = (back_to, dom::focused()) {
                    dom::focus(back_to);
                }
            }
            // What a browser does by itself lacks the cursor: see `close`.
            on:keydown=move |event| {
                let is_own = dom::closest(&event, "select").is_none()
                    && !event.default_prevented()
                    && !dom::is_composing(&event);
                if event.key() == "Escape" && is_own {
                    event.prevent_default();
                    close(id);
                }
            }
            on:pointerdown=move |event| pressed_beside.set_value(is_beside(&event))
            on:click=move |event| {
                if is_beside(&event) && pressed_beside.get_value() {
                    close(id);
                }
            }
        >
            <div class="dialog-sheet">
                <header class="dialog-head">
                    <h2 id=title_id tabindex="-1">
                        {move || title.get()}
                    </h2>
                    <button
                        type="button"
                        class="button"
                        aria-label="Close"
                        on:click=move |_| close(id)
                    >
                        <Icon symbol=Symbol::Close />
                    </button>
                </header>
                <div class="dialog-body">{move || opened.get().then(|| children())}</div>
            </div>
        </dialog>
    }
}

/// Opens the dialog with this id and moves the focus into it.
pub(crate) fn show(id: &str) {
    if let Some(dialog) = dom::element::<HtmlDialogElement>(id)
        && !dialog.open()
        && dialog.show_modal().is_ok()
        && let Some(title) = dom::element::<HtmlElement>(&title_of(id))
    {
        let _ = title.focus();
    }
}

/// Closes the dialog with this id; the focus goes back to where it was.
pub(crate) fn close(id: &str) {
    if let Some(dialog) = dom::element::<HtmlDialogElement>(id) {
        dialog.close();
        // Chromium gives the focus back to a box of text, but not the cursor.
        let focused = dom::focused().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        if let Some(text) = focused.filter(|it| it.matches("textarea, input").unwrap_or(false)) {
            let options = FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = text.blur();
            let _ = text.focus_with_options(&options);
        }
    }
}

/// Whether any dialog is open: then keys are its own, and not the page's.
pub(crate) fn is_any_open() -> bool {
    let open = dom::document().and_then(|it| it.query_selector("dialog[open]").ok().flatten());
    open.is_some_and(|it| it.is_instance_of::<HtmlDialogElement>())
}

fn title_of(id: &str) -> String {
    format!("{id}-title")
}
