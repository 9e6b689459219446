//! Sending, following and stopping a turn.

use std::rc::Rc;

use leptos::prelude::*;
use protocol::{
    ConversationId, Event, MessageState, Problem, ProblemKind, Role, Status, TurnId,
    api::{Settings, StartTurn},
};
use wasm_bindgen_futures::spawn_local;

use super::{
    conversations, estimate,
    live::{self, LiveTurn},
    state::{ChatState, ShownMessage, new_message},
};
use crate::client::{dom, history, storage, tabs, turns, turns::EventStream};

/// How long to wait before each try to come back, in milliseconds; the last
/// one repeats.
const COME_BACK_MS: [u32; 6] = [100, 300, 700, 1_500, 3_000, 5_000];
/// How often the progress line is brought up to date.
const TICK_MS: u32 = 250;

/// Sends what is in the composer, or puts it in the queue while an answer is
/// being written.
pub(crate) fn send_draft(state: ChatState) {
    let text = state.draft.get_untracked();
    if text.trim().is_empty() {
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
    state.send_problem.set(None);
    let now = dom::now_ms() as i64;
    let model = state.model.get_untracked();
    let turn = match state.unsure.get_untracked() {
        Some((unsure, turn)) if unsure == text => turn,
        _ => TurnId::from_random_bytes(dom::random_bytes()),
    };
    state.unsure.set(None);
    let parent = untrack(|| {
        state.messages.with(|all| all.last().map(|shown| shown.message.with(|it| it.id)))
    });
    let question = ShownMessage::new(new_message(Role::User, &text, None, now));
    let answer = ShownMessage::new(new_message(Role::Assistant, "", model.clone(), now));
    let request = StartTurn {
        text: text.clone(),
        conversation: state.current.get_untracked(),
        parent,
        model,
        settings: Settings::default(),
        turn: Some(turn),
        retry: None,
    };
    begin(state, request, Some(question), answer, &text);
}

/// Asks again for an answer that failed or was stopped; the earlier version is
/// kept.
pub(crate) fn retry(state: ChatState, answer: &ShownMessage) {
    if untrack(|| state.running()).is_some() {
        return;
    }
    let question = untrack(|| {
        state.messages.with(|all| {
            let at = all.iter().position(|shown| shown.key == answer.key)?;
            Some(all[at.checked_sub(1)?].message.get())
        })
    });
    let Some(question) = question else { return };
    let model = state.model.get_untracked();
    let request = StartTurn {
        text: String::new(),
        conversation: state.current.get_untracked(),
        parent: None,
        model: model.clone(),
        settings: Settings::default(),
        turn: Some(TurnId::from_random_bytes(dom::random_bytes())),
        retry: Some(question.id),
    };
    let key = answer.key;
    state.messages.update(|all| all.retain(|shown| shown.key != key));
    let message = new_message(Role::Assistant, "", model, dom::now_ms() as i64);
    begin(state, request, None, ShownMessage::new(message), &question.text);
}

/// Goes on with the answer that was being written when the page was loaded.
pub(crate) fn follow_running(state: ChatState) {
    let Some(shown) = untrack(|| {
        state.messages.with(|all| {
            let last = all.last()?;
            last.message.with(|it| it.state == MessageState::Writing).then(|| last.clone())
        })
    }) else {
        return;
    };
    let message = shown.message.get_untracked();
    let Some(turn) = message.turn else { return };
    if let Some(known) = live::of_turn(turn) {
        // This tab follows it already, from before another conversation was
        // shown: that one hands over.
        known.disconnect();
        known.abandon();
    }
    let expected = untrack(|| expected_tokens(state, ""));
    let live = LiveTurn::begin(&shown, turn, expected);
    live.conversation.set(state.current.get_untracked());
    spawn_ticking(live.clone());
    spawn_local(async move { follow(state, live, None).await });
}

/// Presses Stop on the answer being written in the conversation shown.
pub(crate) fn stop(state: ChatState) {
    let Some(live) = untrack(|| state.running()).and_then(|shown| live::of_message(shown.key))
    else {
        return;
    };
    let shown = live.freeze();
    spawn_local(async move {
        // A turn that is not accepted yet cannot be stopped yet: wait for it.
        for wait in COME_BACK_MS {
            match turns::stop(live.turn, shown).await {
                Ok(()) => return,
                Err(problem) if problem.kind == ProblemKind::NotFound => dom::sleep(wait).await,
                Err(problem) => {
                    live.unfreeze();
                    state.send_problem.set(Some(problem));
                    return;
                }
            }
            if live.is_over() {
                return;
            }
        }
        live.unfreeze();
    });
}

fn begin(
    state: ChatState,
    request: StartTurn,
    question: Option<ShownMessage>,
    answer: ShownMessage,
    question_text: &str,
) {
    let expected = untrack(|| expected_tokens(state, question_text));
    let turn = request.turn.unwrap_or_else(|| TurnId::from_random_bytes(dom::random_bytes()));
    let live = LiveTurn::begin(&answer, turn, expected);
    live.conversation.set(request.conversation);
    state.messages.update(|all| {
        all.extend(question.clone());
        all.push(answer);
    });
    state.away.set(false);
    state.announcement.set("Generating".to_owned());
    spawn_ticking(live.clone());
    spawn_local(async move {
        match start(&request).await {
            Ok(stream) => {
                let sent = Sent { question, text: request.text };
                follow(state, live, Some((stream, sent))).await;
            }
            Err(problem) => give_back(state, &live, question.as_ref(), &request, problem),
        }
    });
}

/// What the page sent, until it is accepted.
struct Sent {
    question: Option<ShownMessage>,
    text: String,
}

/// Starts the turn. If the connection broke on the way it may have been
/// accepted all the same: then its events are there.
async fn start(request: &StartTurn) -> Result<EventStream, Problem> {
    let problem = match EventStream::start(request).await {
        Ok(stream) => return Ok(stream),
        Err(problem) if problem.kind == ProblemKind::Unreachable => problem,
        Err(problem) => return Err(problem),
    };
    match request.turn {
        Some(turn) => EventStream::follow(turn, 0).await.map_err(|_| problem),
        None => Err(problem),
    }
}

/// Sending failed: the text is back in the box with the reason beside it.
fn give_back(
    state: ChatState,
    live: &LiveTurn,
    question: Option<&ShownMessage>,
    request: &StartTurn,
    problem: Problem,
) {
    live.abandon();
    if live.conversation.get() == state.current.get_untracked() {
        let gone = [Some(live.shown.key), question.map(|shown| shown.key)];
        state.messages.update(|all| all.retain(|shown| !gone.contains(&Some(shown.key))));
        state.draft.update(|draft| {
            if draft.is_empty() {
                draft.clone_from(&request.text);
            } else {
                draft.insert_str(0, &format!("{}\n\n", request.text));
            }
        });
    }
    if let (ProblemKind::Unreachable, Some(turn)) = (problem.kind, request.turn) {
        state.unsure.set(Some((request.text.clone(), turn)));
    }
    let key = storage::draft_key(state.current.get_untracked());
    storage::set(&key, &state.draft.get_untracked());
    state.announcement.set("Not sent".to_owned());
    state.send_problem.set(Some(problem));
    dom::focus("composer");
}

/// Follows a turn to its end, through as many connections as it takes.
async fn follow(state: ChatState, live: Rc<LiveTurn>, started: Option<(EventStream, Sent)>) {
    let (mut stream, mut sent) = match started {
        Some((stream, sent)) => (Some(stream), Some(sent)),
        None => (None, None),
    };
    loop {
        let Some(mut open) = stream.take() else {
            match come_back(state, &live).await {
                Some(again) => stream = Some(again),
                None => return,
            }
            continue;
        };
        live.connected(open.closer());
        while let Some(entry) = open.next().await {
            state.offline.set(false);
            if let Event::Accepted { conversation, question, answer, .. } = entry.event {
                let sent = sent.take();
                live.shown.message.update(|message| message.id = answer);
                if let Some(shown) = sent.as_ref().and_then(|sent| sent.question.as_ref()) {
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
    }
}

fn accepted(state: ChatState, live: &LiveTurn, conversation: ConversationId, sent: Option<&Sent>) {
    let was_shown = live.conversation.get() == state.current.get_untracked();
    if live.conversation.replace(Some(conversation)).is_none() && was_shown {
        state.current.set(Some(conversation));
        history::replace(Some(conversation));
        // What was typed meanwhile moves with it.
        storage::set(&storage::draft_key(None), "");
        storage::set(&storage::draft_key(Some(conversation)), &state.draft.get_untracked());
    }
    if let Some(sent) = sent {
        state.touch(conversation, dom::now_ms() as i64, &sent.text);
    }
    tabs::announce(conversation);
}

fn ended(state: ChatState, live: &LiveTurn, event: &Event) {
    let shown = live.conversation.get() == state.current.get_untracked();
    if let Some(conversation) = live.conversation.get() {
        tabs::announce(conversation);
    }
    if !shown {
        return;
    }
    let word = match event {
        Event::Finished(_) => "Complete",
        Event::Stopped(_) => "Stopped",
        _ => "Failed",
    };
    state.announcement.set(word.to_owned());
    if !matches!(event, Event::Finished(_)) {
        // What waits was meant to follow a whole answer: it goes back to the
        // box rather than out.
        let waiting = state.queue.try_update(std::mem::take).unwrap_or_default();
        if !waiting.is_empty() {
            state.draft.update(|draft| {
                let typed = std::mem::take(draft);
                let all = waiting.into_iter().chain((!typed.is_empty()).then_some(typed));
                *draft = all.collect::<Vec<_>>().join("\n\n");
            });
        }
        return;
    }
    let next = state.queue.try_update(|queue| (!queue.is_empty()).then(|| queue.remove(0)));
    if let Some(text) = next.flatten() {
        spawn_local(async move {
            // After the last frame of this answer.
            while untrack(|| state.running()).is_some() {
                dom::sleep(30).await;
            }
            send(state, text);
        });
    }
}

/// Connects again, however long it takes; `None` when there is nothing to
/// come back to.
async fn come_back(state: ChatState, live: &Rc<LiveTurn>) -> Option<EventStream> {
    for (tries, wait) in (0..).zip(COME_BACK_MS.into_iter().chain(std::iter::repeat(5_000))) {
        if live::of_turn(live.turn).is_none_or(|it| !Rc::ptr_eq(&it, live)) {
            return None;
        }
        if tries > 0 || dom::is_offline() {
            state.offline.set(true);
            live.view.status.update(|status| status.reason = None);
        }
        if !dom::is_offline() {
            match EventStream::follow(live.turn, live.last()).await {
                Ok(stream) => {
                    state.offline.set(false);
                    return Some(stream);
                }
                Err(problem) if problem.kind == ProblemKind::NotFound => {
                    live.abandon();
                    conversations::reload(state).await;
                    return None;
                }
                Err(_) => {}
            }
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

fn spawn_ticking(live: Rc<LiveTurn>) {
    spawn_local(async move {
        while live::of_turn(live.turn).is_some_and(|it| Rc::ptr_eq(&it, &live)) {
            live.tick();
            dom::sleep(TICK_MS).await;
        }
    });
}

fn expected_tokens(state: ChatState, question: &str) -> u64 {
    let earlier: Vec<_> =
        state.messages.with(|all| all.iter().map(|shown| shown.message.get()).collect());
    estimate::expected_tokens(question, &earlier)
}

/// The status of a turn in words, for the status line.
pub(crate) fn phase_words(status: &Status, accepted: bool, stopping: bool, stalled: bool) -> String {
    use protocol::Phase;
    if stopping {
        return "Stopping…".to_owned();
    }
    if !accepted {
        return "Sending…".to_owned();
    }
    let model = status.model.as_deref();
    let from = model.map(|model| format!(" for {model}")).unwrap_or_default();
    match status.phase {
        Phase::Queued => "Accepted, about to begin…".to_owned(),
        Phase::Routing => "Choosing a model…".to_owned(),
        Phase::Waiting => format!("Waiting{from}…"),
        Phase::Thinking => "Thinking…".to_owned(),
        Phase::Writing if stalled => "Nothing new for a while; still connected…".to_owned(),
        Phase::Writing => "Writing…".to_owned(),
        Phase::Retrying => match status.retry_in_ms {
            Some(ms) => format!("Trying again in {} s…", ms.div_ceil(1_000)),
            None => "Trying again…".to_owned(),
        },
        Phase::Switching => format!("Switching{}…", model.map(|m| format!(" to {m}")).unwrap_or_default()),
    }
}
