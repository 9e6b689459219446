//! Counting what reached the simulator and how it ended.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// What has happened since the start or the last reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Requests for an answer that began.
    pub total: u64,
    /// Those being answered now.
    pub open: u64,
    /// Those answered to the end.
    pub completed: u64,
    /// Those whose caller closed the connection before the end.
    pub closed_by_caller: u64,
    /// Those refused, or ended by a fault.
    pub failed: u64,
    /// TCP connections open now.
    pub open_connections: u64,
    /// Tokens written, of all answers.
    pub tokens_sent: u64,
    /// The same counts for each model; a request refused before its model was
    /// known is in none.
    pub by_model: BTreeMap<String, Counts>,
    /// The same counts for each format: `openai`, `responses`, `anthropic`,
    /// `gemini`, `ollama`.
    pub by_format: BTreeMap<String, Counts>,
}

/// Requests by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Requests that began.
    pub total: u64,
    /// Those being answered now.
    pub open: u64,
    /// Those answered to the end.
    pub completed: u64,
    /// Those whose caller closed the connection before the end.
    pub closed_by_caller: u64,
    /// Those refused, or ended by a fault.
    pub failed: u64,
}

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: Mutex<Requests>,
    connections: AtomicU64,
    tokens: AtomicU64,
}

#[derive(Debug, Default)]
struct Requests {
    all: Counts,
    by_model: BTreeMap<String, Counts>,
    by_format: BTreeMap<String, Counts>,
}

impl Counters {
    /// The counts at this moment.
    pub(crate) fn snapshot(&self) -> Stats {
        let requests = self.requests();
        let Counts {
            total,
            open,
            completed,
            closed_by_caller,
            failed,
        } = requests.all;
        Stats {
            total,
            open,
            completed,
            closed_by_caller,
            failed,
            open_connections: self.connections.load(Ordering::Relaxed),
            tokens_sent: self.tokens.load(Ordering::Relaxed),
            by_model: requests.by_model.clone(),
            by_format: requests.by_format.clone(),
        }
    }

    /// Forgets everything but what is open.
    pub(crate) fn reset(&self) {
        let mut requests = self.requests();
        requests.all = requests.all.only_open();
        only_open(&mut requests.by_model);
        only_open(&mut requests.by_format);
        self.tokens.store(0, Ordering::Relaxed);
    }

    /// Counts a request refused before its model was known.
    pub(crate) fn refused(&self, format: &str) {
        let mut requests = self.requests();
        let Requests { all, by_format, .. } = &mut *requests;
        for counts in [all, by_format.entry(format.to_owned()).or_default()] {
            counts.total += 1;
            counts.failed += 1;
        }
    }

    /// Counts a request for a model as open.
    pub(crate) fn begin(self: &Arc<Self>, model: &str, format: &'static str) -> InFlight {
        let mut requests = self.requests();
        let Requests {
            all,
            by_model,
            by_format,
        } = &mut *requests;
        let of_model = by_model.entry(model.to_owned()).or_default();
        let of_format = by_format.entry(format.to_owned()).or_default();
        for counts in [all, of_model, of_format] {
            counts.total += 1;
            counts.open += 1;
        }
        InFlight {
            counters: Arc::clone(self),
            model: model.to_owned(),
            format,
            ending: Ending::ClosedByCaller,
        }
    }

    /// Counts a connection as open until the result is dropped.
    pub(crate) fn connected(self: &Arc<Self>) -> Connected {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Connected(Arc::clone(self))
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connected(Arc<Counters>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An open request. It lives in the response's future and then in its body, so
/// that the server drops it when the caller closes the connection; dropped
/// without another word, the caller closed.
#[derive(Debug)]
pub(crate) struct InFlight {
    counters: Arc<Counters>,
    model: String,
    format: &'static str,
    ending: Ending,
}

#[derive(Debug, Clone, Copy)]
enum Ending {
    ClosedByCaller,
    Completed,
    Failed,
}

impl InFlight {
    /// The request has been answered to the end.
    pub(crate) fn completed(mut self) {
        self.ending = Ending::Completed;
    }

    /// The request has met a fault that ended it.
    pub(crate) fn failed(mut self) {
        self.ending = Ending::Failed;
    }

    /// Counts tokens as written.
    pub(crate) fn sent(&self, tokens: u64) {
        self.counters.tokens.fetch_add(tokens, Ordering::Relaxed);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut requests = self.counters.requests();
        requests.all.end(self.ending);
        if let Some(of_model) = requests.by_model.get_mut(&self.model) {
            of_model.end(self.ending);
        }
        if let Some(of_format) = requests.by_format.get_mut(self.format) {
            of_format.end(self.ending);
        }
    }
}

/// Forgets all but what is open.
fn only_open(counts: &mut BTreeMap<String, Counts>) {
    counts.retain(|_, counts| counts.open > 0);
    for counts in counts.values_mut() {
        *counts = counts.only_open();
    }
}

impl Counts {
    fn end(&mut self, ending: Ending) {
        self.open -= 1;
        match ending {
            Ending::ClosedByCaller => self.closed_by_caller += 1,
            Ending::Completed => self.completed += 1,
            Ending::Failed => self.failed += 1,
        }
    }

    fn only_open(self) -> Self {
        Self {
            total: self.open,
            open: self.open,
            ..Self::default()
        }
    }
}
