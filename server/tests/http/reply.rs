//! What came back: a whole answer, or a stream of events still coming.

use protocol::{Entry, Event, Problem, Transcript, sse};
use reqwest::{RequestBuilder, Response, header::HeaderMap};
use serde_json::Value;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    /// A header's value; empty where it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The problem that this is, with all that makes it RFC 9457's.
    #[track_caller]
    pub(crate) fn problem(&self) -> Problem {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let members: Value = serde_json::from_str(&self.body).unwrap();
        let problem: Problem = serde_json::from_value(members.clone()).unwrap();
        assert_eq!(members["type"], "about:blank", "{members}");
        assert_eq!(members["status"], self.status, "{members}");
        assert_eq!(members["title"], problem.message, "{members}");
        assert_eq!(members["detail"], problem.advice, "{members}");
        let is_sentence = problem.message.starts_with(char::is_uppercase)
            || problem.message.starts_with(['/', '`']);
        assert!(
            is_sentence && problem.message.ends_with('.'),
            "no sentence: {}",
            problem.message
        );
        problem
    }
}

/// An event stream, and what it folds to so far.
pub(crate) struct Watching {
    response: Response,
    decoder: sse::Decoder,
    pub(crate) entries: Vec<Entry>,
    pub(crate) transcript: Transcript,
}

impl Watching {
    pub(crate) async fn new(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self {
            response,
            decoder: sse::Decoder::default(),
            entries: Vec::new(),
            transcript: Transcript::default(),
        }
    }

    /// The next event; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Entry> {
        loop {
            if let Some(frame) = self.decoder.next_frame().unwrap() {
                let entry = entry_of(&frame);
                self.transcript.apply(&entry);
                self.entries.push(entry.clone());
                return Some(entry);
            }
            let bytes = self.response.chunk().await.unwrap()?;
            self.decoder.push(&bytes);
        }
    }

    /// Reads to the end, which one terminal event announces.
    pub(crate) async fn rest(mut self) -> Self {
        while self.next().await.is_some() {}
        let terminal = self.entries.iter().filter(|it| it.event.is_terminal());
        assert_eq!(terminal.count(), 1, "{:?}", self.entries);
        assert!(self.last().is_terminal(), "{:?}", self.entries);
        self
    }

    pub(crate) fn last(&self) -> &Event {
        &self.entries.last().unwrap().event
    }
}

fn entry_of(frame: &sse::Frame) -> Entry {
    Entry {
        id: frame.id.as_deref().unwrap().parse().unwrap(),
        event: Event::from_wire(&frame.event, &frame.data)
            .unwrap()
            .unwrap(),
    }
}
