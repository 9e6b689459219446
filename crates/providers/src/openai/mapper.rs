//! How its chunks become our deltas. Plain and synchronous: a test needs no
//! network and no runtime.

use std::{collections::VecDeque, sync::Arc};

use protocol::{Usage, sse::Frame};
use serde_json::Value;

use super::{
    calls::Calls,
    wire::{Choice, Chunk, Content, Message, ToolCall},
};
use crate::{Delta, Error, FinishReason, failure, http::Upstream, mapper::Progress, text::Text};

/// Turns the events of one answer into deltas.
///
/// `Finished` is held back after the finish reason, because the token counts
/// come behind it; it is the last delta, and nothing is made of what follows.
#[derive(Debug)]
pub(crate) struct Mapper {
    progress: Progress,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    /// The last chunk reported tokens and said nothing: what comes when the
    /// provider has counted a whole answer.
    counted: bool,
    refused: bool,
    calls: Calls,
}

impl Mapper {
    pub(crate) fn new(upstream: Arc<Upstream>) -> Self {
        Self {
            progress: Progress::new(upstream),
            finish: None,
            usage: None,
            counted: false,
            refused: false,
            calls: Calls::default(),
        }
    }

    /// The end mark. Without a finish reason before it the answer was cut,
    /// unless it called tools or its tokens were counted at the end.
    fn done(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        let reason = match self.finish.take() {
            Some(reason) => reason,
            None if !self.calls.is_empty() => FinishReason::ToolCalls,
            None if self.counted => FinishReason::Stop,
            None => return Err(self.progress.cut_off()),
        };
        self.finished(reason, out);
        Ok(())
    }

    /// A refusal finishes with `stop`, as if the model had answered; the word
    /// for what the reader sees is `content_filter`.
    fn finished(&mut self, reason: FinishReason, out: &mut VecDeque<Delta>) {
        self.progress.ended = true;
        out.push_back(Delta::Finished(match reason {
            FinishReason::Stop if self.refused => FinishReason::ContentFilter,
            reason => reason,
        }));
    }

    fn chunk(&mut self, chunk: Chunk, data: &str, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        if let Some(error) = chunk.error.filter(failure::is_meant) {
            return Err(self.progress.failed(&error));
        }
        if chunk
            .object
            .is_some_and(|object| object.as_str() == "error")
        {
            let body = serde_json::from_str(data).unwrap_or_default();
            return Err(self.progress.failed(&body));
        }
        let choices = chunk.choices.unwrap_or_default();
        // A ping, or Azure's verdict on the question.
        if choices.is_empty() && chunk.usage.is_none() {
            return Ok(());
        }
        self.progress.start(Text::said(chunk.model), out);
        let before = out.len();
        let mut read = Ok(());
        for choice in choices {
            // Only one choice is asked for; another's text is not ours.
            if choice.index.unwrap_or(0) == 0 && read.is_ok() {
                read = self.choice(choice, out);
            }
        }
        self.counted = chunk.usage.is_some() && out.len() == before;
        if let Some(usage) = chunk.usage.map(Usage::from)
            && self.usage != Some(usage)
        {
            self.usage = Some(usage);
            out.push_back(Delta::Usage(usage));
        }
        // After the tokens, which an answer that failed costs as well.
        read
    }

    fn choice(&mut self, choice: Choice, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        if let Some(message) = choice.delta.or(choice.message) {
            self.message(message, out);
        }
        if let Some(word) = Text::said(choice.finish_reason) {
            self.finish = Some(match word.as_str() {
                "stop" => FinishReason::Stop,
                "length" | "model_length" => FinishReason::Length,
                "tool_calls" | "function_call" => FinishReason::ToolCalls,
                "content_filter" => FinishReason::ContentFilter,
                "error" => return Err(self.progress.failed(&Value::Null)),
                // DeepSeek's word, and that of vLLM and SGLang.
                "insufficient_system_resource" | "abort" | "aborted" => {
                    return Err(self.progress.gave_up(&word));
                }
                _ => self.progress.unknown(word),
            });
        }
        Ok(())
    }

    fn message(&mut self, message: Message, out: &mut VecDeque<Delta>) {
        // A server between two versions sends the same text under both names.
        let thinking = Text::said(message.reasoning_content);
        let thinking = thinking.or_else(|| Text::said(message.reasoning));
        out.extend(thinking.map(Delta::Thinking));
        if let Some(content) = message.content {
            say(content, Delta::Text, out);
        }
        if let Some(refusal) = Text::said(message.refusal) {
            self.refused = true;
            out.push_back(Delta::Text(refusal));
        }
        for call in message.tool_calls.unwrap_or_default() {
            out.push_back(self.calls.fragment(call));
        }
        if let Some(function) = message.function_call {
            let call = ToolCall {
                index: Some(0),
                id: None,
                function: Some(function),
            };
            out.push_back(self.calls.fragment(call));
        }
    }
}

/// Appends what is said, as text or as thinking.
fn say(content: Content, as_delta: fn(String) -> Delta, out: &mut VecDeque<Delta>) {
    match content {
        Content::Text(text) => out.extend(Text::said(Some(text)).map(as_delta)),
        Content::Parts(parts) => {
            for part in parts {
                if let Some(thinking) = part.thinking {
                    say(thinking, Delta::Thinking, out);
                }
                out.extend(Text::said(part.text).map(as_delta));
            }
        }
    }
}

impl crate::mapper::Mapper for Mapper {
    fn map(&mut self, frame: &Frame, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        if self.progress.ended {
            return Ok(());
        }
        let data = frame.data.trim();
        if data == "[DONE]" {
            return self.done(out);
        }
        if frame.event == "error" {
            let body = serde_json::from_str(data).unwrap_or_else(|_| Value::from(data));
            return Err(self.progress.failed(&body));
        }
        if data.is_empty() {
            return Ok(());
        }
        match serde_json::from_str(data) {
            Ok(chunk) => self.chunk(chunk, data, out),
            Err(cause) => self.progress.skip(&cause),
        }
    }

    fn document(&mut self, body: &str, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match serde_json::from_str(body) {
            Ok(chunk) => self.chunk(chunk, body, out)?,
            Err(cause) => return Err(self.progress.unreadable(&cause)),
        }
        if !self.progress.started {
            return Err(self
                .progress
                .malformed("a JSON document without an answer in it"));
        }
        let otherwise = match self.calls.is_empty() {
            true => FinishReason::Stop,
            false => FinishReason::ToolCalls,
        };
        let reason = self.finish.take().unwrap_or(otherwise);
        self.finished(reason, out);
        Ok(())
    }

    fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match self.finish.take() {
            _ if self.progress.ended => Ok(()),
            Some(reason) => {
                self.finished(reason, out);
                Ok(())
            }
            None => Err(self.progress.cut_off()),
        }
    }

    fn is_finishing(&self) -> bool {
        self.finish.is_some()
    }

    fn has_usage(&self) -> bool {
        self.usage.is_some()
    }

    fn progress(&mut self) -> &mut Progress {
        &mut self.progress
    }
}
