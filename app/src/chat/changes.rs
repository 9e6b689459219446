//! What other tabs and devices change: told by the server to one tab of this
//! browser, and by that tab to the others.

use std::{cell::Cell, rc::Rc};

use leptos::prelude::*;
use protocol::api::{self, Change};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;

use super::{conversations, settings::presets, state::ChatState};
use crate::client::{dom, http::Request, lease, tabs, turns::Frames};

/// The lease of the one tab that listens to the server.
const LISTENER: &str = "rivulet.listener";
/// How often a tab looks whether it is to listen, in milliseconds.
const LOOK_MS: u32 = 1_000;
/// How long changes are gathered before the list is fetched again: a bulk
/// change tells of each conversation.
const GATHER_MS: u32 = 120;

/// Sets up the listening; called once.
pub(crate) fn install(state: ChatState) {
    let changed = Rc::new(Gathering::new(state));
    let from_tabs = changed.clone();
    tabs::on_change(move |change| from_tabs.note(change));
    dom::on_window("pagehide", |_| lease::give_back(LISTENER, ""));
    spawn_local(async move {
        loop {
            // A tab out of view needs no news until it is looked at, and its
            // timers may sleep for longer than a lease holds.
            if dom::is_visible() && lease::take(LISTENER, "") {
                listen(&changed).await;
            }
            dom::sleep(LOOK_MS).await;
        }
    });
}

/// Passes on what the server tells, until the connection ends or another tab
/// is to listen.
async fn listen(changed: &Rc<Gathering>) {
    let abort = AbortController::new().ok();
    let request = Request::new("GET", api::CHANGES);
    let Ok(mut frames) = Frames::open(request, abort.clone()).await else {
        return;
    };
    let listening = Rc::new(Cell::new(true));
    let still = listening.clone();
    spawn_local(async move {
        while still.get() {
            dom::sleep(LOOK_MS).await;
            if !dom::is_visible() || !lease::take(LISTENER, "") {
                lease::give_back(LISTENER, "");
                if let Some(abort) = &abort {
                    abort.abort();
                }
                return;
            }
        }
    });
    while let Some(frame) = frames.next(|| {}).await {
        if let Ok(change) = protocol::json::from_str::<Change>(&frame.data) {
            tabs::announce_change(change);
            changed.note(change);
        }
    }
    listening.set(false);
}

/// Changes on their way into view.
struct Gathering {
    state: ChatState,
    waits: Cell<bool>,
    /// Whether the conversation shown is among the changed.
    shown: Cell<bool>,
}

impl Gathering {
    fn new(state: ChatState) -> Self {
        Self {
            state,
            waits: Cell::new(false),
            shown: Cell::new(false),
        }
    }

    fn note(self: &Rc<Self>, change: Change) {
        let current = self.state.current.get_untracked();
        let everything = change.conversation.is_none() && !change.presets;
        // Before the first look at them there is nothing to bring up to date.
        let has_presets = self.state.presets.with_untracked(|all| !all.is_empty());
        if change.presets || (everything && has_presets) {
            presets::refresh(self.state);
        }
        if everything || (change.conversation.is_some() && change.conversation == current) {
            self.shown.set(true);
        }
        // Out of view nothing is fetched: coming back into view does it.
        if !dom::is_visible() || self.waits.replace(true) {
            return;
        }
        let gathering = self.clone();
        spawn_local(async move {
            dom::sleep(GATHER_MS).await;
            gathering.waits.set(false);
            let shown = gathering.shown.take();
            conversations::refresh_list(gathering.state).await;
            if shown {
                conversations::reload(gathering.state).await;
            }
        });
    }
}
