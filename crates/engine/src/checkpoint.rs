//! Keeps the text of running turns on disk: one task, one transaction for many
//! of them, so that what was received a quarter of a second ago survives a
//! crash at little cost.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use store::{Checkpoint, Store};
use tokio::{
    sync::{Notify, RwLock},
    time::Instant,
};

use crate::turn::Turn;

/// How many turns share a transaction. A turn that begins or ends waits for one
/// transaction at most.
const TOGETHER: usize = 64;

/// Where the turns leave word that they have something new.
pub(crate) struct Checkpoints {
    store: Arc<dyn Store>,
    /// The shortest time between two transactions.
    every: Duration,
    /// The turns with something new.
    due: Mutex<Vec<Arc<Turn>>>,
    wake: Notify,
    /// Held while a transaction is under way.
    writing: RwLock<()>,
}

/// How far a turn has been kept.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The number of the last entry in a checkpoint.
    last: AtomicU64,
    /// The turn is already among those with something new.
    due: AtomicBool,
    /// Its end is being stored, which replaces all checkpoints.
    ending: AtomicBool,
}

impl Checkpoints {
    pub(crate) fn new(store: Arc<dyn Store>, every: Duration) -> Self {
        Self {
            store,
            every,
            due: Mutex::default(),
            wake: Notify::new(),
            writing: RwLock::new(()),
        }
    }

    /// The turn has something new.
    pub(crate) fn note(&self, turn: &Arc<Turn>) {
        if !turn.kept.due.swap(true, Ordering::AcqRel) {
            self.due().push(Arc::clone(turn));
            self.wake.notify_one();
        }
    }

    /// No checkpoint of the turn is under way after this, and none follows.
    pub(crate) async fn finish(&self, turn: &Turn) {
        turn.kept.ending.store(true, Ordering::Release);
        drop(self.writing.read().await);
    }

    /// Writes checkpoints for ever.
    pub(crate) async fn run(&self) {
        let mut failing = false;
        loop {
            self.wake.notified().await;
            let begun = Instant::now();
            let result = self.write().await;
            if let (false, Err(error)) = (failing, &result) {
                tracing::error!(%error, "checkpoints cannot be written; trying on");
            }
            if failing && result.is_ok() {
                tracing::info!("checkpoints are written again");
            }
            failing = result.is_err();
            tokio::time::sleep_until(begun + self.every).await;
        }
    }

    async fn write(&self) -> Result<(), store::Error> {
        let turns = std::mem::take(&mut *self.due());
        let mut turns = turns.chunks(TOGETHER);
        while let Some(some) = turns.next() {
            if let Err(error) = self.write_some(some).await {
                for turn in turns.flatten() {
                    turn.kept.due.store(false, Ordering::Release);
                    self.note(turn);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn write_some(&self, turns: &[Arc<Turn>]) -> Result<(), store::Error> {
        let _writing = self.writing.write().await;
        let mut written = Vec::with_capacity(turns.len());
        let mut checkpoints = Vec::with_capacity(turns.len());
        for turn in turns {
            // Before the log is read: what comes later leaves word again.
            turn.kept.due.store(false, Ordering::Release);
            if let Some(checkpoint) = checkpoint(turn) {
                written.push(turn);
                checkpoints.push(checkpoint);
            }
        }
        if checkpoints.is_empty() {
            return Ok(());
        }
        let result = self.store.checkpoint(&checkpoints).await;
        for (turn, checkpoint) in written.into_iter().zip(&checkpoints) {
            match result {
                Ok(()) => turn
                    .kept
                    .last
                    .store(checkpoint.last_event, Ordering::Release),
                Err(_) => self.note(turn),
            }
        }
        result
    }

    fn due(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Turn>>> {
        // Nothing can panic while the lock is held.
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the turn has that is not kept yet, if anything.
fn checkpoint(turn: &Turn) -> Option<Checkpoint> {
    if turn.kept.ending.load(Ordering::Acquire) {
        return None;
    }
    let since = turn.log.since(turn.kept.last.load(Ordering::Acquire));
    let new = !since.text.is_empty() || !since.thinking.is_empty() || since.whole.is_some();
    new.then_some(Checkpoint {
        answer: turn.ids.answer,
        last_event: since.last,
        text: since.text,
        thinking: since.thinking,
        whole: since.whole,
    })
}
