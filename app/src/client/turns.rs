//! Turns over the wire: start, follow, stop.

use protocol::{
    Entry, Event, Problem, TurnId,
    api::{self, StartTurn, Stop},
    sse,
};
use web_sys::AbortController;

use super::http::{Body, Request};

const EVENT_STREAM: &str = "text/event-stream";

/// The frames of an event stream as they arrive. Dropping it closes the
/// connection, which is leaving, not stopping.
pub(crate) struct Frames {
    body: Body,
    decoder: sse::Decoder,
    _abort: Abort,
}

/// Closes a request when dropped.
struct Abort(Option<AbortController>);

impl Drop for Abort {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

impl Frames {
    /// Sends a request whose answer is an event stream. `abort` closes the
    /// connection from elsewhere, also before there is an answer.
    pub(crate) async fn open(
        request: Request<'_>,
        abort: Option<AbortController>,
    ) -> Result<Self, Problem> {
        let abort = Abort(abort);
        let signal = abort.0.as_ref().map(AbortController::signal);
        let mut request = request.accept(EVENT_STREAM);
        if let Some(signal) = &signal {
            request = request.abort(signal);
        }
        let response = request.send().await?;
        let body = Body::of(&response).ok_or_else(super::http::unreachable)?;
        Ok(Self {
            body,
            decoder: sse::Decoder::default(),
            _abort: abort,
        })
    }

    /// The next frame; `None` when the connection ended. `alive` is called
    /// whenever bytes came, heartbeats included.
    pub(crate) async fn next(&mut self, alive: impl Fn()) -> Option<sse::Frame> {
        loop {
            if let Some(frame) = self.decoder.next_frame().ok()? {
                return Some(frame);
            }
            self.decoder.push(&self.body.next().await?);
            alive();
        }
    }
}

/// A turn's events as they arrive.
pub(crate) struct EventStream(Frames);

impl EventStream {
    /// Starts a turn; its answer is the stream itself.
    pub(crate) async fn start(
        request: &StartTurn,
        abort: Option<AbortController>,
    ) -> Result<Self, Problem> {
        let request = Request::new("POST", api::TURNS).json(request);
        Frames::open(request, abort).await.map(Self)
    }

    /// Follows a turn from after the entry of that number.
    pub(crate) async fn follow(
        turn: TurnId,
        after: u64,
        abort: Option<AbortController>,
    ) -> Result<Self, Problem> {
        let path = api::events(turn, after);
        Frames::open(Request::new("GET", &path), abort)
            .await
            .map(Self)
    }

    /// The next entry; `None` when the connection ended, which before a
    /// terminal event means: come back. `alive` is as for [`Frames::next`].
    pub(crate) async fn next(&mut self, alive: impl Fn()) -> Option<Entry> {
        loop {
            let frame = self.0.next(&alive).await?;
            if let Some(entry) = entry_of(&frame) {
                return Some(entry);
            }
        }
    }
}

/// An event of a name or shape we do not know is skipped: the server may be
/// newer than the page.
fn entry_of(frame: &sse::Frame) -> Option<Entry> {
    let id = frame.id.as_deref()?.parse().ok()?;
    let event = Event::from_wire(&frame.event, &frame.data).ok()??;
    Some(Entry { id, event })
}

/// Stops a turn; what is stored is not longer than what was shown.
pub(crate) async fn stop(turn: TurnId, shown: usize) -> Result<(), Problem> {
    let body = Stop { shown: Some(shown) };
    Request::new("POST", &api::stop(turn))
        .json(&body)
        .send()
        .await
        .map(|_| ())
}
