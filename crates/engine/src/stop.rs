//! What happens on Stop.
//!
//! Whoever presses it seals the log, so that nothing more is shown from that
//! moment, and tells the turn's task. The task drops the upstream connection
//! at once, stores what had been shown, and then announces `stopped`. Stop
//! returns when that is done.

use std::{collections::HashSet, sync::Arc};

use protocol::{ConversationId, MessageId, Problem, StopPhrase, TurnId, api};

use crate::{Engine, problem, turn::Turn};

/// Why a turn ends. The first reason counts.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// The model came to its end, for this reason.
    Finished(String),
    /// Somebody pressed Stop, having seen this many characters.
    Stopped(Option<usize>),
    /// It came to a stop phrase.
    Phrase(StopPhrase),
    /// Nobody was watching.
    Unwatched,
    /// It could not be completed.
    Failed(Problem),
    /// The server shuts down.
    Interrupted,
}

impl Engine {
    /// Stops a turn, and returns when it is stored. Stopping what has ended is
    /// no error and changes nothing.
    ///
    /// # Errors
    /// `not_found` where there is no such turn; `storage` where the answer
    /// could not be stored.
    pub async fn stop(&self, turn: TurnId, stop: api::Stop) -> Result<(), Problem> {
        match self.shared.turn(turn) {
            Some(turn) => {
                turn.stop(stop.shown);
                turn.ended.wait().await.clone()
            }
            None => self.stored_answer(turn).await.map(|_| ()),
        }
    }

    /// Stops the running turns of conversations that are about to be deleted.
    ///
    /// # Errors
    /// `storage` where an answer could not be stored; all are stopped even so.
    pub async fn stop_conversations(
        &self,
        conversations: &[ConversationId],
    ) -> Result<(), Problem> {
        stop_all(&self.running_in(conversations)).await
    }

    /// Stops the running turns of a conversation whose answers are among these
    /// messages or below them, which are about to be deleted.
    ///
    /// # Errors
    /// `not_found` where there is no such conversation; `storage` where the
    /// store cannot be read or an answer could not be stored; all are stopped
    /// even so.
    pub async fn stop_messages(
        &self,
        conversation: ConversationId,
        messages: &[MessageId],
    ) -> Result<(), Problem> {
        let mut turns = self.running_in(&[conversation]);
        if turns.is_empty() {
            return Ok(());
        }
        let stored = self.shared.store.conversation(conversation).await;
        let stored = stored.map_err(|error| problem::of_store(&error))?;
        turns.retain(|turn| {
            let path = stored.path_to(turn.ids.answer);
            path.iter().any(|message| messages.contains(&message.id))
        });
        stop_all(&turns).await
    }

    /// Stops the turns of these conversations that run though their answers
    /// were deleted: those that began while it was done. Nobody would see them,
    /// and each costs money.
    pub async fn stop_deleted(&self, conversations: &[ConversationId]) {
        let mut turns = Vec::new();
        for turn in self.running_in(conversations) {
            // One that is being stored cannot be told from a deleted one.
            let is_begun = tokio::select! {
                _ = turn.begun.wait() => true,
                _ = turn.ended.wait() => false,
            };
            let stored = self.shared.store.answer_of(turn.ids.turn);
            if is_begun && let Err(store::Error::NotFound(_)) = stored.await {
                turns.push(turn);
            }
        }
        // The log has what could not be stored; it was deleted anyway.
        let _ = stop_all(&turns).await;
    }

    /// The turns of these conversations that run.
    fn running_in(&self, conversations: &[ConversationId]) -> Vec<Arc<Turn>> {
        let mut turns = self.shared.registry().all();
        turns.retain(|turn| !turn.log.is_closed());
        if !turns.is_empty() {
            let wanted: HashSet<_> = conversations.iter().collect();
            turns.retain(|turn| wanted.contains(&turn.ids.conversation));
        }
        turns
    }

    /// The stored answer of a turn.
    pub(crate) async fn stored_answer(&self, turn: TurnId) -> Result<protocol::Message, Problem> {
        match self.shared.store.answer_of(turn).await {
            Ok((_, message)) => Ok(message),
            Err(error) => Err(problem::of_store(&error)),
        }
    }
}

/// Stops all of them, and returns when they are stored.
async fn stop_all(turns: &[Arc<Turn>]) -> Result<(), Problem> {
    for turn in turns {
        turn.stop(None);
    }
    let mut result = Ok(());
    for turn in turns {
        result = result.and(turn.ended.wait().await.clone());
    }
    result
}

impl Turn {
    fn stop(&self, shown: Option<usize>) {
        if self.end.set(End::Stopped(shown)).is_ok() {
            self.log.seal();
        }
    }
}
