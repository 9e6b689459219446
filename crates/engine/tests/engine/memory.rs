//! A store in memory that fails when told to.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use protocol::{
    Attachment, Attempt, Conversation, ConversationId, Message, MessageId, MessageState, TurnId,
};
use store::{Checkpoint, EndedTurn, Error, NewTurn, Store, StoredFile};

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) conversations: Mutex<Vec<Conversation>>,
    attempts: Mutex<Vec<Attempt>>,
    pub(crate) attachments: Mutex<Vec<(Attachment, Vec<u8>)>>,
    pub(crate) checkpoints: AtomicUsize,
    pub(crate) fail_begin: AtomicBool,
    /// How many more times the end of a turn cannot be stored.
    pub(crate) fail_ends: AtomicUsize,
    pub(crate) fail_checkpoints: AtomicBool,
    /// Storing a new turn takes a second.
    pub(crate) slow_begin: AtomicBool,
}

impl Memory {
    fn on<T>(&self, id: MessageId, change: impl FnOnce(&mut Message) -> T) -> Result<T, Error> {
        self.conversations
            .lock()
            .unwrap()
            .iter_mut()
            .flat_map(|conversation| &mut conversation.messages)
            .find(|message| message.id == id)
            .map(change)
            .ok_or(Error::NotFound("message"))
    }
}

fn full() -> Error {
    Error::Unavailable("disk full".to_owned())
}

#[async_trait]
impl Store for Memory {
    async fn conversation(&self, id: ConversationId) -> Result<Conversation, Error> {
        let conversations = self.conversations.lock().unwrap();
        let found = conversations.iter().find(|found| found.id == id);
        found.cloned().ok_or(Error::NotFound("conversation"))
    }

    async fn begin_turn(&self, turn: &NewTurn) -> Result<(), Error> {
        if self.slow_begin.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        if self.fail_begin.load(Ordering::SeqCst) {
            return Err(full());
        }
        let mut conversations = self.conversations.lock().unwrap();
        if let Some(title) = &turn.new_conversation {
            conversations.push(Conversation {
                temporary: turn.temporary,
                ..Conversation::new(turn.conversation, title.clone(), turn.answer.created_ms)
            });
        }
        let conversation = conversations
            .iter_mut()
            .find(|found| found.id == turn.conversation)
            .ok_or(Error::NotFound("conversation"))?;
        conversation.messages.extend(turn.question.clone());
        conversation.messages.push(turn.answer.clone());
        Ok(())
    }

    async fn checkpoint(&self, checkpoints: &[Checkpoint]) -> Result<(), Error> {
        if self.fail_checkpoints.load(Ordering::SeqCst) {
            return Err(full());
        }
        self.checkpoints.fetch_add(1, Ordering::SeqCst);
        for checkpoint in checkpoints {
            self.on(checkpoint.answer, |message| {
                assert_eq!(
                    message.state,
                    MessageState::Writing,
                    "checkpoint of an ended turn"
                );
                if let Some(whole) = &checkpoint.whole {
                    message.text.clone_from(&whole.text);
                    message.thinking.clone_from(&whole.thinking);
                    message.tools.clone_from(&whole.tools);
                }
                message.text.push_str(&checkpoint.text);
                message.thinking.push_str(&checkpoint.thinking);
                message.last_event = checkpoint.last_event;
            })?;
        }
        Ok(())
    }

    async fn end_turn(&self, end: &EndedTurn) -> Result<(), Error> {
        if self.fail_ends.load(Ordering::SeqCst) > 0 {
            self.fail_ends.fetch_sub(1, Ordering::SeqCst);
            return Err(full());
        }
        self.attempts.lock().unwrap().extend(end.attempts.clone());
        self.on(end.answer, |message| {
            let transcript = end.transcript.clone();
            let ending = transcript.ending.expect("an ended turn has an ending");
            message.text = transcript.text;
            message.thinking = transcript.thinking;
            message.tools = transcript.tools;
            message.state = transcript.state;
            message.last_event = transcript.last;
            message.statistics = Some(ending.statistics);
            message.reason = Some(ending.reason);
            message.problem = ending.problem;
        })
    }

    async fn answer_of(&self, turn: TurnId) -> Result<(ConversationId, Message), Error> {
        let conversations = self.conversations.lock().unwrap();
        conversations
            .iter()
            .flat_map(|conversation| {
                let id = conversation.id;
                conversation
                    .messages
                    .iter()
                    .map(move |message| (id, message))
            })
            .find(|(_, message)| message.turn == Some(turn))
            .map(|(id, message)| (id, message.clone()))
            .ok_or(Error::NotFound("turn"))
    }

    async fn interrupt_open_turns(&self) -> Result<u64, Error> {
        unreachable!("the server does this at start-up")
    }

    async fn attempts(&self, turn: TurnId) -> Result<Vec<Attempt>, Error> {
        let attempts = self.attempts.lock().unwrap();
        Ok(attempts
            .iter()
            .filter(|attempt| attempt.turn == turn)
            .cloned()
            .collect())
    }

    async fn attachment(&self, hash: &str) -> Result<StoredFile, Error> {
        let attachments = self.attachments.lock().unwrap();
        let found = attachments.iter().find(|(known, _)| known.hash == hash);
        let (attachment, bytes) = found.cloned().ok_or(Error::NotFound("attachment"))?;
        Ok(StoredFile {
            attachment,
            bytes,
            kept: true,
        })
    }

    async fn record_attempts(&self, attempts: &[Attempt]) -> Result<(), Error> {
        self.attempts.lock().unwrap().extend_from_slice(attempts);
        Ok(())
    }

    async fn cached_answer(&self, _: &str, _: i64) -> Result<Option<String>, Error> {
        Ok(None)
    }

    async fn keep_cached_answer(&self, _: &str, _: &str, _: i64, _: u64) -> Result<(), Error> {
        Ok(())
    }

    async fn purge_cached_answers(&self, _: i64) -> Result<u64, Error> {
        Ok(0)
    }
}
