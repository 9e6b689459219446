//! Stores the records of attempts that belong to no turn of the engine, behind
//! the callers' backs: nobody waits for a disk.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use protocol::Attempt;
use store::Store;
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

/// How many records one transaction stores at most.
const BATCH: usize = 256;
/// How many entries wait at most. What comes while the store is that far
/// behind is lost, so that memory is not.
const WAITING: usize = 10_000;
/// The pauses after which what could not be stored is tried again.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// Takes records. Clones are the same recorder.
#[derive(Clone)]
pub struct Recorder {
    entries: mpsc::Sender<Entry>,
    /// How many records were not even taken, since that was last logged.
    lost: Arc<AtomicUsize>,
}

enum Entry {
    Attempts(Vec<Attempt>),
    /// Tells when everything before it is stored.
    Flush(oneshot::Sender<()>),
}

impl Recorder {
    /// A recorder into this store. Must be called within a Tokio runtime,
    /// where its task ends with the last clone.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::by(move |attempts| {
            let store = Arc::clone(&store);
            async move { store.record_attempts(&attempts).await }
        })
    }

    fn by<F>(keep: impl Fn(Vec<Attempt>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), store::Error>> + Send + 'static,
    {
        let (sender, entries) = mpsc::channel(WAITING);
        let lost = Arc::default();
        tokio::spawn(write(keep, entries, Arc::clone(&lost)));
        Self {
            entries: sender,
            lost,
        }
    }

    /// Stores these soon.
    pub(super) fn record(&self, attempts: Vec<Attempt>) {
        let count = attempts.len();
        if count > 0 && self.entries.try_send(Entry::Attempts(attempts)).is_err() {
            self.lost.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Returns when everything recorded so far is stored, or has failed to be.
    pub async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.entries.send(Entry::Flush(done)).await.is_ok() {
            // Nothing to wait for where the task is gone.
            let _ = wait.await;
        }
    }
}

async fn write<F: Future<Output = Result<(), store::Error>>>(
    keep: impl Fn(Vec<Attempt>) -> F,
    mut entries: mpsc::Receiver<Entry>,
    lost: Arc<AtomicUsize>,
) {
    let mut batch = Vec::new();
    while entries.recv_many(&mut batch, BATCH).await > 0 {
        let mut attempts = Vec::new();
        let mut waiting = Vec::new();
        for entry in batch.drain(..) {
            match entry {
                Entry::Attempts(more) => attempts.extend(more),
                Entry::Flush(done) => waiting.push(done),
            }
        }
        let count = attempts.len();
        if count > 0
            && let Err(error) = persistently(&keep, attempts).await
        {
            tracing::error!(%error, lost = count, "attempts could not be recorded");
        }
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::error!(lost, "attempts came faster than they could be recorded");
        }
        for done in waiting {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
    }
}

/// Tries again what may pass: a lock, a full disk.
async fn persistently<F: Future<Output = Result<(), store::Error>>>(
    keep: &impl Fn(Vec<Attempt>) -> F,
    attempts: Vec<Attempt>,
) -> Result<(), store::Error> {
    for pause in PAUSES {
        if keep(attempts.clone()).await.is_ok() {
            return Ok(());
        }
        sleep(pause).await;
    }
    keep(attempts).await
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;

    use protocol::{AttemptId, AttemptReason, Outcome, TurnId, Usage};

    use super::*;

    /// A recorder that puts everything here.
    pub(in crate::http) fn recorder() -> (Recorder, Arc<Mutex<Vec<Attempt>>>) {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&kept);
        let recorder = Recorder::by(move |attempts| {
            to.lock().unwrap().extend(attempts);
            std::future::ready(Ok(()))
        });
        (recorder, kept)
    }

    pub(in crate::http) fn attempt(model: &str, reason: AttemptReason) -> Attempt {
        Attempt {
            id: AttemptId::from_random_bytes([1; 16]),
            turn: TurnId::from_random_bytes([2; 16]),
            number: 1,
            provider: "p".to_owned(),
            model: model.to_owned(),
            answered_by: None,
            started_ms: 0,
            first_token_ms: None,
            duration_ms: 0,
            outcome: Outcome::Failed,
            problem: None,
            status: None,
            code: None,
            usage: Usage::default(),
            price: None,
            reason,
            waited_ms: 0,
            streamed: true,
            route: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_is_tried_again() {
        let tries = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&tries);
        let recorder = Recorder::by(move |_| {
            let failed = counted.fetch_add(1, Ordering::Relaxed) < 2;
            std::future::ready(match failed {
                true => Err(store::Error::Unavailable("it is locked".to_owned())),
                false => Ok(()),
            })
        });
        recorder.record(vec![attempt("a", AttemptReason::First)]);
        recorder.flush().await;
        assert_eq!(tries.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn what_cannot_be_stored_does_not_fill_the_memory() {
        let recorder = Recorder::by(|_| std::future::pending());
        for _ in 0..WAITING + 10 {
            recorder.record(vec![attempt("a", AttemptReason::First)]);
        }
        assert_eq!(recorder.entries.capacity(), 0);
        assert_eq!(recorder.lost.load(Ordering::Relaxed), 10);
    }
}
