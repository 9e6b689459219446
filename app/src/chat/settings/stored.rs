//! Sending changed settings to the server: gathered for a moment, one request
//! after the other, and again until the server can be reached.

use std::cell::RefCell;

use leptos::prelude::*;
use protocol::{
    ConversationId, ConversationSettings, Problem, ProblemKind,
    api::{self, ChangeConversation},
};
use wasm_bindgen_futures::spawn_local;

use super::super::state::ChatState;
use crate::client::{dom, http::Request, storage, tabs};

/// How long changes are gathered, in milliseconds.
const GATHER_MS: u32 = 400;
/// How long to wait before storing is tried again, in milliseconds.
const AGAIN_MS: u32 = 3_000;

thread_local! {
    /// What is not known to be stored yet, for each conversation the newest.
    static WAITING: RefCell<Vec<(ConversationId, ConversationSettings)>> =
        const { RefCell::new(Vec::new()) };
}

/// What is on its way to a conversation.
pub(super) fn waiting(id: ConversationId) -> Option<ConversationSettings> {
    WAITING.with_borrow(|all| {
        let found = all.iter().find(|(of, _)| *of == id);
        found.map(|(_, settings)| settings.clone())
    })
}

/// What was on its way to a conversation when this browser left it: it is sent
/// again.
pub(super) fn left(state: ChatState, id: ConversationId) -> Option<ConversationSettings> {
    let settings = protocol::json::from_str(&storage::get(&storage::settings_key(id))?).ok();
    if let Some(settings) = &settings {
        store(state, id, ConversationSettings::clone(settings));
    }
    settings
}

/// Has a conversation's settings stored; the newest count.
pub(super) fn store(state: ChatState, id: ConversationId, settings: ConversationSettings) {
    // The page may be left at any time.
    let json = serde_json::to_string(&settings).unwrap_or_default();
    storage::set(&storage::settings_key(id), &json);
    let is_first = WAITING.with_borrow_mut(|all| {
        let known = all.iter_mut().find(|(of, _)| *of == id);
        let is_first = known.is_none();
        match known {
            Some(known) => known.1 = settings,
            None => all.push((id, settings)),
        }
        is_first
    });
    if is_first {
        spawn_local(async move {
            dom::sleep(GATHER_MS).await;
            while let Some(settings) = waiting(id) {
                match send(id, &settings).await {
                    Ok(()) => {
                        tell(state, None);
                        tabs::announce(id);
                        // What was fetched before this was stored is old.
                        dom::sleep(GATHER_MS).await;
                    }
                    Err(problem) if problem.kind == ProblemKind::Unreachable => {
                        tell(state, Some(unreachable()));
                        dom::sleep(AGAIN_MS).await;
                        continue;
                    }
                    // It was deleted, here or elsewhere.
                    Err(problem) if problem.kind == ProblemKind::NotFound => {}
                    Err(problem) => tell(state, Some(problem)),
                }
                if !settle(id, &settings) {
                    dom::sleep(GATHER_MS).await;
                }
            }
        });
    }
}

/// Takes note that this is stored, or refused; `false` where there is newer.
fn settle(id: ConversationId, settings: &ConversationSettings) -> bool {
    let is_settled = WAITING.with_borrow_mut(|all| {
        all.retain(|(of, newest)| *of != id || newest != settings);
        all.iter().all(|(of, _)| *of != id)
    });
    if is_settled {
        storage::set(&storage::settings_key(id), "");
    }
    is_settled
}

async fn send(id: ConversationId, settings: &ConversationSettings) -> Result<(), Problem> {
    let body = ChangeConversation {
        settings: Some(settings.clone()),
        ..ChangeConversation::default()
    };
    let path = api::conversation(id);
    let sent = Request::new("PATCH", &path).json(&body).send().await;
    sent.map(|_| ())
}

fn tell(state: ChatState, problem: Option<Problem>) {
    if state
        .settings_problem
        .with_untracked(|known| *known != problem)
    {
        state.settings_problem.set(problem);
    }
}

fn unreachable() -> Problem {
    Problem::new(
        ProblemKind::Unreachable,
        "The settings could not be stored: the server could not be reached.",
    )
    .advice("They hold on this page, and storing them is tried again.")
}
