//! Starting a turn: is the request sound, where does it belong, and what is
//! the model asked.

use std::sync::Arc;

use gateway::{AnswerRequest, ChatMessage, ChatRequest, Options, Params};
use protocol::{
    Conversation, ConversationId, Event, Message, MessageId, MessageState, Problem, ProblemKind,
    Role, Settings, TurnId, Usd,
    api::{StartTurn, Started},
    title_from,
};
use store::NewTurn;
use tokio::{
    sync::{SetOnce, oneshot},
    time::Instant,
};
use uuid::Uuid;

use crate::{
    Engine,
    checkpoint::Kept,
    engine::now_ms,
    log::Log,
    problem,
    registry::Registered,
    turn::{self, Turn},
};

impl Engine {
    /// Starts a turn: stores the question and an empty answer while the model
    /// is already being asked, and returns when they are stored. The turn can
    /// be watched from then on. A request that names a turn which exists starts nothing and gets
    /// the ids of that turn.
    ///
    /// # Errors
    /// A problem where the request is wrong (`bad_request`, `too_large`),
    /// names what is not there (`not_found`), concerns an answer that is still
    /// being written (`conflict`), cannot be stored (`storage`), or comes
    /// while the server shuts down (`overloaded`). Nothing is stored then.
    pub async fn start(&self, request: StartTurn) -> Result<Started, Problem> {
        let accepted = Instant::now();
        if let Some(turn) = request.turn
            && let Some(ids) = self.started(turn).await?
        {
            return Ok(ids);
        }
        check(&request, self.shared.config.message_limit)?;
        let model = self.shared.gateway.resolve(request.model.as_deref())?;
        let place = self.place(&request).await?;

        let ids = Started {
            turn: request.turn.unwrap_or_else(|| TurnId(Uuid::now_v7())),
            conversation: place.conversation,
            question: request.retry.unwrap_or_else(|| MessageId(Uuid::now_v7())),
            answer: MessageId(Uuid::now_v7()),
        };
        let new = new_turn(ids, &place, &request, &model);
        let mut messages = place.history;
        if request.retry.is_none() {
            messages.push(ChatMessage::text(Role::User, request.text));
        }
        let settings = request.settings;
        let ask = AnswerRequest {
            turn: ids.turn,
            ask: ChatRequest {
                model,
                system: settings.system,
                messages: messages.into(),
                params: Params {
                    temperature: settings.temperature,
                    max_tokens: settings.max_tokens,
                    ..Params::default()
                },
                stream: true,
                ..ChatRequest::default()
            },
            options: Options {
                prefer: settings.prefer,
                max_cost: settings.max_cost,
                // Whoever asks again wants another answer.
                cache: match request.retry {
                    Some(_) => Some(false),
                    None => settings.cache,
                },
                // Until there are accounts, a conversation is the narrowest
                // circle of people there is.
                owner: Some(ids.conversation.to_string()),
                fallbacks: None,
                may_replace: true,
                unseen: false,
            },
        };
        self.begin(accepted, ids, new, ask).await
    }

    /// Sets the task of a new turn going, and returns when it is stored.
    async fn begin(
        &self,
        accepted: Instant,
        ids: Started,
        new: NewTurn,
        ask: AnswerRequest,
    ) -> Result<Started, Problem> {
        let log = Log::new(
            Event::Accepted {
                turn: ids.turn,
                conversation: ids.conversation,
                question: ids.question,
                answer: ids.answer,
            },
            self.shared.config.grace,
        );
        let turn = Arc::new(Turn {
            ids,
            accepted,
            log: Arc::new(log),
            kept: Kept::default(),
            end: SetOnce::new(),
            ended: SetOnce::new(),
        });
        // Before it is stored, so that whoever reads it in the store finds it
        // running.
        let registered = self.shared.registry().insert(Arc::clone(&turn));
        match registered {
            Registered::New => {}
            // The same request came twice at once.
            Registered::Known(ids) => return Ok(ids),
            Registered::Closed => return Err(problem::shutting_down()),
        }
        // Whoever asked may go away at any moment, and a turn that is stored
        // must run: from here on the task goes its own way.
        let (stored, outcome) = oneshot::channel();
        let task = turn::run(Arc::clone(&self.shared), turn, new, ask, stored);
        self.shared.tasks.spawn(task);
        match outcome.await {
            Ok(result) => result.map(|()| ids),
            Err(_) => Err(problem::internal()),
        }
    }

    /// The ids of a turn, if it exists.
    async fn started(&self, turn: TurnId) -> Result<Option<Started>, Problem> {
        if let Some(turn) = self.shared.turn(turn) {
            return Ok(Some(turn.ids));
        }
        match self.shared.store.answer_of(turn).await {
            Ok((conversation, answer)) => Ok(answer.parent.map(|question| Started {
                turn,
                conversation,
                question,
                answer: answer.id,
            })),
            Err(store::Error::NotFound(_)) => Ok(None),
            Err(error) => Err(problem::of_store(&error)),
        }
    }

    /// Where the request's question goes, or is.
    async fn place(&self, request: &StartTurn) -> Result<Place, Problem> {
        let Some(id) = request.conversation else {
            if request.parent.is_some() || request.retry.is_some() {
                return Err(bad("A message was named without its conversation."));
            }
            return Ok(Place {
                conversation: ConversationId(Uuid::now_v7()),
                title: Some(title_from(&request.text)),
                parent: None,
                history: Vec::new(),
                not_before_ms: 0,
            });
        };
        let conversation = self.conversation(id).await?;
        let path = match request.retry.or(request.parent) {
            None => conversation.newest_path(),
            Some(message) => path_to(&conversation, message).ok_or_else(|| {
                Problem::new(
                    ProblemKind::NotFound,
                    "There is no such message in this conversation.",
                )
            })?,
        };
        check_place(&conversation, path.last().copied(), request.retry.is_some())?;
        Ok(Place {
            conversation: id,
            title: None,
            parent: path.last().map(|message| message.id),
            // An answer that failed before its first word is nothing a model
            // could read; most refuse empty messages.
            history: path
                .into_iter()
                .filter(|message| !message.text.is_empty())
                .map(|message| ChatMessage::text(message.role, message.text.as_str()))
                .collect(),
            not_before_ms: conversation
                .messages
                .iter()
                .map(|message| message.created_ms)
                .max()
                .unwrap_or(0),
        })
    }
}

/// Whether a question may follow this message or, for a retry, whether another
/// answer may.
fn check_place(
    conversation: &Conversation,
    last: Option<&Message>,
    retry: bool,
) -> Result<(), Problem> {
    let Some(last) = last else {
        return Ok(());
    };
    let writing = |message: &Message| message.state == MessageState::Writing;
    let busy = match (retry, last.role) {
        (true, Role::Assistant) => return Err(bad("Only a question can be answered anew.")),
        (false, Role::User) => return Err(bad("A message can only follow an answer.")),
        (true, Role::User) => conversation
            .messages
            .iter()
            .any(|message| message.parent == Some(last.id) && writing(message)),
        (false, Role::Assistant) => writing(last),
    };
    if busy {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "The answer here is still being written.",
        )
        .advice("Wait until it is complete, or stop it.")
        .retryable());
    }
    Ok(())
}

/// Where a question goes, and what was said before it.
struct Place {
    conversation: ConversationId,
    /// The title, where the conversation is new.
    title: Option<String>,
    /// What the question follows; for a retry, the question.
    parent: Option<MessageId>,
    /// What was said up to there.
    history: Vec<ChatMessage>,
    /// A clock that was set back must not make the newest message look older
    /// than another.
    not_before_ms: i64,
}

fn new_turn(ids: Started, place: &Place, request: &StartTurn, model: &str) -> NewTurn {
    let created_ms = now_ms().max(place.not_before_ms);
    let question = Message {
        id: ids.question,
        parent: place.parent,
        role: Role::User,
        state: MessageState::Finished,
        text: request.text.clone(),
        thinking: String::new(),
        tools: Vec::new(),
        model: None,
        created_ms,
        turn: None,
        last_event: 0,
        statistics: None,
        reason: None,
        problem: None,
    };
    let answer = Message {
        id: ids.answer,
        parent: Some(ids.question),
        role: Role::Assistant,
        state: MessageState::Writing,
        text: String::new(),
        model: Some(model.to_owned()),
        turn: Some(ids.turn),
        ..question.clone()
    };
    NewTurn {
        conversation: ids.conversation,
        new_conversation: place.title.clone(),
        question: request.retry.is_none().then_some(question),
        answer,
    }
}

/// The messages from the root to this one.
fn path_to(conversation: &Conversation, id: MessageId) -> Option<Vec<&Message>> {
    let find = |id| conversation.messages.iter().find(|other| other.id == id);
    let mut path = vec![find(id)?];
    while let Some(parent) = path.last().and_then(|message| find(message.parent?)) {
        path.push(parent);
    }
    path.reverse();
    Some(path)
}

/// Whether the request is sound by itself.
fn check(request: &StartTurn, limit: usize) -> Result<(), Problem> {
    if request.retry.is_some() {
        if !request.text.is_empty() || request.parent.is_some() {
            return Err(bad(
                "A question that is to be answered anew has its text and its place already.",
            ));
        }
    } else if request.text.trim().is_empty() {
        return Err(bad("The message is empty.").advice("Write something first."));
    }
    let Settings {
        system,
        temperature,
        max_tokens,
        max_cost,
        prefer: _,
        cache: _,
    } = &request.settings;
    let system = system.as_deref().unwrap_or_default();
    for (what, text) in [
        ("message", request.text.as_str()),
        ("system prompt", system),
    ] {
        if text.len() > limit {
            return Err(Problem::new(
                ProblemKind::TooLarge,
                format!("The {what} has {} bytes; the limit is {limit}.", text.len()),
            )
            .advice("Shorten it, or raise the limit in the server's configuration."));
        }
        if text.contains('\0') {
            return Err(bad(format!("The {what} contains a NUL character."))
                .advice("Remove it: no text needs one."));
        }
    }
    if temperature.is_some_and(|value| !(0.0..=2.0).contains(&value)) {
        return Err(bad("The temperature must be between 0 and 2."));
    }
    if max_cost.is_some_and(|most| most <= Usd::ZERO) {
        return Err(bad("The maximum price must be more than 0."));
    }
    if *max_tokens == Some(0) {
        return Err(bad("The limit on output tokens must be at least 1."));
    }
    Ok(())
}

fn bad(message: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::BadRequest, message)
}
