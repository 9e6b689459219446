//! Starting a turn: is the request sound, where does it belong, and what is
//! the model asked.

use std::sync::Arc;

use gateway::{AUTO, AnswerRequest, ChatMessage, ChatRequest, Options, Params, StopPhrases};
use protocol::{
    Attachment, Event, MessageId, Problem, ProblemKind, Settings, TurnId,
    api::{StartTurn, Started},
    check_text,
};
use store::NewTurn;
use tokio::{
    sync::{SetOnce, oneshot},
    time::Instant,
};
use uuid::Uuid;

use crate::{
    Engine, attachments,
    checkpoint::Kept,
    log::{self, Log},
    place::Place,
    problem,
    registry::Registered,
    turn::{self, Turn},
};

impl Engine {
    /// Starts a turn: stores the question and an empty answer while the model
    /// is already being asked, and returns when they are stored. The turn can
    /// be watched from then on; the log of one that extends an answer begins
    /// with that answer's text. A request that names a turn which exists starts
    /// nothing and gets the ids of that turn.
    ///
    /// Turns of one conversation may run beside each other where none of them
    /// needs what another is writing, and no two answer the same question.
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
        let files = self.load(&request.attachments).await?;
        let has_image = |files: &[Attachment]| files.iter().any(Attachment::is_image);
        // The question, where it is there already, is the last of what was said.
        let asked = place.history.last().filter(|_| place.question.is_some());
        let is_about_image = files.iter().any(|it| it.file.is_image())
            || asked.is_some_and(|question| has_image(&question.attachments));
        let mut said = place.history.iter();
        let has_images = is_about_image || said.any(|message| has_image(&message.attachments));
        // For `auto` this looks at every model.
        let blind = has_images && self.shared.gateway.sees_images(&model) == Some(false);
        if blind && is_about_image {
            return Err(does_not_see(&model));
        }
        let mut messages = self.history(&place.history, blind, &files).await?;
        if place.question.is_none() {
            messages.push(attachments::question(request.text.clone(), &files));
        }

        let ids = Started {
            turn: request.turn.unwrap_or_else(|| TurnId(Uuid::now_v7())),
            conversation: place.conversation,
            question: place.question.unwrap_or_else(|| MessageId(Uuid::now_v7())),
            answer: MessageId(Uuid::now_v7()),
        };
        let kept = files.into_iter().map(|it| it.file).collect();
        let new = place.new_turn(ids, request.text, kept, &model);
        let asked = Asked::new(ids.turn, model, messages, request.settings, place);
        self.begin(accepted, ids, new, asked).await
    }

    /// Sets the task of a new turn going, and returns when it is stored.
    async fn begin(
        &self,
        accepted: Instant,
        ids: Started,
        new: NewTurn,
        asked: Asked,
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
        // Watchers and the store see the whole answer.
        let begun = &asked.request.options.begun;
        if !begun.is_empty() {
            let delta = begun.clone();
            let begun = log.append(Event::Text { delta });
            begun.map_err(|log::Full| problem::answer_too_large())?;
        }
        let turn = Arc::new(Turn {
            ids,
            accepted,
            log: Arc::new(log),
            kept: Kept::default(),
            begun: SetOnce::new(),
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
            Registered::Busy => return Err(problem::busy()),
            Registered::Closed => return Err(problem::shutting_down()),
        }
        // Whoever asked may go away at any moment, and a turn that is stored
        // must run: from here on the task goes its own way.
        let (stored, outcome) = oneshot::channel();
        let task = turn::run(Arc::clone(&self.shared), turn, new, asked, stored);
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
}

/// A turn as the gateway is asked, and where its answer ends.
pub(crate) struct Asked {
    pub(crate) request: AnswerRequest,
    pub(crate) stop: Option<StopPhrases>,
}

impl Asked {
    fn new(
        turn: TurnId,
        model: String,
        messages: Vec<ChatMessage>,
        settings: Settings,
        place: Place,
    ) -> Self {
        // Not sent to the model: it would not tell where it stopped, nor keep
        // the phrase.
        let stop = StopPhrases::new(&settings.stop, settings.keep_stop);
        let ask = ChatRequest {
            model,
            system: settings.system,
            messages: messages.into(),
            params: Params {
                temperature: settings.temperature,
                top_p: settings.top_p,
                max_tokens: settings.max_tokens,
                ..Params::default()
            },
            stream: true,
            ..ChatRequest::default()
        };
        Self {
            stop: stop.map(|stop| stop.after(&place.begun)),
            request: AnswerRequest {
                turn,
                ask,
                options: Options {
                    prefer: settings.prefer,
                    max_cost: settings.max_cost,
                    // Whoever asks again wants another answer, and what is
                    // temporary must leave nothing behind.
                    cache: match place.question.is_some() || place.temporary {
                        true => Some(false),
                        false => settings.cache,
                    },
                    // Until there are accounts, a conversation is the narrowest
                    // circle of people there is.
                    owner: Some(place.conversation.to_string()),
                    fallbacks: None,
                    may_replace: true,
                    unseen: false,
                    begun: place.begun,
                },
            },
        }
    }
}

/// Whether the request is sound by itself.
fn check(request: &StartTurn, limit: usize) -> Result<(), Problem> {
    let places = [request.parent, request.edit, request.retry, request.extend];
    if places.iter().flatten().count() > 1 {
        return Err(bad(
            "A turn has one place: it follows a message (`parent`), or is another version of a \
             question (`edit`) or of an answer (`retry`, `extend`).",
        ));
    }
    let has_message = !request.text.trim().is_empty() || !request.attachments.is_empty();
    if request.retry.or(request.extend).is_some() {
        if has_message || !request.text.is_empty() {
            return Err(
                bad("The question is there already: nothing can be added to it.")
                    .advice("Edit it instead."),
            );
        }
    } else if !has_message {
        return Err(bad("The message is empty.").advice("Write something first."));
    }
    check_text("message", &request.text, limit)?;
    attachments::check(&request.attachments)?;
    request.settings.check(limit)
}

fn does_not_see(model: &str) -> Problem {
    let (who, what) = match model {
        AUTO => ("No model here sees images.".to_owned(), "Add one that does"),
        model => (
            format!("{model} does not see images."),
            "Choose a model that does",
        ),
    };
    bad(who).advice(format!("{what}, or remove the image."))
}

fn bad(message: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::BadRequest, message)
}
