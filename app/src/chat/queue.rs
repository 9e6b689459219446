//! Messages typed while an answer is being written: they wait in view, can be
//! changed or dropped, and go out in order.

use std::sync::atomic::{AtomicU64, Ordering};

use leptos::prelude::*;
use protocol::Attachment;

use super::{
    attaching, composer, conversations,
    message_attachments::MessageAttachments,
    state::{ChatState, ShownMessage},
    turn,
};
use crate::{
    client::dom,
    ui::{Icon, Symbol},
};

/// A message that waits.
#[derive(Clone, PartialEq)]
pub(crate) struct Waiting {
    key: u64,
    /// Its text.
    pub(crate) text: String,
    /// What goes with it.
    pub(crate) attachments: Vec<Attachment>,
}

/// Puts a message at the end of the queue.
pub(crate) fn push(state: ChatState, text: String, attachments: Vec<Attachment>) {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    let waiting = Waiting {
        key: KEYS.fetch_add(1, Ordering::Relaxed),
        text,
        attachments,
    };
    state.queue.update(|queue| queue.push(waiting));
    state
        .announcement
        .set("Will be sent when this answer is done".to_owned());
}

/// Puts what waits back into the box.
pub(crate) fn give_back(state: ChatState) {
    let waiting = state.queue.try_update(std::mem::take).unwrap_or_default();
    if waiting.is_empty() {
        return;
    }
    for waiting in waiting.iter().rev() {
        attaching::put_back(state, waiting.attachments.clone());
    }
    let texts: Vec<_> = waiting.into_iter().map(|waiting| waiting.text).collect();
    let waiting = conversations::joined(&texts);
    state
        .draft
        .update(|draft| *draft = conversations::joined(&[&waiting, draft]));
    let conversation = state.current.get_untracked();
    conversations::keep_draft(conversation, &[state.draft.get_untracked()]);
}

/// Puts what waits back into the box once the answer that it waits for is not
/// on the path shown any more: it was not meant to follow another one.
pub(crate) fn give_back_without(state: ChatState, awaited: Option<&ShownMessage>) {
    if awaited.is_some_and(|awaited| !state.shows(awaited)) {
        give_back(state);
    }
}

/// Sends the first message that waits, unless an answer is being written or
/// the message itself changed.
pub(crate) fn send_next(state: ChatState) {
    if untrack(|| state.running()).is_some() {
        return;
    }
    let next = state.queue.try_update(|queue| {
        let first = queue.first()?;
        let is_edited = state.queue_edited.get_untracked() == Some(first.key);
        (!is_edited).then(|| queue.remove(0))
    });
    if let Some(next) = next.flatten() {
        turn::send(state, next.text, next.attachments);
    }
}

/// The messages that wait.
#[component]
pub(crate) fn Queue() -> impl IntoView {
    let state = ChatState::use_here();
    let is_empty = Memo::new(move |_| state.queue.with(Vec::is_empty));
    view! {
        <ul class="queue" class:absent=move || is_empty.get() aria-label="Waiting to be sent">
            <For each=move || state.queue.get() key=|waiting| (waiting.key, waiting.text.clone()) let(waiting)>
                <Item waiting=waiting />
            </For>
        </ul>
    }
}

#[component]
fn Item(waiting: Waiting) -> impl IntoView {
    let state = ChatState::use_here();
    let Waiting {
        key,
        text,
        attachments,
    } = waiting;
    let is_edited = move || state.queue_edited.get() == Some(key);
    let area = NodeRef::<leptos::html::Textarea>::new();
    Effect::new(move || {
        if is_edited()
            && let Some(area) = area.get()
        {
            let _ = area.focus();
        }
    });
    let end = move || {
        state.queue_edited.set(None);
        composer::focus();
        send_next(state);
    };
    let save = move || {
        let changed = area.get_untracked().map(|area| area.value());
        state.queue.update(|queue| {
            let found = queue.iter_mut().find(|waiting| waiting.key == key);
            if let (Some(waiting), Some(changed)) = (found, changed) {
                waiting.text = changed;
            }
            queue.retain(|waiting| {
                !waiting.text.trim().is_empty() || !waiting.attachments.is_empty()
            });
        });
        end();
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if dom::is_composing(&event) {
            return;
        }
        match event.key().as_str() {
            "Enter" if !event.shift_key() && !dom::is_touch() => {
                event.prevent_default();
                save();
            }
            "Escape" => {
                event.prevent_default();
                event.stop_propagation();
                end();
            }
            _ => {}
        }
    };
    let shown = text.clone();
    view! {
        <li class="queued">
            <span class="queued-mark">"Next"</span>
            <MessageAttachments attachments=attachments />
            <span class="queued-text" class:absent=is_edited>
                {shown}
            </span>
            {move || {
                is_edited()
                    .then(|| {
                        view! {
                            <textarea
                                class="queued-editor"
                                aria-label="Change the waiting message"
                                rows="2"
                                node_ref=area
                                prop:value=text.clone()
                                on:keydown=on_key
                            ></textarea>
                            <button type="button" class="button" on:click=move |_| save()>
                                "Save"
                            </button>
                        }
                    })
            }}
            <button
                type="button"
                class="button"
                class:absent=is_edited
                aria-label="Change this message"
                on:click=move |_| state.queue_edited.set(Some(key))
            >
                <Icon symbol=Symbol::Edit />
            </button>
            <button
                type="button"
                class="button"
                aria-label="Do not send this"
                on:click=move |_| {
                    state.queue.update(|queue| queue.retain(|waiting| waiting.key != key));
                    end();
                }
            >
                <Icon symbol=Symbol::Close />
            </button>
        </li>
    }
}
