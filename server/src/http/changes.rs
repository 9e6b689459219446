//! What changes, told to every page that listens: turns that begin and end, by
//! the engine, and everything else by the handler that changed it.

use std::convert::Infallible;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, stream};
use protocol::{ConversationId, api::Change, sse};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    AppState,
    streams::{self, HEARTBEAT},
};

/// How many changes wait for a slow listener before it is told to look again
/// at everything.
const WAITING: usize = 64;

/// Look again: something may have changed.
const ANYTHING: Change = Change {
    conversation: None,
    presets: false,
};

/// Tells of changes. Clones tell the same listeners.
#[derive(Debug, Clone)]
pub struct Changes {
    listeners: broadcast::Sender<Change>,
}

impl Changes {
    pub(super) fn new() -> Self {
        Self {
            listeners: broadcast::Sender::new(WAITING),
        }
    }

    /// A conversation is new, or has changed or gone.
    pub(super) fn conversation(&self, id: ConversationId) {
        self.tell(Change {
            conversation: Some(id),
            ..ANYTHING
        });
    }

    /// Many have.
    pub(crate) fn conversations(&self) {
        self.tell(ANYTHING);
    }

    /// The presets have changed.
    pub(super) fn presets(&self) {
        self.tell(Change {
            presets: true,
            ..ANYTHING
        });
    }

    fn tell(&self, change: Change) {
        // Fails where nobody listens.
        drop(self.listeners.send(change));
    }
}

/// The stream of changes. The first comes at once and says that it is there.
pub(super) async fn changes(State(state): State<AppState>) -> Response {
    let listener = Listener {
        ours: state.changes.listeners.subscribe(),
        turns: state.engine.changes(),
    };
    let body = Body::from_stream(events(listener, state.shutdown.clone()));
    let mut response = body.into_response();
    streams::set_headers(response.headers_mut(), "text/event-stream");
    response
}

fn events(
    listener: Listener,
    shutdown: CancellationToken,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let beats = Box::pin(tokio::time::sleep(HEARTBEAT));
    let hello = Some(ANYTHING);
    stream::unfold(
        (listener, beats, hello),
        move |(mut listener, mut beats, mut hello)| {
            let shutdown = shutdown.clone();
            async move {
                let bytes = match hello.take() {
                    Some(hello) => encode(&hello),
                    None => tokio::select! {
                        () = shutdown.cancelled() => return None,
                        change = listener.next() => encode(&change?),
                        () = &mut beats => {
                            beats.as_mut().reset(Instant::now() + HEARTBEAT);
                            Bytes::from_static(sse::HEARTBEAT.as_bytes())
                        }
                    },
                };
                Some((Ok(bytes), (listener, beats, hello)))
            }
        },
    )
}

fn encode(change: &Change) -> Bytes {
    // Plain data always serialises.
    let data = serde_json::to_string(change).unwrap_or_default();
    format!("event: change\ndata: {data}\n\n").into()
}

/// One page's place in what is told.
struct Listener {
    ours: broadcast::Receiver<Change>,
    turns: broadcast::Receiver<ConversationId>,
}

impl Listener {
    /// The next change; `None` when the server ends.
    async fn next(&mut self) -> Option<Change> {
        let told = tokio::select! {
            change = self.ours.recv() => change,
            turn = self.turns.recv() => turn.map(|id| Change {
                conversation: Some(id),
                ..ANYTHING
            }),
        };
        match told {
            Ok(change) => Some(change),
            Err(RecvError::Closed) => None,
            Err(RecvError::Lagged(_)) => {
                // To look again makes up for what is missed and for what waits.
                self.ours = self.ours.resubscribe();
                self.turns = self.turns.resubscribe();
                Some(ANYTHING)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_listener_is_told_once_to_look_again() {
        let changes = Changes::new();
        let turns = broadcast::Sender::new(4);
        let mut listener = Listener {
            ours: changes.listeners.subscribe(),
            turns: turns.subscribe(),
        };
        let id = |number| ConversationId::from_random_bytes([number; 16]);
        let of = |number| Change {
            conversation: Some(id(number)),
            ..ANYTHING
        };
        for _ in 0..=WAITING {
            changes.conversation(id(1));
        }
        assert_eq!(listener.next().await, Some(ANYTHING));
        // What came before is not told besides.
        changes.conversation(id(2));
        assert_eq!(listener.next().await, Some(of(2)));

        for _ in 0..5 {
            turns.send(id(3)).unwrap();
        }
        assert_eq!(listener.next().await, Some(ANYTHING));
        turns.send(id(4)).unwrap();
        assert_eq!(listener.next().await, Some(of(4)));
        drop(turns);
        assert_eq!(listener.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_stream_beats() {
        use futures::StreamExt;
        let changes = Changes::new();
        let turns = broadcast::Sender::new(4);
        let listener = Listener {
            ours: changes.listeners.subscribe(),
            turns: turns.subscribe(),
        };
        let began = Instant::now();
        let events = events(listener, CancellationToken::new()).take(3);
        let events: Vec<_> = events.map(|event| event.unwrap()).collect().await;
        let hello = "event: change\ndata: {}\n\n";
        assert_eq!(events, [hello, sse::HEARTBEAT, sse::HEARTBEAT]);
        assert_eq!(began.elapsed(), 2 * HEARTBEAT);
    }
}
