//! The list itself: as many rows as the reader has come to.

use leptos::prelude::*;
use protocol::ConversationId;
use wasm_bindgen::JsCast;

use super::{
    folder::{DropTarget, FolderHeading},
    item::ConversationItem,
    rows::{self, Row, Wanted},
};
use crate::{
    chat::{shelf, state::ChatState},
    client::dom,
    ui::{Icon, Symbol},
};

/// How near the end of the list the reader is when more rows are drawn, in
/// pixels.
const NEAR_PX: i32 = 600;
/// What the arrow keys go through.
const STOPS: &str = ".conversation-link:not(.selectable), .selectable input, .folder-toggle";

/// The rows, with the way into the archive and out of it.
#[component]
pub(super) fn ConversationList() -> impl IntoView {
    let state = ChatState::use_here();
    let shelf = state.shelf;
    let listed = Memo::new(move |_| with_wanted(state, shelf.limit.get(), rows::rows));
    let has_more = Memo::new(move |_| listed.with(|(_, has_more)| *has_more));
    let archived = Memo::new(move |_| {
        state
            .conversations
            .with(|all| all.iter().filter(|it| it.archived).count())
    });
    let is_empty = move || listed.with(|(rows, _)| rows.is_empty());
    let more = move || shelf.limit.update(|limit| *limit += shelf::ROWS);
    let on_scroll = move |event: web_sys::Event| {
        let list = event
            .current_target()
            .and_then(|it| it.dyn_into::<web_sys::Element>().ok());
        let is_near = list
            .is_some_and(|it| it.scroll_height() - it.scroll_top() - it.client_height() < NEAR_PX);
        if is_near && has_more.get_untracked() {
            more();
        }
    };
    view! {
        <div class="conversation-list" on:scroll=on_scroll>
            <div class="archive-head" class:absent=move || !shelf.archive.get()>
                <button
                    type="button"
                    id="leave-archive"
                    class="button quiet"
                    on:click=move |_| {
                        shelf.show_archive(false);
                        dom::focus("new-conversation");
                    }
                >
                    <Icon symbol=Symbol::Back />
                    "All conversations"
                </button>
                <h2>"Archived"</h2>
            </div>
            <ul>
                <For each=move || listed.with(|(rows, _)| rows.clone()) key=Row::key let(row)>
                    {drawn(row)}
                </For>
            </ul>
            <p class="hint" class:absent=move || !is_empty()>
                {move || match shelf.archive.get() {
                    true => "What you archive will be listed here.",
                    false => "Your conversations will be listed here.",
                }}
            </p>
            <div class:absent=move || !has_more.get()>
                <button type="button" class="button quiet show-more" on:click=move |_| more()>
                    <Icon symbol=Symbol::Down />
                    "Show more"
                </button>
                <p class="hint without-script">"Older ones are listed with JavaScript only."</p>
            </div>
            <button
                type="button"
                class="button quiet to-archive"
                class:absent=move || shelf.archive.get() || archived.get() == 0
                on:click=move |_| {
                    shelf.show_archive(true);
                    dom::focus("leave-archive");
                }
            >
                <Icon symbol=Symbol::Archive />
                "Archived"
                <span class="folder-count">{move || archived.get()}</span>
            </button>
        </div>
    }
}

fn drawn(row: Row) -> AnyView {
    match row {
        Row::Heading(label) => view! {
            <DropTarget folder=String::new() class="heading">
                <h2 class="group-label">{label}</h2>
            </DropTarget>
        }
        .into_any(),
        Row::Folder(name) => view! { <FolderHeading name=name /> }.into_any(),
        Row::AllPinned(_) => view! {
            <li class="hint filed">"All of its conversations are pinned."</li>
        }
        .into_any(),
        Row::Conversation(summary, filed) => {
            view! { <ConversationItem summary=summary filed=filed /> }.into_any()
        }
    }
}

/// The conversations of the list, in its order, drawn yet or not.
pub(super) fn shown(state: ChatState) -> Vec<ConversationId> {
    with_wanted(state, usize::MAX, rows::listed)
}

fn with_wanted<T>(
    state: ChatState,
    limit: usize,
    then: fn(&[protocol::ConversationSummary], &Wanted<'_>) -> T,
) -> T {
    state.shelf.closed.with(|closed| {
        let wanted = Wanted {
            archive: state.shelf.archive.get(),
            closed,
            clock: state.clock.get(),
            limit,
        };
        state.conversations.with(|all| then(all, &wanted))
    })
}

/// Moves the focus so many rows on. Gives whether it was in one.
pub(super) fn step(event: &web_sys::KeyboardEvent, by: i32) -> bool {
    let Some(here) = dom::closest(event, STOPS) else {
        return false;
    };
    let all = dom::document().and_then(|it| {
        let list = it.query_selector(".conversation-list").ok().flatten()?;
        list.query_selector_all(STOPS).ok()
    });
    let Some(all) = all else { return false };
    let at = |at: u32| all.item(at)?.dyn_into::<web_sys::HtmlElement>().ok();
    let now = (0..all.length()).find(|&it| at(it).is_some_and(|it| it.is_same_node(Some(&here))));
    let next = now.and_then(|now| at(now.checked_add_signed(by)?));
    if let Some(next) = next {
        let _ = next.focus();
    }
    now.is_some()
}
