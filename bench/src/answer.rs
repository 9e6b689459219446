//! An answer as it arrives, from a provider or from Rivulet, with its tokens
//! counted. The work for each token is small, because the generator of the
//! load shares the machine with what is measured.

use std::borrow::Cow;

use anyhow::{Context, Result, bail, ensure};
use protocol::{
    api,
    sse::{Decoder, Frame},
};
use reqwest::{Client, RequestBuilder, Response, header};
use serde::Deserialize;
use serde_json::json;

/// Somewhere to ask.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    url: String,
    wire: Wire,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    OpenAi,
    Rivulet,
}

/// An answer being read. It must be one of the simulator's fillers, in which
/// every token but the first begins with a space.
pub(crate) struct Answer {
    response: Response,
    decoder: Decoder,
    wire: Wire,
    /// The id of the turn, once Rivulet has told it.
    pub(crate) turn: Option<String>,
    /// Bytes of text so far.
    pub(crate) text_bytes: u64,
    /// Bytes of the body so far.
    pub(crate) wire_bytes: u64,
    /// Events with text so far.
    pub(crate) events: u64,
    ended: bool,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Content<'a>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    delta: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Accepted<'a> {
    turn: &'a str,
}

impl Place {
    /// A provider, or a proxy that leaves everything as it is.
    pub(crate) fn provider(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            wire: Wire::OpenAi,
        }
    }

    /// A Rivulet, whose provider is named `openai`.
    pub(crate) fn rivulet(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            wire: Wire::Rivulet,
        }
    }

    /// Asks a model.
    ///
    /// # Errors
    /// When the request is refused.
    pub(crate) async fn ask(&self, client: &Client, model: &str) -> Result<Answer> {
        let question = "Go on.";
        let request = match self.wire {
            Wire::OpenAi => client
                .post(format!("{}/v1/chat/completions", self.url))
                .json(&json!({
                    "model": model,
                    "messages": [{"role": "user", "content": question}],
                    "stream": true,
                    "stream_options": {"include_usage": true},
                })),
            Wire::Rivulet => client
                .post(format!("{}{}", self.url, api::TURNS))
                .header(header::ACCEPT, "text/event-stream")
                .json(&json!({"text": question, "model": format!("openai/{model}")})),
        };
        Answer::of(request, self.wire).await
    }

    /// Watches a turn of this Rivulet from its beginning.
    ///
    /// # Errors
    /// When the request is refused.
    pub(crate) async fn watch(&self, client: &Client, turn: &str) -> Result<Answer> {
        let path = api::EVENTS.replace("{turn}", turn);
        Answer::of(client.get(format!("{}{path}", self.url)), self.wire).await
    }

    /// Stops a turn of this Rivulet.
    ///
    /// # Errors
    /// When the request is refused.
    pub(crate) async fn stop(&self, client: &Client, turn: &str) -> Result<()> {
        let path = api::STOP.replace("{turn}", turn);
        let response = client.post(format!("{}{path}", self.url)).send().await?;
        response.error_for_status()?;
        Ok(())
    }
}

impl Answer {
    async fn of(request: RequestBuilder, wire: Wire) -> Result<Self> {
        let response = request.send().await?;
        if !response.status().is_success() {
            bail!("{}: {}", response.status(), response.text().await?);
        }
        Ok(Self {
            response,
            decoder: Decoder::default(),
            wire,
            turn: None,
            text_bytes: 0,
            wire_bytes: 0,
            events: 0,
            ended: false,
        })
    }

    /// How many tokens the next bytes bring; `None` when the answer is whole.
    ///
    /// # Errors
    /// When it breaks off, or fails.
    pub(crate) async fn more(&mut self) -> Result<Option<u64>> {
        let Some(bytes) = self.response.chunk().await? else {
            ensure!(self.ended, "an answer broke off");
            return Ok(None);
        };
        self.wire_bytes += bytes.len() as u64;
        self.decoder.push(&bytes);
        let mut tokens = 0;
        while let Some(frame) = self.decoder.next_frame()? {
            tokens += self.read(&frame)?;
        }
        Ok(Some(tokens))
    }

    /// Waits for the first token.
    ///
    /// # Errors
    /// When none comes.
    pub(crate) async fn first_token(&mut self) -> Result<()> {
        while self.more().await?.context("the answer has no token")? == 0 {}
        Ok(())
    }

    /// Reads to the end.
    ///
    /// # Errors
    /// When it breaks off, or fails.
    pub(crate) async fn finish(mut self) -> Result<Self> {
        while self.more().await?.is_some() {}
        Ok(self)
    }

    fn read(&mut self, frame: &Frame) -> Result<u64> {
        match self.wire {
            Wire::OpenAi if frame.data == "[DONE]" => self.ended = true,
            Wire::OpenAi => {
                let chunk: Chunk = serde_json::from_str(&frame.data)?;
                let choice = chunk.choices.first();
                let text = choice.and_then(|choice| choice.delta.content.as_deref());
                return Ok(self.count(text.unwrap_or_default()));
            }
            Wire::Rivulet => match frame.event.as_str() {
                "text" => {
                    let text: Text = serde_json::from_str(&frame.data)?;
                    return Ok(self.count(&text.delta));
                }
                "accepted" => {
                    let accepted: Accepted = serde_json::from_str(&frame.data)?;
                    self.turn = Some(accepted.turn.to_owned());
                }
                "finished" | "stopped" => self.ended = true,
                "failed" => bail!("an answer failed: {}", frame.data),
                _ => {}
            },
        }
        Ok(0)
    }

    fn count(&mut self, text: &str) -> u64 {
        if text.is_empty() {
            return 0;
        }
        let first = u64::from(self.text_bytes == 0);
        self.text_bytes += text.len() as u64;
        self.events += 1;
        first + text.bytes().filter(|byte| *byte == b' ').count() as u64
    }
}
