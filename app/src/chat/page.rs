//! The chat screen as a whole.

use leptos::prelude::*;

use super::{
    composer::Composer,
    conversations,
    problem_notice::ProblemNotice,
    scroll,
    shortcuts::{self, Shortcuts},
    sidebar::{Sidebar, SidebarToggle},
    state::ChatState,
    transcript_view::TranscriptView,
    turn,
};
use crate::{
    client::{dom, history, storage, tabs},
    shell::PageData,
    ui::{Icon, Symbol},
};

/// The chat screen.
#[component]
pub fn ChatPage(
    /// What to draw at first.
    data: PageData,
) -> impl IntoView {
    let state = ChatState::new(&data);
    provide_context(state);
    Effect::new(move |done: Option<()>| {
        if done.is_none() {
            untrack(|| wake(state));
        }
    });
    Effect::new(move || {
        let title = state.title();
        dom::set_title(&title.map_or_else(|| "Rivulet".to_owned(), |it| format!("{it} · Rivulet")));
    });

    view! {
        <div class="app">
            <a class="skip-link" href="#composer">
                "Skip to the message box"
            </a>
            <Sidebar />
            <main class="main">
                <header class="topbar">
                    <SidebarToggle />
                    <h1 class="topbar-title">
                        {move || state.title().unwrap_or_else(|| "New conversation".to_owned())}
                    </h1>
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
                </header>
                <TranscriptView />
                <div class="dock">
                    {move || {
                        state
                            .away
                            .get()
                            .then(|| {
                                view! {
                                    <button
                                        type="button"
                                        class="button jump"
                                        on:click=move |_| state.away.set(false)
                                    >
                                        <Icon symbol=Symbol::Down />
                                        "Jump to latest"
                                    </button>
                                }
                            })
                    }}
                    <div class="notices">
                        {move || {
                            state
                                .offline
                                .get()
                                .then(|| {
                                    view! {
                                        <p class="notice" role="status">
                                            <span class="pulse"></span>
                                            "Connection lost. Nothing is lost with it; reconnecting…"
                                        </p>
                                    }
                                })
                        }}
                        {move || {
                            state
                                .send_problem
                                .get()
                                .map(|problem| {
                                    view! {
                                        <ProblemNotice
                                            problem=problem
                                            on_close=move || state.send_problem.set(None)
                                        />
                                    }
                                })
                        }}
                    </div>
                    <Composer />
                </div>
            </main>
            <p class="visually-hidden" role="status">
                {move || state.announcement.get()}
            </p>
            <UndoToast />
            <Shortcuts />
        </div>
    }
}

/// The offer to take a delete back.
#[component]
fn UndoToast() -> impl IntoView {
    let state = ChatState::use_here();
    move || {
        state.deleted.get().map(|summary| {
            view! {
                <div class="toast" role="alert">
                    <span class="toast-text">"Deleted “" {summary.title} "”"</span>
                    <button
                        type="button"
                        class="button"
                        on:click=move |_| conversations::restore(state)
                    >
                        "Undo"
                    </button>
                </div>
            }
        })
    }
}

/// What happens once the page is alive in the browser.
fn wake(state: ChatState) {
    state.clock.set((dom::now_ms() as i64, dom::utc_offset_ms()));
    if state.model.get_untracked().is_none() || state.current.get_untracked().is_none() {
        let remembered = storage::get(storage::MODEL);
        let offered =
            remembered.filter(|id| state.models.with_untracked(|all| all.find(id).is_some()));
        if offered.is_some() {
            state.model.set(offered);
        }
    }
    state.sidebar_folded.set(storage::get(storage::SIDEBAR).is_some());
    if state.draft.with_untracked(String::is_empty) {
        let key = storage::draft_key(state.current.get_untracked());
        state.draft.set(storage::get(&key).unwrap_or_default());
    }
    scroll::install(state);
    shortcuts::install(state);
    turn::follow_running(state);

    dom::on_window("popstate", move |_| {
        conversations::show(state, history::conversation());
    });
    dom::on_window("online", move |_| state.offline.set(false));
    dom::on_window("offline", move |_| {
        state.offline.set(true);
        for live in super::live::all() {
            live.disconnect();
        }
    });
    tabs::on_change(move |changed| {
        leptos::task::spawn_local(async move {
            conversations::refresh_list(state).await;
            if state.current.get_untracked() == Some(changed) {
                conversations::reload(state).await;
            }
        });
    });
    dom::on_document("visibilitychange", move |_| {
        if dom::is_visible() {
            state.clock.set((dom::now_ms() as i64, dom::utc_offset_ms()));
            leptos::task::spawn_local(async move {
                conversations::refresh_list(state).await;
                conversations::reload(state).await;
            });
        }
    });
    if !dom::is_touch() {
        dom::focus("composer");
    }
}
