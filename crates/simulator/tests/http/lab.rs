//! A simulator, a client, and what the client received.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use protocol::sse::Decoder;
use serde_json::{Value, json};
use simulator::{Simulator, Stats};

/// A simulator of its own and a client of its own for each test.
pub(crate) struct Lab {
    pub(crate) simulator: Simulator,
    pub(crate) client: reqwest::Client,
}

/// A response, read as far as it came.
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    /// The body in the pieces it came in.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// What ended the body, when it did not end well.
    pub(crate) error: Option<reqwest::Error>,
}

impl Lab {
    pub(crate) async fn new() -> Self {
        let simulator = Simulator::spawn(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { simulator, client }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.simulator.addr())
    }

    /// Sends a body to the completions as it is.
    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Received {
        let request = self.client.post(self.url(path)).body(body);
        Received::read(request.send().await.unwrap()).await
    }

    /// Asks the guide, streaming, with a script.
    pub(crate) async fn stream(&self, script: Value) -> Received {
        let request = self.request(ask(script));
        Received::read(request.send().await.unwrap()).await
    }

    /// Asks the guide, not streaming, with a script.
    pub(crate) async fn whole(&self, script: Value) -> Received {
        let mut body = ask(script);
        body["stream"] = false.into();
        Received::read(self.request(body).send().await.unwrap()).await
    }

    pub(crate) fn request(&self, body: Value) -> reqwest::RequestBuilder {
        self.client
            .post(self.url("/v1/chat/completions"))
            .json(&body)
    }

    /// Waits until the statistics are as wished; hangs never, but fails after
    /// a long time.
    pub(crate) async fn wait_for(&self, wish: impl Fn(&Stats) -> bool) -> Stats {
        let waiting = async {
            loop {
                let stats = self.simulator.stats();
                if wish(&stats) {
                    return stats;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting)
            .await
            .unwrap_or_else(|_| panic!("never came: {:?}", self.simulator.stats()))
    }
}

/// A streaming request to the guide with a script.
pub(crate) fn ask(script: Value) -> Value {
    json!({
        "model": "guide",
        "stream": true,
        "messages": [{"role": "user", "content": "hello"}],
        "simulate": script,
    })
}

impl Received {
    pub(crate) async fn read(mut response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut pieces = Vec::new();
        let error = loop {
            match response.chunk().await {
                Ok(Some(piece)) => pieces.push(piece.to_vec()),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        Self {
            status,
            headers,
            pieces,
            error,
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.pieces.concat()
    }

    pub(crate) fn string(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The data of each event, and the number of comments.
    pub(crate) fn events(&self) -> (Vec<String>, u64) {
        let (frames, comments) = self.frames();
        let data = frames.into_iter().map(|(_, data)| data);
        (data.collect(), comments)
    }

    /// The name and the data of each event.
    pub(crate) fn named_events(&self) -> Vec<(String, Value)> {
        let (frames, _) = self.frames();
        let parsed = frames.into_iter().map(|(name, data)| {
            let data = serde_json::from_str(&data).unwrap_or_else(|_| data.into());
            (name, data)
        });
        parsed.collect()
    }

    fn frames(&self) -> (Vec<(String, String)>, u64) {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for piece in &self.pieces {
            decoder.push(piece);
            while let Some(frame) = decoder.next_frame().unwrap() {
                frames.push((frame.event, frame.data));
            }
        }
        (frames, decoder.comments())
    }

    /// The events that are JSON.
    pub(crate) fn chunks(&self) -> Vec<Value> {
        let (events, _) = self.events();
        let parsed = events.iter().map(|event| serde_json::from_str(event));
        parsed.filter_map(Result::ok).collect()
    }

    /// The non-empty strings of one field of the deltas.
    pub(crate) fn deltas(&self, field: &str) -> Vec<String> {
        let chunks = self.chunks();
        let fields = chunks
            .iter()
            .filter_map(|chunk| chunk["choices"][0]["delta"][field].as_str());
        fields
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn text(&self) -> String {
        self.deltas("content").concat()
    }

    pub(crate) fn finish_reason(&self) -> Option<String> {
        let chunks = self.chunks();
        let mut reasons = chunks
            .iter()
            .filter_map(|chunk| chunk["choices"][0]["finish_reason"].as_str());
        reasons.next().map(str::to_owned)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.events()
            .0
            .last()
            .is_some_and(|event| event == "[DONE]")
    }
}
