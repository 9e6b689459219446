//! Sending, asking again, stopping.

use std::rc::Rc;

use leptos::prelude::*;
use protocol::{
    Attachment, ConversationId, Message, MessageId, Problem, ProblemKind, Role, TurnId,
    api::StartTurn,
};
use wasm_bindgen_futures::spawn_local;

use super::{
    attaching, composer, conversations,
    follow::{self, follow},
    live::{self, LiveTurn},
    queue, settings,
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
    let has_files = state.attached.with_untracked(|all| !all.is_empty());
    if (text.trim().is_empty() && !has_files) || state.loading.get_untracked() {
        return;
    }
    let Some(attachments) = attaching::take(state) else {
        return;
    };
    state.draft.set(String::new());
    storage::set(&storage::draft_key(state.current.get_untracked()), "");
    if untrack(|| state.running()).is_some() {
        queue::push(state, text, attachments);
    } else {
        send(state, text, attachments);
    }
}

/// Sends a message: it shows at once, before the server answers.
pub(crate) fn send(state: ChatState, text: String, attachments: Vec<Attachment>) {
    let now = dom::now_ms() as i64;
    let conversation = state.current.get_untracked();
    let model = state.model.get_untracked();
    // A send whose fate is unknown keeps its id: it may have arrived.
    let turn = match state.unsure.get_untracked() {
        Some((at, unsure, turn)) if at == conversation && unsure == text => turn,
        _ => new_turn(),
    };
    state.unsure.set(None);
    let before = state.messages.get_untracked();
    let mut question = new_message(Role::User, &text, None, now);
    question.parent = before.last().map(ShownMessage::id);
    question.attachments.clone_from(&attachments);
    let question = ShownMessage::new(question);
    let request = StartTurn {
        text: text.clone(),
        conversation,
        parent: question.parent(),
        model,
        settings: settings::asked(state),
        turn: Some(turn),
        attachments,
        temporary: conversation.is_none() && state.temporary.get_untracked(),
        ..StartTurn::default()
    };
    let answer = new_answer(&request, Some(question.id()));
    let sent = Sent {
        request,
        added: Some(question),
        before: before.clone(),
    };
    begin(state, sent, before, answer, &text);
}

/// Asks for another version of this answer, of this model or else of the one
/// chosen for the next message.
pub(crate) fn retry(state: ChatState, answer: &ShownMessage, model: Option<String>) {
    let Some((question, request)) = again(state, answer) else {
        return;
    };
    let request = StartTurn {
        model: model.or_else(|| state.model.get_untracked()),
        retry: Some(question.id),
        ..request
    };
    let new = new_answer(&request, Some(question.id));
    begin_again(state, answer, request, new, &question);
}

/// Asks for another version of this answer that begins with its text and goes
/// on, of the same model.
pub(crate) fn extend(state: ChatState, answer: &ShownMessage) {
    let Some((question, request)) = again(state, answer) else {
        return;
    };
    let known = answer.message.get_untracked();
    let is_offered = |model: &String| state.models.with_untracked(|all| all.find(model).is_some());
    let request = StartTurn {
        model: known
            .model
            .filter(is_offered)
            .or_else(|| state.model.get_untracked()),
        extend: Some(known.id),
        ..request
    };
    let mut new = new_answer(&request, Some(question.id));
    new.text = known.text;
    begin_again(state, answer, request, new, &question);
}

/// Sends another version of a question.
pub(crate) fn edit(state: ChatState, question: &ShownMessage, text: String) {
    let before = state.messages.get_untracked();
    let path = state.path_before(question);
    let known = question.message.get_untracked();
    let mut edited = new_message(Role::User, &text, None, dom::now_ms() as i64);
    edited.parent = known.parent;
    edited.attachments.clone_from(&known.attachments);
    let edited = ShownMessage::new(edited);
    let request = StartTurn {
        text: text.clone(),
        conversation: state.current.get_untracked(),
        model: state.model.get_untracked(),
        settings: settings::asked(state),
        turn: Some(new_turn()),
        edit: Some(known.id),
        attachments: known.attachments,
        ..StartTurn::default()
    };
    let answer = new_answer(&request, Some(edited.id()));
    let sent = Sent {
        request,
        added: Some(edited),
        before,
    };
    begin(state, sent, path, answer, &text);
    composer::focus();
}

/// The question of an answer that is to be given again, and the beginnings of
/// the request; `None` while another version of it is being written.
fn again(state: ChatState, answer: &ShownMessage) -> Option<(Message, StartTurn)> {
    if state.is_being_answered(answer) {
        return None;
    }
    let before = state.path_before(answer);
    let question = before.last()?.message.get_untracked();
    let request = StartTurn {
        conversation: state.current.get_untracked(),
        settings: settings::asked(state),
        turn: Some(new_turn()),
        ..StartTurn::default()
    };
    Some((question, request))
}

fn begin_again(
    state: ChatState,
    answer: &ShownMessage,
    request: StartTurn,
    new: Message,
    question: &Message,
) {
    let sent = Sent {
        request,
        added: None,
        before: state.messages.get_untracked(),
    };
    begin(state, sent, state.path_before(answer), new, &question.text);
    composer::focus();
}

fn new_answer(request: &StartTurn, question: Option<MessageId>) -> Message {
    let model = request.model.clone();
    Message {
        parent: question,
        ..new_message(Role::Assistant, "", model, dom::now_ms() as i64)
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
    /// The path that was shown before.
    before: Vec<ShownMessage>,
}

fn new_turn() -> TurnId {
    TurnId::from_random_bytes(dom::random_bytes())
}

/// Shows the new messages at the end of this path, and starts the turn.
fn begin(state: ChatState, sent: Sent, path: Vec<ShownMessage>, answer: Message, question: &str) {
    let Some(turn) = sent.request.turn else {
        return;
    };
    state.send_problem.set(None);
    state.page_problem.set(None);
    let answer = ShownMessage::new(answer);
    let live = LiveTurn::begin(state, &answer, turn, question);
    live.conversation.set(sent.request.conversation);
    let new: Vec<_> = sent.added.iter().chain([&answer]).cloned().collect();
    let awaited = untrack(|| state.running());
    state.show_new(path, &new);
    queue::give_back_without(state, awaited.as_ref());
    state.away.set(false);
    state.announcement.set("Generating".to_owned());
    follow::spawn_ticking(state, live.clone());
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
        before,
    } = sent;
    let conversation = live.conversation.get();
    let is_new = request.retry.is_none() && request.extend.is_none() && request.edit.is_none();
    if let (ProblemKind::Unreachable, Some(turn), true) = (problem.kind, request.turn, is_new) {
        state
            .unsure
            .set(Some((conversation, request.text.clone(), turn)));
    }
    if !state.knows(&live.shown) {
        // It goes to the draft of the conversation that was left.
        let kept = storage::get(&storage::draft_key(conversation)).unwrap_or_default();
        conversations::keep_draft(conversation, &[request.text, kept]);
        return;
    }
    let was_shown = state.shows(&live.shown);
    let new: Vec<_> = added.into_iter().chain([live.shown.clone()]).collect();
    state.remove(&new);
    if was_shown {
        state.show_path(before);
    }
    if is_new {
        state
            .draft
            .update(|draft| *draft = conversations::joined(&[&request.text, draft]));
        conversations::keep_draft(conversation, &[state.draft.get_untracked()]);
        attaching::put_back(state, request.attachments);
        composer::focus();
    } else if let Some(question) = request.edit {
        state.edit_again(question, request.text);
    }
    state.announcement.set("Not sent".to_owned());
    state.send_problem.set(Some(problem));
}

/// The conversation and the text of a send whose outcome is unknown, with the
/// turn it would be.
pub(crate) type Unsure = (Option<ConversationId>, String, TurnId);
