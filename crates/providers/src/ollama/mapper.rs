//! How its lines become our deltas.

use std::{collections::VecDeque, sync::Arc};

use protocol::{Usage, sse::Frame};
use serde_json::{Value, json};

use super::wire::{Line, Message, ToolCall};
use crate::{Delta, Error, FinishReason, failure, http::Upstream, mapper::Progress, text::Text};

/// Turns the lines of one answer into deltas. The last line is the end mark
/// and holds everything that there is to say at the end.
#[derive(Debug)]
pub(crate) struct Mapper {
    progress: Progress,
    /// Something of an answer came.
    said: bool,
    /// A line came that is of no answer.
    strange: bool,
    counted: bool,
    tools: u32,
}

impl Mapper {
    pub(crate) fn new(upstream: Arc<Upstream>) -> Self {
        Self {
            progress: Progress::new(upstream),
            said: false,
            strange: false,
            counted: false,
            tools: 0,
        }
    }

    fn line(&mut self, line: Line, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        if let Some(error) = line.error.filter(failure::is_meant) {
            return Err(self.failed(error, line.status));
        }
        let is_last = line.done == Some(true);
        if line.message.is_none() && !is_last {
            self.strange = true;
            return Ok(());
        }
        self.progress.start(Text::said(line.model), out);
        let before = out.len();
        self.message(line.message.unwrap_or_default(), out);
        self.said |= out.len() > before;
        if !is_last {
            return Ok(());
        }
        if line.prompt_eval_count.is_some() || line.eval_count.is_some() {
            self.counted = true;
            out.push_back(Delta::Usage(Usage {
                // A prompt that was cached as a whole has no count, and is
                // not free of tokens.
                input: line.prompt_eval_count,
                output: line.eval_count,
                ..Usage::default()
            }));
        }
        self.finished(Text::said(line.done_reason), out)
    }

    /// A status beside the text tells more than the text.
    fn failed(&mut self, error: Value, status: Option<Value>) -> Error {
        match (&error, status) {
            (Value::String(message), Some(Value::Number(status))) => {
                let body = json!({"message": message, "code": status});
                self.progress.failed(&body)
            }
            _ => self.progress.failed(&error),
        }
    }

    fn message(&mut self, message: Message, out: &mut VecDeque<Delta>) {
        out.extend(Text::said(message.thinking).map(Delta::Thinking));
        out.extend(Text::said(message.content).map(Delta::Text));
        for call in message.tool_calls.unwrap_or_default() {
            self.tool(call, out);
        }
    }

    fn tool(&mut self, call: ToolCall, out: &mut VecDeque<Delta>) {
        let index = self.tools;
        self.tools += 1;
        let function = call.function.unwrap_or_default();
        out.push_back(Delta::Tool {
            index,
            id: Some(Text::said(call.id).unwrap_or_else(|| format!("call_{index}"))),
            name: Text::said(function.name),
            arguments: match function.arguments {
                None | Some(Value::Null) => "{}".to_owned(),
                // As OpenAI has it, and who imitates both.
                Some(Value::String(text)) => text,
                Some(arguments) => arguments.to_string(),
            },
            signature: None,
        });
    }

    fn finished(&mut self, word: Option<String>, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        let reason = match word.as_deref() {
            // Old versions give no reason.
            None | Some("stop") if self.tools > 0 => FinishReason::ToolCalls,
            None | Some("stop") => FinishReason::Stop,
            Some("length") => FinishReason::Length,
            // What it says to a request without a message.
            Some(word @ ("load" | "unload")) if !self.said => {
                let what = format!("no answer, only that its model was {word}ed");
                return Err(self.progress.malformed(&what));
            }
            Some(word @ ("load" | "unload")) => return Err(self.progress.gave_up(word)),
            Some(word) => self.progress.unknown(word.to_owned()),
        };
        self.progress.ended = true;
        out.push_back(Delta::Finished(reason));
        Ok(())
    }
}

impl crate::mapper::Mapper for Mapper {
    fn map(&mut self, frame: &Frame, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        if self.progress.ended {
            return Ok(());
        }
        match serde_json::from_str(&frame.data) {
            Ok(line) => self.line(line, out),
            Err(cause) => self.progress.skip(&cause),
        }
    }

    /// An answer that is not streamed is one line, and read as such.
    fn document(&mut self, body: &str, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match serde_json::from_str(body) {
            Ok(line) => self.line(line, out)?,
            Err(cause) => return Err(self.progress.unreadable(&cause)),
        }
        self.end(out)
    }

    fn end(&mut self, _: &mut VecDeque<Delta>) -> Result<(), Error> {
        match self.progress.ended {
            true => Ok(()),
            false if self.strange && !self.progress.started => {
                Err(self.progress.malformed("JSON without an answer in it"))
            }
            false => Err(self.progress.cut_off()),
        }
    }

    /// Nothing comes behind the reason, and nothing is waited for.
    fn is_finishing(&self) -> bool {
        false
    }

    fn has_usage(&self) -> bool {
        self.counted
    }

    fn progress(&mut self) -> &mut Progress {
        &mut self.progress
    }
}
