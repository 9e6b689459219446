//! Gathers what a provider sends in crumbs into at most one log entry per
//! frame, so that a fast model does not cost every watcher a thousand events a
//! second.

use std::time::Duration;

use protocol::{Event, Usage};
use tokio::time::Instant;

use crate::log::{ENTRY_LIMIT, Full, Log, size};

/// Text, thinking or tool arguments on their way to the log. What comes after
/// a pause goes out at once; what follows within the frame waits for its end.
/// The order of kinds is kept: another kind first sends out what was waiting.
/// Only usage reports, of which the latest counts, travel behind the frame.
#[derive(Debug)]
pub(crate) struct Gather {
    frame: Duration,
    pending: Option<Event>,
    usage: Option<Usage>,
    logged_usage: Usage,
    /// When the frame ends that the last entry began.
    frame_end: Option<Instant>,
    text_begun: bool,
}

impl Gather {
    /// Entries at least a frame apart.
    pub(crate) fn new(frame: Duration) -> Self {
        Self {
            frame,
            pending: None,
            usage: None,
            logged_usage: Usage::default(),
            frame_end: None,
            text_begun: false,
        }
    }

    /// When [`Gather::send`] is due, if anything waits.
    pub(crate) fn due(&self) -> Option<Instant> {
        let waits = self.pending.is_some() || self.usage.is_some();
        self.frame_end.filter(|_| waits)
    }

    /// Takes an event: to the log now, or with the frame.
    pub(crate) fn add(&mut self, event: Event, now: Instant, log: &Log) -> Result<(), Full> {
        match event {
            Event::Text { delta } | Event::Thinking { delta } if delta.is_empty() => return Ok(()),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Text { .. } | Event::Thinking { .. } | Event::Tool { .. } => {
                let first_text = matches!(event, Event::Text { .. }) && !self.text_begun;
                if let Some(other) = self.join(event)
                    && let Some(before) = self.pending.replace(other)
                {
                    log.append(before)?;
                }
                if first_text {
                    self.text_begun = true;
                    return self.send(now, log);
                }
            }
            other => {
                self.flush(log)?;
                return log.append(other);
            }
        }
        let large = self
            .pending
            .as_ref()
            .is_some_and(|event| size(event) >= ENTRY_LIMIT);
        if large || self.frame_end.is_none_or(|end| end <= now) {
            self.send(now, log)?;
        }
        Ok(())
    }

    /// Sends out what waits, and begins a frame.
    pub(crate) fn send(&mut self, now: Instant, log: &Log) -> Result<(), Full> {
        self.frame_end = Some(now + self.frame);
        self.flush(log)
    }

    /// Sends out what waits.
    pub(crate) fn flush(&mut self, log: &Log) -> Result<(), Full> {
        if let Some(event) = self.pending.take() {
            log.append(event)?;
        }
        if let Some(usage) = self.usage.take()
            && usage != self.logged_usage
        {
            self.logged_usage = usage;
            log.append(Event::Usage(usage))?;
        }
        Ok(())
    }

    /// Appends to what waits, or gives the event back where it is of another
    /// kind.
    fn join(&mut self, event: Event) -> Option<Event> {
        match (&mut self.pending, event) {
            (Some(Event::Text { delta }), Event::Text { delta: more })
            | (Some(Event::Thinking { delta }), Event::Thinking { delta: more }) => {
                delta.push_str(&more);
            }
            (
                Some(Event::Tool {
                    index,
                    arguments_delta,
                    ..
                }),
                Event::Tool {
                    index: same,
                    id: None,
                    name: None,
                    arguments_delta: more,
                },
            ) if *index == same => arguments_delta.push_str(&more),
            (_, event) => return Some(event),
        }
        None
    }
}
