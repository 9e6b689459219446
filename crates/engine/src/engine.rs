//! The engine as the server sees it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use gateway::Gateway;
use protocol::{Conversation, ConversationId, MessageState, Problem, TurnId};
use store::Store;
use tokio::sync::broadcast;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    Watcher, checkpoint::Checkpoints, problem, registry::Registry, stop::End, stored, turn::Turn,
};

/// How long a shutdown waits for the store before it lets go.
const SHUTDOWN: Duration = Duration::from_secs(4);

/// How many changes a listener may be behind before it misses some.
const CHANGES: usize = 256;

/// Runs turns. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
}

/// What can be set about turns.
#[derive(Debug, Clone)]
pub struct Config {
    /// How long a turn goes on when nobody watches it; `None`: to its end.
    /// Who starts a turn has at least five seconds to come and watch.
    pub grace: Option<Duration>,
    /// The frame that text is gathered for.
    pub gather: Duration,
    /// The shortest time between two checkpoints.
    pub checkpoint_every: Duration,
    /// The longest time a turn may take.
    pub whole_turn: Duration,
    /// How long after its end a turn's events can still be had one by one;
    /// later the stored message serves.
    pub keep_log: Duration,
    /// The most bytes a message may have.
    pub message_limit: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            grace: Some(Duration::from_secs(30)),
            gather: Duration::from_millis(17),
            checkpoint_every: Duration::from_millis(200),
            whole_turn: Duration::from_secs(30 * 60),
            keep_log: Duration::from_secs(5 * 60),
            message_limit: 1_000_000,
        }
    }
}

impl Engine {
    /// An engine that asks this gateway and keeps in this store. Must be
    /// called within a tokio runtime, where its tasks then run.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, gateway: Arc<dyn Gateway>, config: Config) -> Self {
        let checkpoints = Arc::new(Checkpoints::new(
            Arc::clone(&store),
            config.checkpoint_every,
        ));
        let stop = CancellationToken::new();
        let writer = Arc::clone(&checkpoints);
        let stopped = stop.clone();
        tokio::spawn(async move { stopped.run_until_cancelled(writer.run()).await });
        Self {
            shared: Arc::new(Shared {
                registry: Mutex::new(Registry::new(config.keep_log)),
                changes: broadcast::Sender::new(CHANGES),
                tasks: TaskTracker::new(),
                _stop_checkpoints: stop.drop_guard(),
                checkpoints,
                store,
                gateway,
                config,
            }),
        }
    }

    /// Watches a turn: everything after the event with the number `after`, and
    /// what follows. Of a turn that ended long ago, or that a crash
    /// interrupted, the stored text comes as one `replace`, and then how it
    /// ended; nothing comes for who has seen the end.
    ///
    /// # Errors
    /// `not_found` where there is no such turn; `storage` where the store
    /// cannot be read.
    pub async fn watch(&self, turn: TurnId, after: u64) -> Result<Watcher, Problem> {
        if let Some(turn) = self.shared.turn(turn) {
            return Ok(turn.log.watch(after));
        }
        let answer = self.stored_answer(turn).await?;
        Ok(stored::watch(answer, after))
    }

    /// A conversation as it is now, with what running turns have written so
    /// far: a watcher can go on after each answer's `last_event`. Who asks has
    /// looked, so the grace period of its running turns begins anew.
    ///
    /// # Errors
    /// `not_found` where there is no such conversation; `storage` where the
    /// store cannot be read.
    pub async fn conversation(&self, id: ConversationId) -> Result<Conversation, Problem> {
        let of_store = |error| problem::of_store(&error);
        let mut conversation = self.shared.store.conversation(id).await.map_err(of_store)?;
        for message in &mut conversation.messages {
            let (MessageState::Writing, Some(turn)) = (message.state, message.turn) else {
                continue;
            };
            if let Some(turn) = self.shared.turn(turn) {
                turn.log.presence.look();
                stored::merge(message, turn.log.transcript());
                continue;
            }
            // It may have ended, and its log have gone, since the store was
            // read.
            *message = self.stored_answer(turn).await?;
            if message.state == MessageState::Writing {
                stored::interrupt(message);
            }
        }
        Ok(conversation)
    }

    /// Tells of every conversation in which a turn begins or ends, once that is
    /// stored. A listener that is too far behind is told how many it missed.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<ConversationId> {
        self.shared.changes.subscribe()
    }

    /// How many turns run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.shared.registry().running()
    }

    /// Accepts no more turns, closes every upstream connection, stores all
    /// running turns as interrupted, with all their text, and lets the
    /// watchers go without a terminal event, so that they come back. Takes at
    /// most four seconds.
    pub async fn shutdown(&self) {
        let turns = {
            let mut registry = self.shared.registry();
            registry.close();
            registry.all()
        };
        for turn in &turns {
            // One that is ending already keeps its own reason.
            let _ = turn.end.set(End::Interrupted);
        }
        self.shared.tasks.close();
        if tokio::time::timeout(SHUTDOWN, self.shared.tasks.wait())
            .await
            .is_err()
        {
            tracing::error!("not every running answer could be stored before the shutdown");
        }
        for turn in turns {
            if !turn.log.is_closed() {
                turn.log.close(Vec::new());
            }
        }
    }
}

/// What all clones and tasks of an engine share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gateway: Arc<dyn Gateway>,
    pub(crate) config: Config,
    pub(crate) checkpoints: Arc<Checkpoints>,
    pub(crate) tasks: TaskTracker,
    registry: Mutex<Registry>,
    changes: broadcast::Sender<ConversationId>,
    _stop_checkpoints: DropGuard,
}

impl Shared {
    /// A turn that runs or ended recently.
    pub(crate) fn turn(&self, id: TurnId) -> Option<Arc<Turn>> {
        self.registry().get(id)
    }

    /// Tells listeners that something of a conversation was stored.
    pub(crate) fn changed(&self, conversation: ConversationId) {
        // Fails only where nobody listens.
        let _ = self.changes.send(conversation);
    }

    pub(crate) fn registry(&self) -> MutexGuard<'_, Registry> {
        // Nothing can panic while the lock is held.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Now, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |time| time.as_millis() as i64)
}
