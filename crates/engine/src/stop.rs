//! What happens on Stop.
//!
//! Whoever presses it seals the log, so that nothing more is shown from that
//! moment, and tells the turn's task. The task drops the upstream connection
//! at once, stores what had been shown, and then announces `stopped`. Stop
//! returns when that is done.

use protocol::{ConversationId, Problem, TurnId, api};

use crate::{Engine, problem, turn::Turn};

/// Why a turn ends. The first reason counts.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// The model came to its end, for this reason.
    Finished(String),
    /// Somebody pressed Stop, having seen this many characters.
    Stopped(Option<usize>),
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

    /// Stops the running turns of a conversation that is about to be deleted.
    ///
    /// # Errors
    /// `storage` where an answer could not be stored; all are stopped even so.
    pub async fn stop_conversation(&self, conversation: ConversationId) -> Result<(), Problem> {
        let mut turns = self.shared.registry().all();
        turns.retain(|turn| turn.ids.conversation == conversation && !turn.log.is_closed());
        for turn in &turns {
            turn.stop(None);
        }
        let mut result = Ok(());
        for turn in &turns {
            result = result.and(turn.ended.wait().await.clone());
        }
        result
    }

    /// The stored answer of a turn.
    pub(crate) async fn stored_answer(&self, turn: TurnId) -> Result<protocol::Message, Problem> {
        match self.shared.store.answer_of(turn).await {
            Ok((_, message)) => Ok(message),
            Err(error) => Err(problem::of_store(&error)),
        }
    }
}

impl Turn {
    fn stop(&self, shown: Option<usize>) {
        if self.end.set(End::Stopped(shown)).is_ok() {
            self.log.seal();
        }
    }
}
