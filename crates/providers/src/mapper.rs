//! What turns wire events into deltas, and what all of them have in common.
//! Plain and synchronous: a test needs no network and no runtime.

use std::{collections::VecDeque, fmt, sync::Arc};

use protocol::{ProblemKind, sse::Frame};
use serde_json::Value;

use crate::{Delta, Error, FinishReason, failure, http::Upstream};

/// How many events that make no sense are passed over in one answer. One is a
/// hiccup of a proxy; more mean that text is being lost.
const SKIPPED_LIMIT: u32 = 3;

/// Turns the events of one answer in one format into deltas.
///
/// `Finished` is the last delta of a whole answer, and nothing is made of what
/// follows it. Unknown kinds of events are ignored.
pub(crate) trait Mapper: Send + fmt::Debug {
    /// Appends what an event means.
    ///
    /// # Errors
    /// The failure that ends the answer.
    fn map(&mut self, frame: &Frame, out: &mut VecDeque<Delta>) -> Result<(), Error>;

    /// Appends what a whole answer means that came as one JSON document,
    /// which is its own end mark.
    ///
    /// # Errors
    /// The failure that it tells of, or where it is something else.
    fn document(&mut self, body: &str, out: &mut VecDeque<Delta>) -> Result<(), Error>;

    /// Appends what it means that nothing more comes.
    ///
    /// # Errors
    /// Where the answer is not whole.
    fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error>;

    /// Whether a finish reason came, so that only token counts and the end
    /// mark are missing; see [`crate::ending`] for how far that can be relied
    /// on.
    fn is_finishing(&self) -> bool;

    /// Whether final token counts came.
    fn has_usage(&self) -> bool;

    /// How far it is.
    fn progress(&mut self) -> &mut Progress;
}

/// How far the reading of an answer is, and its ways to fail.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) upstream: Arc<Upstream>,
    /// An event that makes sense has come.
    pub(crate) started: bool,
    /// Finished or failed.
    pub(crate) ended: bool,
    skipped: u32,
}

impl Progress {
    pub(crate) fn new(upstream: Arc<Upstream>) -> Self {
        Self {
            upstream,
            started: false,
            ended: false,
            skipped: 0,
        }
    }

    /// Whether an event has come, readable or not.
    pub(crate) fn has_seen_data(&self) -> bool {
        self.started || self.skipped > 0
    }

    /// Notes the first event that makes sense.
    pub(crate) fn start(&mut self, model: Option<String>, out: &mut VecDeque<Delta>) {
        if !self.started {
            self.started = true;
            out.push_back(Delta::Started { model });
        }
    }

    /// Passes over an event that cannot be read.
    ///
    /// # Errors
    /// Where that is one too many.
    pub(crate) fn skip(&mut self, cause: &serde_json::Error) -> Result<(), Error> {
        self.skipped += 1;
        if self.skipped > SKIPPED_LIMIT {
            return Err(self.malformed("too many chunks that cannot be read"));
        }
        if self.skipped == 1 {
            tracing::warn!(
                provider.name = self.upstream.name,
                error.line = cause.line(),
                error.column = cause.column(),
                "skipped a chunk that cannot be read"
            );
        }
        Ok(())
    }

    /// The provider tells of an error in this object or text.
    pub(crate) fn failed(&mut self, body: &Value) -> Error {
        self.ended = true;
        failure::within_stream(&self.upstream, body)
    }

    /// The provider refuses to answer; `reason` is its own sentence or word.
    pub(crate) fn blocked(&mut self, reason: &str, code: &str) -> Error {
        self.ended = true;
        Error {
            code: Some(self.upstream.presentable(code)),
            ..self.upstream.error(ProblemKind::ContentBlocked, reason)
        }
    }

    /// The stream ended before the answer did.
    pub(crate) fn cut_off(&mut self) -> Error {
        self.ended = true;
        if self.skipped > 0 && !self.started {
            return self.malformed("nothing that can be read");
        }
        self.upstream.cut_off(None)
    }

    /// The provider gave its answer up; `word` is its own for why.
    pub(crate) fn gave_up(&mut self, word: &str) -> Error {
        let message = format!(
            "{} ended its answer before it was complete: {word}.",
            self.upstream.name
        );
        self.ended = true;
        Error {
            code: Some(self.upstream.presentable(word)),
            ..self.upstream.error(ProblemKind::CutOff, &message)
        }
    }

    /// A finish reason that we do not know, or the one taken for it.
    pub(crate) fn unknown(&self, word: String) -> FinishReason {
        tracing::debug!(
            provider.name = self.upstream.name,
            word,
            "unknown finish reason"
        );
        FinishReason::Other(word)
    }

    /// The provider sent this instead of an answer.
    pub(crate) fn malformed(&mut self, what: &str) -> Error {
        self.ended = true;
        let message = format!("{} sent {what}.", self.upstream.name);
        self.upstream.error(ProblemKind::Malformed, &message)
    }

    /// What is wrong with a document that cannot be read.
    pub(crate) fn unreadable(&mut self, cause: &serde_json::Error) -> Error {
        match cause.is_eof() {
            true => self.cut_off(),
            false => self.malformed("not valid JSON"),
        }
    }
}
