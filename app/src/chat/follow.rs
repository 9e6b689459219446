//! Following a turn to its end, through as many connections as it takes.

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::*;
use protocol::{ConversationId, Event, MessageState, Problem, ProblemKind, TurnId};
use wasm_bindgen_futures::spawn_local;

use super::{
    conversations,
    live::{self, LiveTurn},
    queue, settings,
    state::{ChatState, ShownMessage},
    turn::{self, Sent},
};
use crate::client::{dom, history, lease, storage, tabs, turns::EventStream};

/// How long to wait before each try to come back, in milliseconds; the last
/// one repeats.
const COME_BACK_MS: [u32; 6] = [100, 300, 700, 1_500, 3_000, 5_000];
/// How many answers out of view a tab follows all the time, and how many all
/// tabs of this browser together. A browser opens six connections to a server,
/// and they are for everything else, too.
const FOLLOWED: usize = 2;
const FOLLOWED_BY_ALL: usize = 3;
/// How often the others are visited, and for how long, in milliseconds. A visit
/// fetches what is new and tells the server that somebody still cares.
const VISIT_EVERY_MS: u32 = 5_000;
const VISIT_MS: u32 = 500;
/// How often the one in view is visited where other tabs have the connections.
const VISIT_IN_VIEW_MS: u32 = 1_000;
/// How often the progress line is brought up to date.
const TICK_MS: u32 = 250;

/// Goes on with the answers that were being written when the conversation was
/// loaded, on the path shown and on others.
pub(crate) fn follow_running(state: ChatState) {
    let all = state.tree.get_untracked();
    for shown in &all {
        let is_open = shown
            .message
            .with_untracked(|message| message.state == MessageState::Writing);
        if is_open && !shown.is_live() {
            let question = all.iter().find(|it| Some(it.id()) == shown.parent());
            let question = question.map(|it| it.message.with_untracked(|it| it.text.clone()));
            follow_one(state, shown, &question.unwrap_or_default());
        }
    }
    thin_out(state);
}

fn follow_one(state: ChatState, shown: &ShownMessage, question: &str) {
    let Some(turn) = shown.message.with_untracked(|message| message.turn) else {
        return;
    };
    if let Some(known) = live::of_turn(turn) {
        // This tab follows it already, from before another conversation was
        // shown: that one hands over.
        known.abandon();
        known.disconnect();
    }
    let live = LiveTurn::begin(state, shown, turn, question);
    live.conversation.set(state.current.get_untracked());
    spawn_ticking(state, live.clone());
    spawn_local(async move { follow(state, live, None).await });
}

/// Closes the connections of answers that are only to be visited from now on.
pub(crate) fn thin_out(state: ChatState) {
    for live in live::all() {
        if !may_stay(state, &live) {
            leave_place(live.turn);
            live.disconnect();
        }
    }
}

/// Whether an answer may keep its connection: the one in view, and those begun
/// last, as far as other tabs leave connections. A tab out of view keeps none.
fn may_stay(state: ChatState, live: &LiveTurn) -> bool {
    if !dom::is_visible() {
        return false;
    }
    let mut others = live::all();
    others.retain(|other| !state.shows(&other.shown));
    let newer = others.iter().rev().take(FOLLOWED);
    let wanted = state.shows(&live.shown) || newer.into_iter().any(|other| other.turn == live.turn);
    wanted && has_place(live.turn)
}

/// Takes one of the browser's places for a turn, or renews it.
fn has_place(turn: TurnId) -> bool {
    let purpose = turn.to_string();
    let held = PLACES.with_borrow(|places| {
        let place = places.iter().find(|(held, _)| *held == turn);
        place.map(|(_, at)| *at)
    });
    let candidates = held.into_iter().chain(0..FOLLOWED_BY_ALL);
    let taken = candidates
        .into_iter()
        .find(|at| lease::take(&place_key(*at), &purpose));
    PLACES.with_borrow_mut(|places| {
        places.retain(|(held, _)| *held != turn);
        places.extend(taken.map(|at| (turn, at)));
    });
    taken.is_some()
}

/// Gives the place of a turn to others.
fn leave_place(turn: TurnId) {
    PLACES.with_borrow_mut(|places| {
        places.retain(|(held, at)| {
            if *held == turn {
                lease::give_back(&place_key(*at), &turn.to_string());
            }
            *held != turn
        });
    });
}

/// Keeps the place of a turn, where it has one.
fn renew_place(turn: TurnId) {
    let held = PLACES.with_borrow(|places| places.iter().any(|(held, _)| *held == turn));
    if held && dom::is_visible() {
        has_place(turn);
    }
}

fn place_key(at: usize) -> String {
    format!("rivulet.place.{at}")
}

thread_local! {
    /// The places that this tab has among those of the browser.
    static PLACES: RefCell<Vec<(TurnId, usize)>> = const { RefCell::new(Vec::new()) };
}

/// Follows a turn to its end, from the answer to its own request or by coming
/// back.
pub(crate) async fn follow(
    state: ChatState,
    live: Rc<LiveTurn>,
    started: Option<(EventStream, Sent)>,
) {
    let (mut stream, mut sent) = started.unzip();
    loop {
        let Some(mut open) = stream.take() else {
            let mut waited = 0;
            while !may_stay(state, &live) {
                let in_view = dom::is_visible() && state.shows(&live.shown);
                let every = if in_view {
                    VISIT_IN_VIEW_MS
                } else {
                    VISIT_EVERY_MS
                };
                if waited >= every {
                    break;
                }
                dom::sleep(TICK_MS).await;
                waited += TICK_MS;
            }
            match come_back(state, &live).await {
                Some(again) => stream = Some(again),
                None => return,
            }
            continue;
        };
        live.alive();
        if !may_stay(state, &live) {
            let live = live.clone();
            spawn_local(async move {
                dom::sleep(VISIT_MS).await;
                if !may_stay(state, &live) {
                    live.disconnect();
                }
            });
        }
        let before = live.last();
        while let Some(entry) = open.next(|| live.alive()).await {
            state.offline.set(false);
            if let Event::Accepted {
                conversation,
                question,
                answer,
                ..
            } = entry.event
            {
                let sent = sent.take();
                live.shown.message.update(|message| {
                    message.id = answer;
                    message.parent = Some(question);
                    message.turn = Some(live.turn);
                });
                if let Some(shown) = sent.as_ref().and_then(|sent| sent.added.as_ref()) {
                    shown.message.update(|message| message.id = question);
                }
                state.tree.notify();
                accepted(state, &live, conversation, sent.as_ref());
            }
            live.apply(&entry);
            if entry.event.is_terminal() {
                ended(state, &live, &entry.event);
                return;
            }
        }
        if live.last() == before {
            // It told nothing new; asking again at once would be a loop.
            dom::sleep(1_000).await;
        }
    }
}

/// Brings the progress line up to date for as long as the turn is live.
pub(crate) fn spawn_ticking(state: ChatState, live: Rc<LiveTurn>) {
    spawn_local(async move {
        while live.is_live() {
            live.tick();
            state.shelf.mark_written();
            renew_place(live.turn);
            dom::sleep(TICK_MS).await;
        }
        leave_place(live.turn);
        state.shelf.mark_written();
    });
}

fn accepted(
    state: ChatState,
    live: &Rc<LiveTurn>,
    conversation: ConversationId,
    sent: Option<&Sent>,
) {
    let is_new = live.conversation.replace(Some(conversation)).is_none();
    if is_new && state.shows(&live.shown) {
        state.current.set(Some(conversation));
        history::replace(Some(conversation));
        // What was typed meanwhile moves with it.
        storage::set(&storage::draft_key(None), "");
        storage::set(
            &storage::draft_key(Some(conversation)),
            &state.draft.get_untracked(),
        );
        settings::begun(state, conversation, state.settings.get_untracked());
    } else if is_new {
        settings::begun(state, conversation, live.settings.clone());
    }
    if let Some(sent) = sent {
        state.touch(conversation, dom::now_ms() as i64, &sent.request);
    }
    if live.view.stopping.get_untracked() {
        turn::send_stop(state, live.clone());
    }
    tabs::announce(conversation);
}

fn ended(state: ChatState, live: &Rc<LiveTurn>, event: &Event) {
    if let Some(conversation) = live.conversation.get() {
        tabs::announce(conversation);
    }
    if !state.shows(&live.shown) {
        return;
    }
    let word = match event {
        Event::Finished(_) => "Complete",
        Event::Stopped(_) => "Stopped",
        Event::Failed(ending) if ending.is_interruption() => "Interrupted",
        _ => "Failed",
    };
    state.announcement.set(word.to_owned());
    if !matches!(event, Event::Finished(_)) {
        // What waits was meant to follow a whole answer: it goes back to the
        // box rather than out.
        queue::give_back(state);
        return;
    }
    let live = live.clone();
    spawn_local(async move {
        // The next message follows after the last frame of this answer.
        while live.is_live() {
            dom::sleep(30).await;
        }
        if state.shows(&live.shown) {
            queue::send_next(state);
        }
    });
}

/// Connects again, however long it takes; `None` when there is nothing to
/// come back to.
async fn come_back(state: ChatState, live: &Rc<LiveTurn>) -> Option<EventStream> {
    for (tries, wait) in (0..).zip(COME_BACK_MS.into_iter().chain(std::iter::repeat(5_000))) {
        if !live.is_live() {
            return None;
        }
        // Also where the browser says that it is offline: the server may be on
        // this machine.
        match EventStream::follow(live.turn, live.last(), live.connecting()).await {
            Ok(stream) => {
                state.offline.set(false);
                return Some(stream);
            }
            Err(problem) if problem.kind == ProblemKind::NotFound => {
                state.offline.set(false);
                gone(state, live).await;
                return None;
            }
            Err(_) => {}
        }
        if tries > 0 || dom::is_offline() {
            state.offline.set(true);
        }
        let mut waited = 0;
        while waited < wait {
            let was_offline = dom::is_offline();
            dom::sleep(100).await;
            waited += 100;
            if was_offline && !dom::is_offline() {
                break;
            }
        }
    }
    None
}

/// The server does not know the turn: the conversation was deleted, or the
/// turn never was accepted.
async fn gone(state: ChatState, live: &LiveTurn) {
    live.abandon();
    live.shown.message.update(|message| {
        message.state = MessageState::Interrupted;
        message.problem = Some(
            Problem::new(
                ProblemKind::Interrupted,
                "The server no longer knows this answer.",
            )
            .advice("Reload the page to see what it has kept."),
        );
    });
    conversations::reload(state).await;
}
