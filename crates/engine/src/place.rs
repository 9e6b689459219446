//! Where in its conversation a turn belongs, and what is stored of it at its
//! beginning.

use protocol::{
    Attachment, Conversation, ConversationId, Message, MessageId, MessageState, Problem,
    ProblemKind, Role,
    api::{StartTurn, Started},
    title_from,
};
use store::NewTurn;
use uuid::Uuid;

use crate::{Engine, engine::now_ms, problem::busy};

/// Where a turn goes, and what was said before it.
pub(crate) struct Place {
    pub(crate) conversation: ConversationId,
    /// The title, where the conversation is new.
    title: Option<String>,
    /// Whether it is kept in memory alone.
    pub(crate) temporary: bool,
    /// What a new question follows.
    parent: Option<MessageId>,
    /// The question, where it is there already.
    pub(crate) question: Option<MessageId>,
    /// What was said up to there, that question included.
    pub(crate) history: Vec<Message>,
    /// The text that the answer begins with.
    pub(crate) begun: String,
    /// A clock that was set back must not make the newest message look older
    /// than another.
    not_before_ms: i64,
}

impl Engine {
    /// Where the request's turn goes.
    pub(crate) async fn place(&self, request: &StartTurn) -> Result<Place, Problem> {
        let Some(id) = request.conversation else {
            return Place::at_the_beginning(request);
        };
        let conversation = self.conversation(id).await?;
        if request.temporary && !conversation.temporary {
            return Err(bad("Only a new conversation can be made temporary."));
        }
        let place = Place {
            conversation: id,
            title: None,
            temporary: conversation.temporary,
            parent: None,
            question: None,
            history: Vec::new(),
            begun: String::new(),
            not_before_ms: conversation
                .messages
                .iter()
                .map(|message| message.created_ms)
                .max()
                .unwrap_or(0),
        };
        let place = if let Some(question) = request.retry {
            place.at_question(&conversation, question)
        } else if let Some(answer) = request.extend {
            place.behind_beginning(&conversation, answer)
        } else if let Some(question) = request.edit {
            place.beside(&conversation, question)
        } else {
            place.behind(&conversation, request.parent)
        }?;
        match place.history.iter().any(is_writing) {
            true => Err(busy()),
            false => Ok(place),
        }
    }
}

impl Place {
    /// In a new conversation.
    fn at_the_beginning(request: &StartTurn) -> Result<Self, Problem> {
        let named = [request.parent, request.retry, request.edit, request.extend];
        if named.iter().any(Option::is_some) {
            return Err(bad("A message was named without its conversation."));
        }
        let has_words = !request.text.trim().is_empty();
        let title = match request.attachments.first() {
            Some(file) if !has_words => title_from(&file.name),
            _ => title_from(&request.text),
        };
        Ok(Self {
            conversation: ConversationId(Uuid::now_v7()),
            title: Some(title),
            temporary: request.temporary,
            parent: None,
            question: None,
            history: Vec::new(),
            begun: String::new(),
            not_before_ms: 0,
        })
    }

    /// A new question behind this message, or behind what is shown last.
    fn behind(self, within: &Conversation, message: Option<MessageId>) -> Result<Self, Problem> {
        let path = match message {
            None => within.path(),
            Some(message) => path_to(within, message)?,
        };
        if let Some(last) = path.last()
            && last.role == Role::User
            // One whose answers were all deleted has nothing else to follow it.
            && answers(within, last.id).next().is_some()
        {
            return Err(bad("A message can only follow an answer."));
        }
        Ok(self.after(path))
    }

    /// Another version of a question.
    fn beside(self, within: &Conversation, question: MessageId) -> Result<Self, Problem> {
        let path = path_to(within, question)?;
        match path.split_last() {
            Some((last, before)) if last.role == Role::User => Ok(self.after(before.to_vec())),
            _ => Err(bad("Only a question can be edited.")),
        }
    }

    /// Another answer to a question.
    fn at_question(self, within: &Conversation, question: MessageId) -> Result<Self, Problem> {
        let path = path_to(within, question)?;
        if path.last().is_none_or(|last| last.role != Role::User) {
            return Err(bad("Only a question can be answered anew."));
        }
        if answers(within, question).any(is_writing) {
            return Err(busy());
        }
        Ok(Self {
            question: Some(question),
            ..self.after(path)
        })
    }

    /// Another version of an answer that begins with its text; anew where there
    /// is none.
    fn behind_beginning(self, within: &Conversation, answer: MessageId) -> Result<Self, Problem> {
        let answer = within.find(answer).ok_or_else(no_such_message)?;
        let question = match (answer.role, answer.parent) {
            (Role::Assistant, Some(question)) => question,
            _ => return Err(bad("Only an answer can be continued.")),
        };
        let begun = match answer.text.trim().is_empty() {
            true => String::new(),
            false => answer.text.clone(),
        };
        Ok(Self {
            begun,
            ..self.at_question(within, question)?
        })
    }

    fn after(self, path: Vec<&Message>) -> Self {
        Self {
            parent: path.last().map(|message| message.id),
            history: path.into_iter().cloned().collect(),
            ..self
        }
    }

    /// What is stored of the turn at its beginning: its question where that is
    /// new, with these files, and an answer without text.
    pub(crate) fn new_turn(
        &self,
        ids: Started,
        text: String,
        attachments: Vec<Attachment>,
        model: &str,
    ) -> NewTurn {
        let question = Message {
            id: ids.question,
            parent: self.parent,
            role: Role::User,
            state: MessageState::Finished,
            text,
            attachments,
            thinking: String::new(),
            tools: Vec::new(),
            model: None,
            created_ms: now_ms().max(self.not_before_ms),
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
            attachments: Vec::new(),
            model: Some(model.to_owned()),
            turn: Some(ids.turn),
            ..question.clone()
        };
        NewTurn {
            conversation: ids.conversation,
            new_conversation: self.title.clone(),
            temporary: self.temporary,
            question: self.question.is_none().then_some(question),
            answer,
        }
    }
}

fn path_to(within: &Conversation, message: MessageId) -> Result<Vec<&Message>, Problem> {
    let path = within.path_to(message);
    match path.is_empty() {
        true => Err(no_such_message()),
        false => Ok(path),
    }
}

fn answers(within: &Conversation, question: MessageId) -> impl Iterator<Item = &Message> {
    let messages = within.messages.iter();
    messages.filter(move |message| message.parent == Some(question))
}

fn is_writing(message: &Message) -> bool {
    message.state == MessageState::Writing
}

fn no_such_message() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such message in this conversation.",
    )
}

fn bad(message: &str) -> Problem {
    Problem::new(ProblemKind::BadRequest, message)
}
