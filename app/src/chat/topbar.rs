//! The bar above the conversation: its title and what can be done with it.

use leptos::{either::Either, prelude::*};

use super::{
    conversations, keeping,
    sidebar::{self, SidebarToggle},
    state::ChatState,
    temporary::{TemporaryMark, TemporaryToggle},
    title_field::TitleField,
};
use crate::{
    client::dom,
    ui::{Icon, MenuButton, Symbol},
};

/// The bar above the conversation.
#[component]
pub(crate) fn TopBar() -> impl IntoView {
    let state = ChatState::use_here();
    let row = Memo::new(move |_| {
        let current = state.current.get()?;
        state
            .conversations
            .with(|all| all.iter().find(|it| it.id == current).cloned())
    });
    let title = move || match (state.current.get(), row.get()) {
        (_, Some(row)) => row.title,
        (Some(_), None) => "Conversation".to_owned(),
        (None, None) => "New conversation".to_owned(),
    };
    // Whoever goes elsewhere does not go on editing there.
    Effect::new(move || {
        state.current.track();
        state.shelf.titling.maybe_update(std::mem::take);
    });
    let heading = move || match (state.shelf.titling.get(), row.get_untracked()) {
        (true, Some(row)) => {
            let done = move |title: Option<String>| {
                state.shelf.titling.set(false);
                if let Some(title) = title {
                    keeping::rename(state, row.id, &title);
                }
            };
            Either::Left(view! {
                <TitleField
                    label="Title of the conversation"
                    title=row.title
                    back_to="composer".to_owned()
                    done=Callback::new(done)
                />
            })
        }
        _ => Either::Right(view! { <h1 class="topbar-title">{title}</h1> }),
    };
    let is_archived = move || row.with(|row| row.as_ref().is_some_and(|it| it.archived));
    let is_temporary = move || row.with(|row| row.as_ref().is_some_and(|it| it.temporary));
    // A menu that is open stays while the row changes.
    let has_row = Memo::new(move |_| row.with(Option::is_some));
    view! {
        <header class="topbar">
            <SidebarToggle />
            {heading}
            <span class="chip" class:absent=move || !is_archived()>
                "Archived"
            </span>
            {move || is_temporary().then(|| view! { <TemporaryMark /> })}
            {move || state.current.get().is_none().then(|| view! { <TemporaryToggle /> })}
            <a
                class="button topbar-new"
                href="/"
                aria-label="New conversation"
                on:click=move |event| {
                    if !dom::is_modified(&event) {
                        event.prevent_default();
                        conversations::open(state, None);
                    }
                }
            >
                <Icon symbol=Symbol::New />
            </a>
            {move || {
                has_row.get()
                    .then(|| {
                        view! {
                            <MenuButton
                                label="More for this conversation"
                                class="topbar-menu"
                                items=move || sidebar::of_shown(state)
                            >
                                <Icon symbol=Symbol::More />
                            </MenuButton>
                        }
                    })
            }}
        </header>
    }
}
