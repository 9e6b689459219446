//! Following a turn to its end, through as many connections as it takes.

use std::rc::Rc;

use leptos::prelude::*;
use protocol::{ConversationId, Event, MessageState, Problem, ProblemKind};
use wasm_bindgen_futures::spawn_local;

use super::{
    conversations,
    live::{self, LiveTurn},
    state::ChatState,
    turn::{self, Sent},
};
use crate::client::{dom, history, storage, tabs, turns::EventStream};

/// How long to wait before each try to come back, in milliseconds; the last
/// one repeats.
const COME_BACK_MS: [u32; 6] = [100, 300, 700, 1_500, 3_000, 5_000];
/// How many answers out of view are followed all the time. A browser opens six
/// connections to a server, and they are for everything else, too.
const FOLLOWED: usize = 2;
/// How often the others are visited, and for how long, in milliseconds. A visit
/// fetches what is new and tells the server that somebody still cares.
const VISIT_EVERY_MS: u32 = 5_000;
const VISIT_MS: u32 = 500;
/// How often the progress line is brought up to date.
const TICK_MS: u32 = 250;

/// Goes on with the answer that was being written when the conversation was
/// loaded.
pub(crate) fn follow_running(state: ChatState) {
    let found = untrack(|| {
        state.messages.with(|all| {
            let last = all.last()?;
            let question = all
                .len()
                .checked_sub(2)
                .map(|at| all[at].message.get().text);
            last.message
                .with(|it| it.state == MessageState::Writing)
                .then(|| (last.clone(), question.unwrap_or_default()))
        })
    });
    let Some((shown, question)) = found else {
        return;
    };
    let Some(turn) = shown.message.with_untracked(|message| message.turn) else {
        return;
    };
    if let Some(known) = live::of_turn(turn) {
        // This tab follows it already, from before another conversation was
        // shown: that one hands over.
        known.abandon();
        known.disconnect();
    }
    let live = LiveTurn::begin(&shown, turn, turn::expected_tokens(state, &question));
    live.conversation.set(state.current.get_untracked());
    spawn_ticking(live.clone());
    spawn_local(async move { follow(state, live, None).await });
    thin_out(state);
}

/// Closes the connections of answers that are only to be visited from now on.
pub(crate) fn thin_out(state: ChatState) {
    for live in live::all() {
        if !may_stay(state, &live) {
            live.disconnect();
        }
    }
}

/// Whether an answer may keep its connection: the one in view, and those begun
/// last.
fn may_stay(state: ChatState, live: &LiveTurn) -> bool {
    let mut others = live::all();
    others.retain(|other| !state.shows(&other.shown));
    let newer = others.iter().rev().take(FOLLOWED);
    state.shows(&live.shown) || newer.into_iter().any(|other| other.turn == live.turn)
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
            for _ in 0..VISIT_EVERY_MS / TICK_MS {
                if may_stay(state, &live) {
                    break;
                }
                dom::sleep(TICK_MS).await;
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
                live.shown.message.update(|message| message.id = answer);
                if let Some(shown) = sent.as_ref().and_then(|sent| sent.added.as_ref()) {
                    shown.message.update(|message| message.id = question);
                }
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
pub(crate) fn spawn_ticking(live: Rc<LiveTurn>) {
    spawn_local(async move {
        while live.is_live() {
            live.tick();
            dom::sleep(TICK_MS).await;
        }
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
    }
    if let Some(sent) = sent {
        state.touch(conversation, dom::now_ms() as i64, &sent.request.text);
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
        let waiting = state.queue.try_update(std::mem::take).unwrap_or_default();
        if !waiting.is_empty() {
            let waiting = conversations::joined(&waiting);
            state
                .draft
                .update(|draft| *draft = conversations::joined(&[&waiting, draft]));
            conversations::keep_draft(live.conversation.get(), &[state.draft.get_untracked()]);
        }
        return;
    }
    let live = live.clone();
    spawn_local(async move {
        // The next message follows after the last frame of this answer.
        while live.is_live() {
            dom::sleep(30).await;
        }
        if state.shows(&live.shown) {
            let next = state
                .queue
                .try_update(|queue| (!queue.is_empty()).then(|| queue.remove(0)));
            if let Some(text) = next.flatten() {
                turn::send(state, text);
            }
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
