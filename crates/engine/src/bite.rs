//! What a watcher takes from the log at once, and its bytes on the wire.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use protocol::{Entry, Event, sse};
use serde::Serialize;

/// Everything since a watcher's position that can go out as one event. Watchers
/// at the same position share one bite, so that a thousand of them cost one
/// serialisation.
#[derive(Debug, Clone)]
pub struct Bite(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    entry: Entry,
    sse: OnceLock<Bytes>,
}

impl Bite {
    pub(crate) fn new(id: u64, event: Event) -> Self {
        Self(Arc::new(Inner {
            entry: Entry { id, event },
            sse: OnceLock::new(),
        }))
    }

    /// The event, under the number of the last log entry it covers.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.0.entry
    }

    /// The number of the last log entry it covers.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.0.entry.id
    }

    /// What happened.
    #[must_use]
    pub fn event(&self) -> &Event {
        &self.0.entry.event
    }

    /// Whether nothing comes after it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.event().is_terminal()
    }

    /// The event as server-sent event, encoded when first asked for.
    #[must_use]
    pub fn sse(&self) -> Bytes {
        let encode = || {
            let data = data(self.event());
            let mut out = String::with_capacity(data.len() + 48);
            sse::encode(&mut out, self.id(), self.event().name(), &data);
            Bytes::from(out)
        };
        self.0.sse.get_or_init(encode).clone()
    }
}

/// The content of an event as JSON, without the name around it.
fn data(event: &Event) -> String {
    #[derive(Serialize)]
    struct Delta<'a> {
        delta: &'a str,
    }
    let json = match event {
        Event::Text { delta } | Event::Thinking { delta } => {
            serde_json::to_string(&Delta { delta })
        }
        Event::Status(status) => serde_json::to_string(status),
        Event::Usage(usage) => serde_json::to_string(usage),
        Event::Finished(ending) | Event::Stopped(ending) | Event::Failed(ending) => {
            serde_json::to_string(ending)
        }
        Event::Accepted { .. } | Event::Tool { .. } | Event::Replace { .. } => {
            serde_json::to_value(event).map(|mut event| event["data"].take().to_string())
        }
    };
    json.expect("an event has only string keys and finite numbers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Ending, Status, Usage};

    #[test]
    fn the_data_is_what_the_protocol_says() {
        let events = [
            Event::Text {
                delta: "a\n\"ä\u{2028}".into(),
            },
            Event::Thinking { delta: "b".into() },
            Event::Status(Status::default()),
            Event::Usage(Usage::default()),
            Event::Replace {
                keep: 3,
                text: "x".into(),
            },
            Event::Tool {
                index: 1,
                id: Some("call".into()),
                name: None,
                arguments_delta: "{".into(),
            },
            Event::Failed(Ending::default()),
        ];
        for event in events {
            let bite = Bite::new(7, event.clone());
            let mut decoder = sse::Decoder::default();
            decoder.push(&bite.sse());
            let frame = decoder.next_frame().unwrap().unwrap();
            assert_eq!(frame.id.as_deref(), Some("7"));
            let data: serde_json::Value = serde_json::from_str(&frame.data).unwrap();
            let read: Event =
                serde_json::from_value(serde_json::json!({"event": frame.event, "data": data}))
                    .unwrap();
            assert_eq!(read, event);
        }
    }
}
