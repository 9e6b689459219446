//! Telling an answer over time: when each token goes out, and where a fault
//! strikes. How it looks on the wire is left to a [`Wire`].

use std::future::pending;
use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::stream;
use tokio::time::Instant;

use crate::format::Format;
use crate::problem::{Objection, Problem};
use crate::script::{Fault, FaultKind};
use crate::server::Connection;
use crate::speech::{Pace, Speech, Spent};
use crate::stats::InFlight;
use crate::wire::{Ending, Wire};

/// Time for the server to send what was said before the connection is dropped:
/// it sends whenever the body has nothing more at once.
pub(crate) const FLUSH: Duration = Duration::from_millis(20);

/// About how many bytes go out in one piece when many tokens are due.
const PIECE: usize = 16 * 1024;

/// An answer, and all that decides how it is told.
#[derive(Debug)]
pub(crate) struct Telling {
    pub(crate) format: Format,
    pub(crate) speech: Speech,
    pub(crate) pace: Pace,
    /// Tokens in one event.
    pub(crate) chunk_tokens: u64,
    /// The most tokens to say.
    pub(crate) limit: u64,
    /// The reason a script gives for the end.
    pub(crate) finish_reason: Option<String>,
    /// Whether a stream stays open after its end.
    pub(crate) hangs: bool,
    pub(crate) spent: Spent,
    /// What goes wrong, and after how many tokens.
    pub(crate) fault: Option<(u64, Fault)>,
    pub(crate) flight: InFlight,
    pub(crate) connection: Connection,
}

impl Telling {
    /// The body that tells it, in pieces of `split_bytes` where that is set.
    pub(crate) fn into_body(self, wire: Box<dyn Wire>, split_bytes: Option<usize>) -> Body {
        let teller = Teller {
            hangs: self.hangs,
            telling: Some(self),
            wire,
            split_bytes: split_bytes.unwrap_or(usize::MAX),
            began: Instant::now(),
            opened: false,
            written: BytesMut::new(),
        };
        Body::from_stream(stream::unfold(Box::new(teller), async |mut teller| {
            let piece = teller.next().await?;
            Some((piece, teller))
        }))
    }

    /// Why the answer ends where it is.
    pub(crate) fn ending(&mut self) -> Ending {
        if let Some(reason) = &self.finish_reason {
            Ending::named(reason)
        } else if !self.speech.is_over() {
            Ending::Length
        } else if self.speech.calls_tools() {
            Ending::Tools
        } else {
            Ending::Stop
        }
    }

    /// Whether nothing more will be said.
    fn is_over(&mut self) -> bool {
        self.spent.completion >= self.limit || self.speech.is_over()
    }
}

/// A body being told.
struct Teller {
    /// `None` once the end is written.
    telling: Option<Telling>,
    wire: Box<dyn Wire>,
    /// Whether nothing is to follow, not even the end, once the end is written.
    hangs: bool,
    split_bytes: usize,
    began: Instant,
    opened: bool,
    written: BytesMut,
}

impl Teller {
    /// The next piece of the body.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        while self.written.is_empty() {
            let Some(telling) = self.telling.take() else {
                if self.hangs {
                    pending::<()>().await;
                }
                return None;
            };
            match self.tell(telling).await {
                Ok(telling) => self.telling = telling,
                Err(error) => return Some(Err(error)),
            }
        }
        let length = self.split_bytes.min(self.written.len());
        Some(Ok(self.written.split_to(length).freeze()))
    }

    /// Writes what is due, waiting for it when nothing is. Gives the telling
    /// back unless it has ended.
    async fn tell(&mut self, mut telling: Telling) -> io::Result<Option<Telling>> {
        let mut due = telling.pace.due(self.began.elapsed());
        while self.written.len() < PIECE {
            let said = telling.spent.completion;
            let is_over = telling.is_over();
            let until_fault = match &telling.fault {
                Some((position, _)) => position.saturating_sub(said),
                None => u64::MAX,
            };
            if telling.fault.is_some() && (is_over || until_fault == 0) {
                // What was said before goes out first.
                if !self.written.is_empty() {
                    break;
                }
                return self.strike(telling).await;
            }
            if is_over {
                self.open(&telling);
                let ending = telling.ending();
                self.wire.finish(&mut self.written, &ending, &telling.spent);
                telling.flight.completed();
                return Ok(None);
            }
            let most = telling
                .chunk_tokens
                .min(until_fault)
                .min(telling.limit - said);
            if said.saturating_add(most) > due {
                if !self.written.is_empty() {
                    break;
                }
                let time = telling.pace.time_of(said + most);
                tokio::time::sleep_until(self.began + time).await;
                due = telling.pace.due(self.began.elapsed());
            }
            self.say(&mut telling, most);
        }
        Ok(Some(telling))
    }

    /// Writes the next tokens.
    fn say(&mut self, telling: &mut Telling, most: u64) {
        self.open(telling);
        if let Some(piece) = telling.speech.next(most) {
            telling.spent.add(&piece);
            self.wire.piece(&mut self.written, &piece, &telling.spent);
            telling.flight.sent(piece.tokens);
        }
    }

    fn open(&mut self, telling: &Telling) {
        if !self.opened {
            self.opened = true;
            self.wire.open(&mut self.written, &telling.spent);
        }
    }

    /// Lets the fault strike. Gives the telling back when it goes on.
    async fn strike(&mut self, mut telling: Telling) -> io::Result<Option<Telling>> {
        let Some((_, fault)) = telling.fault.take() else {
            return Ok(Some(telling));
        };
        let problem = Problem::scripted(&fault);
        match fault.kind {
            FaultKind::Garbage | FaultKind::HugeEvent | FaultKind::InvalidUtf8 => {
                self.open(&telling);
                let (out, spent) = (&mut self.written, &telling.spent);
                match fault.kind {
                    FaultKind::Garbage => self.wire.garbage(out),
                    FaultKind::HugeEvent => self.wire.huge(out, spent),
                    _ => self.wire.invalid_utf8(out, spent),
                }
            }
            FaultKind::ErrorInStream => {
                self.wire.error(&mut self.written, &problem);
                telling.flight.failed();
                return Ok(None);
            }
            FaultKind::PlainErrorInStream => {
                self.wire.plain_error(&mut self.written, &problem);
                telling.flight.failed();
                return Ok(None);
            }
            FaultKind::RefusedContent => {
                self.open(&telling);
                let problem = telling.format.words(&Objection::Content).reworded(&fault);
                self.wire
                    .refuse(&mut self.written, &problem, &telling.spent);
                telling.flight.failed();
                return Ok(None);
            }
            // Dropped, and counted, when the caller closes.
            FaultKind::Silence => pending().await,
            FaultKind::Cut | FaultKind::Reset => {
                tokio::time::sleep(FLUSH).await;
                if fault.kind == FaultKind::Reset {
                    telling.connection.end_by_reset();
                }
                telling.flight.failed();
                return Err(cut());
            }
            // Met before there was a body.
            FaultKind::Status | FaultKind::Html | FaultKind::ContextTooLong => {}
        }
        Ok(Some(telling))
    }
}

/// The end of a body in its middle: the server drops the connection.
pub(crate) fn cut() -> io::Error {
    io::Error::other("the script cuts the answer here")
}
