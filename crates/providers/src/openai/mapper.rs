//! How its chunks become our deltas. Plain and synchronous: a test needs no
//! network and no runtime.

use std::{collections::VecDeque, sync::Arc};

use protocol::{ProblemKind, Usage, sse::Frame};
use serde_json::Value;

use super::{
    failure,
    wire::{Choice, Chunk, Function, Message, Text, ToolCall},
};
use crate::{Delta, Error, FinishReason, http::Upstream};

/// How many chunks that make no sense are passed over in one answer. One is a
/// hiccup of a proxy; more mean that text is being lost.
const SKIPPED_LIMIT: u32 = 3;

/// Turns the events of one answer into deltas.
///
/// `Finished` is held back after the finish reason, because the token counts
/// come behind it; it is the last delta, and nothing is made of what follows.
#[derive(Debug)]
pub(super) struct Mapper {
    upstream: Arc<Upstream>,
    /// A chunk that makes sense has come.
    started: bool,
    /// Finished or failed.
    ended: bool,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    /// The last chunk reported tokens and said nothing: what comes when the
    /// provider has counted a whole answer.
    counted: bool,
    refused: bool,
    /// One more than the highest index of a tool call.
    tools: u32,
    skipped: u32,
}

impl Mapper {
    pub(super) fn new(upstream: Arc<Upstream>) -> Self {
        Self {
            upstream,
            started: false,
            ended: false,
            finish: None,
            usage: None,
            counted: false,
            refused: false,
            tools: 0,
            skipped: 0,
        }
    }

    /// Whether a finish reason came, so that only token counts and the end
    /// mark are missing.
    pub(super) fn is_finishing(&self) -> bool {
        self.finish.is_some()
    }

    /// Whether token counts came.
    pub(super) fn has_usage(&self) -> bool {
        self.usage.is_some()
    }

    /// Whether a chunk has come, readable or not.
    pub(super) fn has_seen_data(&self) -> bool {
        self.started || self.skipped > 0
    }

    /// Appends what an event means.
    ///
    /// # Errors
    /// An error inside the stream; too many chunks that make no sense; an end
    /// mark without a finish reason.
    pub(super) fn map(&mut self, frame: &Frame, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        let data = frame.data.trim();
        if data == "[DONE]" {
            return self.done(out);
        }
        if frame.event == "error" {
            let body = serde_json::from_str(data).unwrap_or_else(|_| Value::from(data));
            return Err(self.failed(&body));
        }
        if data.is_empty() {
            return Ok(());
        }
        match serde_json::from_str(data) {
            Ok(chunk) => self.chunk(chunk, data, out),
            Err(cause) => self.skip(&cause),
        }
    }

    /// Appends what a whole answer means that came as one JSON document,
    /// which is its own end mark.
    ///
    /// # Errors
    /// As [`Mapper::map`], and where the document is something else.
    pub(super) fn document(&mut self, body: &str, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match serde_json::from_str(body) {
            Ok(chunk) => self.chunk(chunk, body, out)?,
            Err(cause) if cause.is_eof() => return Err(self.cut_off()),
            Err(_) => return Err(self.malformed("not valid JSON")),
        }
        if !self.started {
            return Err(self.malformed("a JSON document without an answer in it"));
        }
        let otherwise = match self.tools {
            0 => FinishReason::Stop,
            _ => FinishReason::ToolCalls,
        };
        let reason = self.finish.take().unwrap_or(otherwise);
        self.finished(reason, out);
        Ok(())
    }

    /// Appends what it means that nothing more comes.
    ///
    /// # Errors
    /// Where the answer is not whole.
    pub(super) fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match self.finish.take() {
            _ if self.ended => Ok(()),
            Some(reason) => {
                self.finished(reason, out);
                Ok(())
            }
            None if self.skipped > 0 && !self.started => {
                Err(self.malformed("nothing that can be read"))
            }
            None => Err(self.cut_off()),
        }
    }

    /// The end mark. Without a finish reason before it the answer was cut,
    /// unless it called tools or its tokens were counted at the end.
    fn done(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        let reason = match self.finish.take() {
            Some(reason) => reason,
            None if self.tools > 0 => FinishReason::ToolCalls,
            None if self.counted => FinishReason::Stop,
            None => return Err(self.cut_off()),
        };
        self.finished(reason, out);
        Ok(())
    }

    /// A refusal finishes with `stop`, as if the model had answered; the word
    /// for what the reader sees is `content_filter`.
    fn finished(&mut self, reason: FinishReason, out: &mut VecDeque<Delta>) {
        self.ended = true;
        out.push_back(Delta::Finished(match reason {
            FinishReason::Stop if self.refused => FinishReason::ContentFilter,
            reason => reason,
        }));
    }

    fn chunk(&mut self, chunk: Chunk, data: &str, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        if let Some(error) = chunk.error.filter(failure::is_meant) {
            return Err(self.failed(&error));
        }
        if chunk
            .object
            .is_some_and(|object| object.as_str() == "error")
        {
            let body = serde_json::from_str(data).unwrap_or_default();
            return Err(self.failed(&body));
        }
        let choices = chunk.choices.unwrap_or_default();
        // A ping, or Azure's verdict on the question.
        if choices.is_empty() && chunk.usage.is_none() {
            return Ok(());
        }
        if !self.started {
            self.started = true;
            let model = Text::said(chunk.model);
            out.push_back(Delta::Started { model });
        }
        let before = out.len();
        for choice in choices {
            // Only one choice is asked for; another's text is not ours.
            if choice.index.unwrap_or(0) == 0 {
                self.choice(choice, out)?;
            }
        }
        self.counted = chunk.usage.is_some() && out.len() == before;
        if let Some(usage) = chunk.usage.map(Usage::from)
            && self.usage != Some(usage)
        {
            self.usage = Some(usage);
            out.push_back(Delta::Usage(usage));
        }
        Ok(())
    }

    fn choice(&mut self, choice: Choice, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        if let Some(message) = choice.delta.or(choice.message) {
            self.message(message, out);
        }
        if let Some(word) = Text::said(choice.finish_reason) {
            self.finish = Some(match word.as_str() {
                "stop" => FinishReason::Stop,
                "length" => FinishReason::Length,
                "tool_calls" | "function_call" => FinishReason::ToolCalls,
                "content_filter" => FinishReason::ContentFilter,
                "error" => return Err(self.failed(&Value::Null)),
                _ => FinishReason::Other(word),
            });
        }
        Ok(())
    }

    fn message(&mut self, message: Message, out: &mut VecDeque<Delta>) {
        // A server between two versions sends the same text under both names.
        let thinking = Text::said(message.reasoning_content);
        let thinking = thinking.or_else(|| Text::said(message.reasoning));
        out.extend(thinking.map(Delta::Thinking));
        out.extend(Text::said(message.content).map(Delta::Text));
        if let Some(refusal) = Text::said(message.refusal) {
            self.refused = true;
            out.push_back(Delta::Text(refusal));
        }
        for call in message.tool_calls.unwrap_or_default() {
            self.tool(call, out);
        }
        if let Some(function) = message.function_call {
            let call = ToolCall {
                index: Some(0),
                id: None,
                function: Some(function),
            };
            self.tool(call, out);
        }
    }

    fn tool(&mut self, call: ToolCall, out: &mut VecDeque<Delta>) {
        let Function { name, arguments } = call.function.unwrap_or_default();
        let (id, name) = (Text::said(call.id), Text::said(name));
        // Calls that come whole may come without an index, one after another.
        let index = call.index.unwrap_or(match id.is_some() || name.is_some() {
            true => self.tools,
            false => self.tools.saturating_sub(1),
        });
        self.tools = self.tools.max(index.saturating_add(1));
        out.push_back(Delta::Tool {
            index,
            id,
            name,
            arguments: Text::said(arguments).unwrap_or_default(),
        });
    }

    fn skip(&mut self, cause: &serde_json::Error) -> Result<(), Error> {
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

    fn failed(&mut self, body: &Value) -> Error {
        self.ended = true;
        failure::within_stream(&self.upstream, body)
    }

    fn cut_off(&mut self) -> Error {
        self.ended = true;
        self.upstream.cut_off(None)
    }

    /// The provider sent this instead of an answer.
    pub(super) fn malformed(&mut self, what: &str) -> Error {
        self.ended = true;
        let message = format!("{} sent {what}.", self.upstream.name);
        self.upstream.error(ProblemKind::Malformed, &message)
    }
}
