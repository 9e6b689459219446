//! Whether anybody watches a turn, and since when nobody does.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// How long somebody who just asked has to come and watch, even where the
/// grace period is shorter: the request for the events follows the one that
/// starts the turn.
const ARRIVAL: Duration = Duration::from_secs(5);

/// Counts a turn's watchers.
#[derive(Debug)]
pub(crate) struct Presence {
    /// How long a turn goes on with nobody watching; `None` for ever.
    grace: Option<Duration>,
    state: Mutex<State>,
    /// Told when the last watcher left.
    left: Notify,
}

#[derive(Debug, Default)]
struct State {
    watchers: usize,
    /// When the grace period ends; `None` while somebody watches, or where it
    /// never ends.
    until: Option<Instant>,
}

impl Presence {
    /// Nobody has come yet.
    pub(crate) fn new(grace: Option<Duration>) -> Self {
        let until = grace.and_then(|grace| Instant::now().checked_add(grace.max(ARRIVAL)));
        Self {
            grace,
            state: Mutex::new(State { watchers: 0, until }),
            left: Notify::new(),
        }
    }

    /// A watcher came.
    pub(crate) fn come(&self) {
        let mut state = self.lock();
        state.watchers += 1;
        state.until = None;
    }

    /// A watcher left.
    pub(crate) fn leave(&self) {
        let mut state = self.lock();
        state.watchers -= 1;
        if state.watchers == 0 {
            state.until = self.grace_from_now();
            self.left.notify_one();
        }
    }

    /// Somebody looked without staying: the grace period begins anew.
    pub(crate) fn look(&self) {
        let mut state = self.lock();
        if state.watchers == 0 {
            state.until = state.until.max(self.grace_from_now());
        }
    }

    /// Returns once nobody has watched for the grace period.
    pub(crate) async fn absent(&self) {
        loop {
            let until = self.lock().until;
            // Leaving may also bring the end nearer: who came in the meantime
            // had put it off.
            let left = self.left.notified();
            match until {
                Some(until) if until <= Instant::now() => return,
                Some(until) => _ = tokio::time::timeout_at(until, left).await,
                None => left.await,
            }
        }
    }

    fn grace_from_now(&self) -> Option<Instant> {
        Instant::now().checked_add(self.grace?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing can panic while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
