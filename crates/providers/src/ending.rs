//! Whether an answer may be taken for whole although its end mark is missing.

use std::collections::VecDeque;

use protocol::sse::Frame;

use crate::{
    Delta, Error,
    mapper::{Mapper, Progress},
};

/// What is known of the end of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing.
    Open,
    /// A finish reason came, but of a server that gives it before the end: it
    /// does not say when the answer is whole.
    Claimed,
    /// The content is complete. What is missing is the end mark, and the token
    /// counts unless they came.
    Due { counted: bool },
}

/// A mapper, and what its events have shown of the worth of finish reasons.
/// Some servers put one into each chunk, or into a first that says nothing.
#[derive(Debug)]
pub(crate) struct Watched {
    mapper: Box<dyn Mapper>,
    /// Something of the answer came.
    said: bool,
    /// A finish reason came with the beginning of the content or before its
    /// end.
    early: bool,
}

impl Watched {
    pub(crate) fn new(mapper: Box<dyn Mapper>) -> Self {
        Self {
            mapper,
            said: false,
            early: false,
        }
    }

    /// See [`Mapper::map`].
    pub(crate) fn map(&mut self, frame: &Frame, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        let had_reason = self.mapper.is_finishing();
        let before = out.len();
        self.mapper.map(frame, out)?;
        let says = out.range(before..).any(Delta::is_content);
        let is_first_reason = !had_reason && self.mapper.is_finishing();
        self.early |= (had_reason && says) || (is_first_reason && !self.said);
        self.said |= says;
        Ok(())
    }

    /// See [`Mapper::document`].
    pub(crate) fn document(&mut self, body: &str, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        self.mapper.document(body, out)
    }

    /// See [`Mapper::end`].
    pub(crate) fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        self.mapper.end(out)
    }

    pub(crate) fn ending(&self) -> Ending {
        match self.mapper.is_finishing() {
            false => Ending::Open,
            true if self.early => Ending::Claimed,
            true => Ending::Due {
                counted: self.mapper.has_usage(),
            },
        }
    }

    pub(crate) fn progress(&mut self) -> &mut Progress {
        self.mapper.progress()
    }
}
