//! The chat screen as a whole.

use leptos::prelude::*;
use protocol::api;

use super::{
    attaching, changes,
    composer::{self, Composer},
    conversations, follow, live,
    palette::Palette,
    parking,
    problem_notice::ProblemNotice,
    scroll, search,
    settings::{self, SettingsDialog},
    shortcuts::{self, SecondKeys, Shortcuts},
    sidebar::{self, Sidebar},
    state::ChatState,
    topbar::TopBar,
    transcript_view::TranscriptView,
    transfer::Transfer,
    undo::UndoNotices,
    watch::WatchBar,
};
use crate::{
    client::{dom, history, http::Request, storage},
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
            <main class="main" inert=move || sidebar::is_drawer(state)>
                <TopBar />
                <TranscriptView />
                <div class="dock">
                    <button
                        type="button"
                        class="button jump"
                        class:absent=move || !state.away.get()
                        on:click=move |_| {
                            state.away.set(false);
                            dom::focus(scroll::SCROLLER);
                        }
                    >
                        <Icon symbol=Symbol::Down />
                        "Jump to latest"
                    </button>
                    <div class="notices">
                        <p class="notice" role="status" class:absent=move || !state.offline.get()>
                            <span class="pulse"></span>
                            "Connection lost. Nothing is lost with it; reconnecting…"
                        </p>
                        <ProblemNotice problem=state.send_problem again=None />
                        <ProblemNotice problem=state.settings_problem again=None />
                        {move || (!sidebar::is_drawer(state)).then(|| view! { <UndoNotices /> })}
                    </div>
                    <WatchBar />
                    <Composer />
                </div>
            </main>
            <p class="visually-hidden" role="status">
                {move || state.announcement.get()}
            </p>
            <SecondKeys />
            <Palette />
            <Shortcuts />
            <SettingsDialog />
            <Transfer />
        </div>
    }
}

/// What happens once the page is alive in the browser.
fn wake(state: ChatState) {
    state
        .clock
        .set((dom::now_ms() as i64, dom::utc_offset_ms()));
    if state.model.get_untracked().is_none() || state.current.get_untracked().is_none() {
        let remembered = storage::get(storage::MODEL);
        let offered =
            remembered.filter(|id| state.models.with_untracked(|all| all.find(id).is_some()));
        if offered.is_some() {
            state.model.set(offered);
        }
    }
    settings::wake(state);
    state
        .sidebar_folded
        .set(storage::get(storage::SIDEBAR).is_some());
    state.shelf.remember();
    if state.conversations.with_untracked(Vec::len) >= PageData::LISTED {
        conversations::refresh_soon(state);
    }
    // What was typed before the page came alive wins over what was stored.
    let typed = dom::element::<web_sys::HtmlTextAreaElement>("composer").map(|area| area.value());
    let key = storage::draft_key(state.current.get_untracked());
    let draft = typed
        .filter(|typed| !typed.is_empty())
        .or_else(|| storage::get(&key));
    state.draft.set(draft.unwrap_or_default());
    let narrow = || dom::matches_media(sidebar::NARROW);
    state.narrow.set(narrow());
    dom::on_window("resize", move |_| {
        if state.narrow.get_untracked() != narrow() {
            state.narrow.set(narrow());
        }
    });
    scroll::install(state);
    parking::install(state);
    attaching::install(state);
    shortcuts::install(state);
    search::install(state);
    follow::follow_running(state);

    dom::on_window("popstate", move |_| {
        // Links to a place on the page change the address as well.
        if history::conversation() != state.current.get_untracked() {
            conversations::show_again(state);
        }
    });
    dom::on_window("online", move |_| state.offline.set(false));
    dom::on_window("offline", move |_| {
        // The browser knows its own network and not ours, which may be this
        // machine: whether the server is there shows when it is asked.
        for live in live::all() {
            live.disconnect();
        }
        leptos::task::spawn_local(async move {
            let asked = Request::new("GET", api::MODELS).send().await;
            state.offline.set(asked.is_err() && dom::is_offline());
        });
    });
    changes::install(state);
    dom::on_document("visibilitychange", move |_| {
        if dom::is_visible() {
            state
                .clock
                .set((dom::now_ms() as i64, dom::utc_offset_ms()));
            leptos::task::spawn_local(async move {
                conversations::refresh_list(state).await;
                conversations::reload(state).await;
            });
        } else {
            for live in live::all() {
                live.frame();
            }
            // A tab out of view leaves the connections to those in view.
            follow::thin_out(state);
        }
    });
    // Somebody may have begun to walk about the page before it came alive.
    if dom::focused().is_none() {
        composer::focus();
    }
}
