//! A conversation in the list.

use leptos::{either::EitherOf3, prelude::*};
use protocol::{ConversationId, ConversationSummary, api};
use wasm_bindgen::JsCast;

use super::{menus, shown};
use crate::{
    chat::{conversations, keeping, shelf, state::ChatState, title_field::TitleField},
    client::dom,
    ui::{Icon, MenuButton, Symbol},
};

/// A row: a link to the conversation and a menu; while rows are selected, a box
/// to tick.
#[component]
pub(super) fn ConversationItem(
    /// Which conversation.
    summary: ConversationSummary,
    /// Whether it stands in a folder.
    filed: bool,
) -> impl IntoView {
    let state = ChatState::use_here();
    let id = summary.id;
    let editing = RwSignal::new(false);
    let is_temporary = summary.temporary;
    let title = StoredValue::new(summary.title);
    let content = move || {
        if editing.get() {
            let done = move |title: Option<String>| {
                editing.set(false);
                if let Some(title) = title {
                    keeping::rename(state, id, &title);
                }
            };
            EitherOf3::A(view! {
                <TitleField
                    label="Title of the conversation"
                    title=title.get_value()
                    back_to=shelf::row(id)
                    done=Callback::new(done)
                />
            })
        } else if state.shelf.selecting.get() {
            EitherOf3::B(view! { <Selectable id=id title=title.get_value() /> })
        } else {
            EitherOf3::C(view! {
                <ConversationLink
                    id=id
                    title=title.get_value()
                    is_temporary=is_temporary
                    editing=editing
                />
            })
        }
    };
    view! {
        <li
            class="conversation-item"
            class:filed=filed
            class:fresh=move || state.shelf.fresh.get() == Some(id)
            on:contextmenu=open_menu
            on:dragstart=move |_| state.shelf.dragged.set(Some(id))
            on:dragend=move |_| state.shelf.dragged.set(None)
        >
            {content}
        </li>
    }
}

#[component]
fn ConversationLink(
    id: ConversationId,
    title: String,
    is_temporary: bool,
    editing: RwSignal<bool>,
) -> impl IntoView {
    let state = ChatState::use_here();
    let open = move |event: web_sys::MouseEvent| {
        if !dom::is_modified(&event) {
            event.prevent_default();
            conversations::open(state, Some(id));
        }
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        match event.key().as_str() {
            "F2" => editing.set(true),
            "Delete" => keeping::delete(state, vec![id]),
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <a
            id=shelf::row(id)
            class="conversation-link"
            href=api::conversation_page(id)
            aria-current=move || (state.current.get() == Some(id)).then_some("page")
            title=title.clone()
            on:click=open
            on:dblclick=move |_| editing.set(true)
            on:keydown=on_key
        >
            {title.clone()}
        </a>
        {move || {
            state
                .shelf
                .written
                .with(|written| written.contains(&id))
                .then(|| {
                    view! {
                        <span
                            class="row-mark"
                            role="img"
                            aria-label="An answer is being written"
                            title="An answer is being written"
                        >
                            <span class="pulse"></span>
                        </span>
                    }
                })
        }}
        {is_temporary
            .then(|| {
                view! {
                    <span class="row-mark" role="img" aria-label="Temporary" title="Temporary: not stored">
                        <Icon symbol=Symbol::Temporary />
                    </span>
                }
            })}
        <MenuButton
            label=format!("More for {title}")
            class="item-action"
            items=move || menus::of_row(state, id, editing)
        >
            <Icon symbol=Symbol::More />
        </MenuButton>
    }
}

#[component]
fn Selectable(id: ConversationId, title: String) -> impl IntoView {
    let state = ChatState::use_here();
    view! {
        <label class="conversation-link selectable">
            <input
                type="checkbox"
                id=shelf::row(id)
                prop:checked=move || state.shelf.selected.with(|selected| selected.contains(&id))
                on:click=move |event: web_sys::MouseEvent| {
                    state.shelf.pick(id, event.shift_key(), &shown(state));
                }
            />
            <span>{title}</span>
        </label>
    }
}

/// A press with the other button, a long one with the finger, and the key for
/// it open the row's menu.
pub(super) fn open_menu(event: web_sys::MouseEvent) {
    if event.shift_key() {
        return;
    }
    let button = dom::closest(&event, ".conversation-item")
        .and_then(|row| row.query_selector(".item-action").ok().flatten())
        .and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(button) = button {
        event.prevent_default();
        button.click();
    }
}
