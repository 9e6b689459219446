//! The box to write in. Without JavaScript it is a form that comes back with
//! the whole answer.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{
    attaching::{self, AttachButton, Attached},
    model_picker::ModelPicker,
    queue::Queue,
    settings::SettingsButton,
    state::ChatState,
    steering::SteeringControls,
    stop_button::SendOrStop,
    turn,
};
use crate::client::{dom, storage};

/// Gives the box the focus, unless that would raise a keyboard on a phone.
pub(crate) fn focus() {
    if !dom::is_touch() {
        dom::focus("composer");
    }
}

/// The composer with its queue.
#[component]
pub(crate) fn Composer() -> impl IntoView {
    let state = ChatState::use_here();
    let area = NodeRef::<leptos::html::Textarea>::new();

    // What was typed before the page came alive is taken over, once; from
    // then on the box shows the draft.
    Effect::new(move |before: Option<()>| {
        let draft = state.draft.get();
        let Some(area) = area.get() else { return };
        if before.is_none() && draft.is_empty() && !area.value().is_empty() {
            state.draft.set(area.value());
        } else if area.value() != draft {
            area.set_value(&draft);
        }
        fit(&area);
    });

    let on_input = move |_| {
        let Some(area) = area.get_untracked() else {
            return;
        };
        let text = area.value();
        storage::set(&storage::draft_key(state.current.get_untracked()), &text);
        state.draft.set(text);
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let sends = event.key() == "Enter"
            && !event.shift_key()
            && !dom::is_composing(&event)
            && !dom::is_touch();
        if sends {
            event.prevent_default();
            turn::send_draft(state);
        }
    };
    let on_submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        turn::send_draft(state);
        if let Some(area) = area.get_untracked() {
            let _ = area.focus();
        }
    };

    view! {
        <Queue />
        <Attached />
        <form class="composer" method="post" action="/ask" on:submit=on_submit>
            <input
                type="hidden"
                name="conversation"
                value=move || state.current.get().map(|id| id.to_string())
            />
            <label class="visually-hidden" for="composer">
                "Message"
            </label>
            <textarea
                id="composer"
                name="text"
                rows="1"
                node_ref=area
                placeholder="Ask anything"
                dir="auto"
                enterkeyhint="enter"
                autocomplete="off"
                on:input=on_input
                on:keydown=on_key
                on:paste=move |event| attaching::on_paste(state, &event)
            >
                {escaped(&state.draft.get_untracked())}
            </textarea>
            <div class="composer-row">
                <div class="pickers">
                    <AttachButton />
                    <ModelPicker />
                    <SteeringControls />
                    <SettingsButton />
                </div>
                <SendOrStop />
            </div>
        </form>
    }
}

/// The text as the content of a textarea, which the server's renderer does not
/// escape. A first line end would be taken for the markup's own.
fn escaped(text: &str) -> String {
    if cfg!(feature = "ssr") {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        if text.starts_with('\n') {
            format!("\n{text}")
        } else {
            text
        }
    } else {
        text.to_owned()
    }
}

/// Makes the box as high as its text, up to the cap that the style sets, in
/// browsers that do not know `field-sizing: content`. Measuring makes the
/// browser lay the page out, so the others are spared it at each key.
fn fit(area: &web_sys::HtmlTextAreaElement) {
    if web_sys::css::supports_with_value("field-sizing", "content").unwrap_or(false) {
        return;
    }
    let style = area.unchecked_ref::<web_sys::HtmlElement>().style();
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", area.scroll_height()));
}
