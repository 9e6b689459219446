//! The turns that run, and those that ended a short while ago.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use protocol::{TurnId, api::Started};
use tokio::time::Instant;

use crate::turn::Turn;

/// Turns by id.
pub(crate) struct Registry {
    turns: HashMap<TurnId, Arc<Turn>>,
    /// Ended turns and when their logs may go, the earliest first. They are
    /// swept whenever somebody asks for a turn; no task is needed for that.
    ended: VecDeque<(Instant, TurnId)>,
    /// How long an ended turn's log is kept.
    keep_log: Duration,
    closed: bool,
}

/// What became of a turn that was to be taken in.
pub(crate) enum Registered {
    New,
    /// There is one with this id, which stays.
    Known(Started),
    /// Another one answers the same question.
    Busy,
    /// No more turns are taken in.
    Closed,
}

impl Registry {
    pub(crate) fn new(keep_log: Duration) -> Self {
        Self {
            turns: HashMap::new(),
            ended: VecDeque::new(),
            keep_log,
            closed: false,
        }
    }

    /// Takes in a new turn. Whether its question is free is looked at here
    /// again, because two requests may have found it so at once.
    pub(crate) fn insert(&mut self, turn: Arc<Turn>) -> Registered {
        if let Some(known) = self.get(turn.ids.turn) {
            return Registered::Known(known.ids);
        }
        if self.closed {
            return Registered::Closed;
        }
        let mut others = self.turns.values();
        if others.any(|other| other.ids.question == turn.ids.question && !other.log.is_closed()) {
            return Registered::Busy;
        }
        self.turns.insert(turn.ids.turn, turn);
        Registered::New
    }

    /// Forgets a turn that could not be begun.
    pub(crate) fn remove(&mut self, turn: TurnId) {
        self.turns.remove(&turn);
    }

    /// A turn that runs or ended recently.
    pub(crate) fn get(&mut self, turn: TurnId) -> Option<Arc<Turn>> {
        self.sweep();
        self.turns.get(&turn).cloned()
    }

    /// A turn came to its end: its log is kept for a while.
    pub(crate) fn ended(&mut self, turn: TurnId) {
        self.ended.push_back((Instant::now() + self.keep_log, turn));
    }

    /// How many turns run.
    pub(crate) fn running(&self) -> usize {
        self.turns.len().saturating_sub(self.ended.len())
    }

    /// All turns, ended or not.
    pub(crate) fn all(&self) -> Vec<Arc<Turn>> {
        self.turns.values().cloned().collect()
    }

    /// Takes in no more turns.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    fn sweep(&mut self) {
        let now = Instant::now();
        while let Some((_, turn)) = self.ended.pop_front_if(|(until, _)| *until <= now) {
            self.turns.remove(&turn);
        }
    }
}
