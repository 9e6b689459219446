//! Sending, asking again, stopping.

use std::rc::Rc;

use leptos::prelude::*;
use protocol::{
    ConversationId, Problem, ProblemKind, Role, TurnId,
    api::{Settings, StartTurn},
};
use wasm_bindgen_futures::spawn_local;

use super::{
    composer, conversations, estimate,
    follow::{self, follow},
    live::{self, LiveTurn},
    state::{ChatState, ShownMessage, new_message},
};
use crate::client::{dom, storage, turns, turns::EventStream};

/// How long to wait before a Stop that did not arrive is sent again.
const STOP_AGAIN_MS: u32 = 1_000;

/// Sends what is in the composer, or puts it in the queue while an answer is
/// being written. While a conversation is still being opened it stays in the
/// box: it is not known yet what it would follow.
pub(crate) fn send_draft(state: ChatState) {
    let text = state.draft.get_untracked();
    if text.trim().is_empty() || state.loading.get_untracked() {
        return;
    }
    state.draft.set(String::new());
    storage::set(&storage::draft_key(state.current.get_untracked()), "");
    if untrack(|| state.running()).is_some() {
        state.queue.update(|queue| queue.push(text));
    } else {
        send(state, text);
    }
}

/// Sends a message: it shows at once, before the server answers.
pub(crate) fn send(state: ChatState, text: String) {
    let now = dom::now_ms() as i64;
    let conversation = state.current.get_untracked();
    let model = state.model.get_untracked();
    // A send whose fate is unknown keeps its id: it may have arrived.
    let turn = match state.unsure.get_untracked() {
        Some((at, unsure, turn)) if at == conversation && unsure == text => turn,
        _ => new_turn(),
    };
    state.unsure.set(None);
    let parent = untrack(|| {
        state
            .messages
            .with(|all| all.last().map(|shown| shown.message.with(|it| it.id)))
    });
    let question = ShownMessage::new(new_message(Role::User, &text, None, now));
    let sent = Sent {
        request: StartTurn {
            text: text.clone(),
            conversation,
            parent,
            model,
            settings: settings(state),
            turn: Some(turn),
            retry: None,
        },
        added: Some(question.clone()),
        removed: None,
    };
    state.messages.update(|all| all.push(question));
    begin(state, turn, sent, &text);
}

/// Asks again for the last answer, which failed or was stopped; the earlier
/// version is kept.
pub(crate) fn retry(state: ChatState, answer: &ShownMessage) {
    let question = untrack(|| {
        state.messages.with(|all| {
            let at = all.iter().position(|shown| shown.key == answer.key)?;
            let question = all[at.checked_sub(1)?].message.get();
            (at + 1 == all.len() && state.running().is_none()).then_some(question)
        })
    });
    let Some(question) = question else { return };
    let turn = new_turn();
    let sent = Sent {
        request: StartTurn {
            conversation: state.current.get_untracked(),
            model: state.model.get_untracked(),
            settings: settings(state),
            turn: Some(turn),
            retry: Some(question.id),
            ..StartTurn::default()
        },
        added: None,
        removed: state.messages.try_update(Vec::pop).flatten(),
    };
    begin(state, turn, sent, &question.text);
    composer::focus();
}

/// How a message is asked: what matters in the choice of a model, where
/// Rivulet makes it.
fn settings(state: ChatState) -> Settings {
    match untrack(|| state.chooses()) {
        true => state.steering.settings(),
        false => Settings::default(),
    }
}

/// Presses Stop on the answer being written in the conversation shown.
/// Returns whether there was one.
pub(crate) fn stop(state: ChatState) -> bool {
    let running = untrack(|| state.running()).and_then(|shown| live::of_message(shown.key));
    let Some(live) = running else { return false };
    live.freeze();
    // A turn that is not accepted yet is stopped as soon as it is.
    if live.is_accepted() {
        send_stop(state, live);
    }
    true
}

/// Tells the server to stop a turn that was frozen on the page.
pub(crate) fn send_stop(state: ChatState, live: Rc<LiveTurn>) {
    spawn_local(async move {
        let shown = live.freeze();
        while let Err(problem) = turns::stop(live.turn, shown).await {
            // It was pressed and stays pressed until the server can be reached.
            if problem.kind == ProblemKind::Unreachable && live.is_live() {
                dom::sleep(STOP_AGAIN_MS).await;
                continue;
            }
            live.unfreeze();
            if problem.kind != ProblemKind::NotFound && live.is_live() {
                state.send_problem.set(Some(problem));
            }
            return;
        }
    });
}

/// What the page sent and did, until it is accepted.
pub(crate) struct Sent {
    pub(crate) request: StartTurn,
    /// The question, where it is a new one.
    pub(crate) added: Option<ShownMessage>,
    /// The earlier answer, where another version is asked for.
    removed: Option<ShownMessage>,
}

fn new_turn() -> TurnId {
    TurnId::from_random_bytes(dom::random_bytes())
}

fn begin(state: ChatState, turn: TurnId, sent: Sent, question: &str) {
    state.send_problem.set(None);
    state.page_problem.set(None);
    let expected = expected_tokens(state, question);
    let model = sent.request.model.clone();
    let answer = ShownMessage::new(new_message(
        Role::Assistant,
        "",
        model,
        dom::now_ms() as i64,
    ));
    let live = LiveTurn::begin(&answer, turn, expected);
    live.conversation.set(sent.request.conversation);
    state.messages.update(|all| all.push(answer));
    state.away.set(false);
    state.announcement.set("Generating".to_owned());
    follow::spawn_ticking(live.clone());
    follow::thin_out(state);
    spawn_local(async move {
        match start(&sent.request, &live).await {
            Ok(stream) => follow(state, live, Some((stream, sent))).await,
            Err(problem) => give_back(state, &live, sent, problem),
        }
    });
}

/// Starts the turn. If the connection broke on the way it may have been
/// accepted all the same: then its events are there.
async fn start(request: &StartTurn, live: &LiveTurn) -> Result<EventStream, Problem> {
    let problem = match EventStream::start(request, live.connecting()).await {
        Ok(stream) => return Ok(stream),
        Err(problem) if problem.kind == ProblemKind::Unreachable => problem,
        Err(problem) => return Err(problem),
    };
    match request.turn {
        Some(turn) => EventStream::follow(turn, 0, live.connecting())
            .await
            .map_err(|_| problem),
        None => Err(problem),
    }
}

/// Sending failed: the text is back in the box with the reason beside it, and
/// a version that was to be replaced is back in its place.
fn give_back(state: ChatState, live: &LiveTurn, sent: Sent, problem: Problem) {
    live.abandon();
    let Sent {
        request,
        added,
        removed,
    } = sent;
    let conversation = live.conversation.get();
    if let (ProblemKind::Unreachable, Some(turn), None) =
        (problem.kind, request.turn, request.retry)
    {
        state
            .unsure
            .set(Some((conversation, request.text.clone(), turn)));
    }
    if !state.shows(&live.shown) {
        // It goes to the draft of the conversation that was left.
        let kept = storage::get(&storage::draft_key(conversation)).unwrap_or_default();
        conversations::keep_draft(conversation, &[request.text, kept]);
        return;
    }
    let gone = [Some(live.shown.key), added.map(|shown| shown.key)];
    state.messages.update(|all| {
        all.retain(|shown| !gone.contains(&Some(shown.key)));
        all.extend(removed);
    });
    if request.retry.is_none() {
        state
            .draft
            .update(|draft| *draft = conversations::joined(&[&request.text, draft]));
        conversations::keep_draft(conversation, &[state.draft.get_untracked()]);
        composer::focus();
    }
    state.announcement.set("Not sent".to_owned());
    state.send_problem.set(Some(problem));
}

/// Output tokens expected of the answer to a question in the conversation
/// shown.
pub(crate) fn expected_tokens(state: ChatState, question: &str) -> u64 {
    let earlier: Vec<u64> = untrack(|| {
        state.messages.with(|all| {
            all.iter()
                .filter_map(|shown| shown.message.with(estimate::output_tokens))
                .collect()
        })
    });
    estimate::expected_tokens(question, &earlier)
}

/// The conversation and the text of a send whose outcome is unknown, with the
/// turn it would be.
pub(crate) type Unsure = (Option<ConversationId>, String, TurnId);
