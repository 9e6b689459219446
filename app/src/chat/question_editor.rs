//! Editing a question in its place: what is sent is another version of it, and
//! the conversation branches there.

use leptos::{html, prelude::*};
use protocol::MessageId;
use web_sys::KeyboardEvent;

use super::{
    state::{ChatState, ShownMessage},
    turn,
};
use crate::client::dom;

/// The most lines that the box is high without being told by the style.
const MOST_ROWS: usize = 12;
const BOX: &str = "edited-question";

/// A question being edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Editing {
    /// The key of its drawing.
    key: u64,
    /// What the box holds at first.
    text: String,
}

impl ChatState {
    /// Begins to edit a question.
    pub(crate) fn edit(&self, question: &ShownMessage) {
        let text = question.message.with_untracked(|it| it.text.clone());
        self.edit_as(question.key, text);
    }

    /// Goes on editing a question whose new version could not be sent.
    pub(crate) fn edit_again(&self, question: MessageId, text: String) {
        let question = self
            .tree
            .with_untracked(|all| all.iter().find(|it| it.id() == question).map(|it| it.key));
        if let Some(key) = question {
            self.edit_as(key, text);
        }
    }

    fn edit_as(&self, key: u64, text: String) {
        self.editing.set(Some(Editing { key, text }));
        dom::focus(BOX);
    }

    /// What the box holds at first where this question is being edited.
    pub(crate) fn edited(&self, key: u64) -> Option<String> {
        self.editing.with(|editing| {
            let editing = editing.as_ref().filter(|editing| editing.key == key)?;
            Some(editing.text.clone())
        })
    }
}

/// The box with the question's text, in the question's place.
#[component]
pub(crate) fn QuestionEditor(
    /// The question.
    question: ShownMessage,
    /// The text to begin with.
    text: String,
    /// The id of what has the focus after it.
    back_to: String,
) -> impl IntoView {
    let state = ChatState::use_here();
    let area = NodeRef::<html::Textarea>::new();
    let is_empty = RwSignal::new(text.trim().is_empty());
    let has_files = question
        .message
        .with_untracked(|it| !it.attachments.is_empty());
    let rows = text.split('\n').count().min(MOST_ROWS).to_string();
    let cancel = {
        move || {
            state.editing.set(None);
            dom::focus(&back_to);
        }
    };
    let save = move || {
        let Some(text) = area.get_untracked().map(|area| area.value()) else {
            return;
        };
        if text.trim().is_empty() && !has_files {
            return;
        }
        state.editing.set(None);
        turn::edit(state, &question, text);
    };
    let on_key = {
        let (save, cancel) = (save.clone(), cancel.clone());
        move |event: KeyboardEvent| {
            if dom::is_composing(&event) {
                return;
            }
            match event.key().as_str() {
                "Enter" if !event.shift_key() && !dom::is_touch() => save(),
                // It stops nothing that is being written.
                "Escape" => cancel(),
                _ => return,
            }
            event.prevent_default();
            event.stop_propagation();
        }
    };
    Effect::new(move || {
        if let Some(area) = area.get() {
            area.set_value(&text);
            let end = text.encode_utf16().count() as u32;
            let _ = area.set_selection_range(end, end);
        }
    });
    view! {
        <form
            class="question-editor"
            on:submit=move |event| {
                event.prevent_default();
                save();
            }
        >
            <textarea
                id=BOX
                node_ref=area
                rows=rows
                aria-label="Edit the question"
                autocomplete="off"
                on:input=move |_| {
                    if let Some(area) = area.get_untracked() {
                        is_empty.set(area.value().trim().is_empty());
                    }
                }
                on:keydown=on_key
            ></textarea>
            <div class="question-editor-row">
                <button type="button" class="button" on:click=move |_| cancel()>
                    "Cancel"
                </button>
                <button
                    type="submit"
                    class="button primary"
                    disabled=move || is_empty.get() && !has_files
                >
                    "Save and send"
                </button>
            </div>
        </form>
    }
}
