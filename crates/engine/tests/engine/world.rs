//! An engine between a scripted gateway and a store in memory.

use std::{sync::Arc, time::Duration};

use engine::{Config, Engine, Watcher};
use protocol::{
    Entry, Event, Message, Transcript, TurnId,
    api::{StartTurn, Started, Stop},
};
use store::Store as _;

use crate::{
    memory::Memory,
    upstream::{Beat, Scripted},
};

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) store: Arc<Memory>,
    pub(crate) upstream: Arc<Scripted>,
}

impl World {
    pub(crate) fn new(script: impl Into<Vec<Beat>>) -> Self {
        Self::with(Config::default(), script)
    }

    pub(crate) fn with(config: Config, script: impl Into<Vec<Beat>>) -> Self {
        let store = Arc::new(Memory::default());
        let upstream = Arc::new(Scripted::new(script.into()));
        Self {
            engine: Engine::new(store.clone(), upstream.clone(), config),
            store,
            upstream,
        }
    }

    /// The same store under a new engine, as after a restart.
    pub(crate) fn restarted(self) -> Self {
        Self {
            engine: Engine::new(self.store.clone(), self.upstream.clone(), Config::default()),
            ..self
        }
    }

    /// A turn in a new conversation.
    pub(crate) async fn start(&self) -> Started {
        self.engine.start(ask("Why?")).await.unwrap()
    }

    pub(crate) async fn watch(&self, turn: TurnId, after: u64) -> Watcher {
        self.engine.watch(turn, after).await.unwrap()
    }

    /// Everything after an event, to the end.
    pub(crate) async fn all(&self, turn: TurnId, after: u64) -> Vec<Entry> {
        all(self.watch(turn, after).await).await
    }

    pub(crate) async fn stop(&self, turn: TurnId, shown: Option<usize>) {
        self.engine.stop(turn, Stop { shown }).await.unwrap();
    }

    /// The answer as it is in the store.
    pub(crate) async fn stored(&self, turn: TurnId) -> Message {
        self.store.answer_of(turn).await.unwrap().1
    }
}

pub(crate) fn ask(text: &str) -> StartTurn {
    StartTurn {
        text: text.to_owned(),
        ..StartTurn::default()
    }
}

pub(crate) async fn all(mut watcher: Watcher) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some(bite) = watcher.next().await {
        entries.push(bite.entry().clone());
    }
    entries
}

pub(crate) async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

pub(crate) fn fold(entries: &[Entry]) -> Transcript {
    let mut transcript = Transcript::default();
    for entry in entries {
        transcript.apply(entry);
    }
    transcript
}

/// The entries in a line: `name` or `name:content`.
pub(crate) fn in_short(entries: &[Entry]) -> Vec<String> {
    let short = |entry: &Entry| match &entry.event {
        Event::Text { delta } | Event::Thinking { delta } => {
            format!("{}:{delta}", entry.event.name())
        }
        Event::Tool {
            index,
            arguments_delta,
            ..
        } => format!("tool:{index}:{arguments_delta}"),
        Event::Replace { keep, text } => format!("replace:{keep}:{text}"),
        Event::Finished(ending) | Event::Stopped(ending) | Event::Failed(ending) => {
            format!("{}:{}", entry.event.name(), ending.reason)
        }
        other => other.name().to_owned(),
    };
    entries.iter().map(short).collect()
}
