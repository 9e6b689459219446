//! How its events become our deltas.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    sync::Arc,
};

use protocol::sse::Frame;
use serde_json::Value;

use super::wire::{Block, BlockDelta, Event, Message, Stop, Usage};
use crate::{Delta, Error, FinishReason, failure, http::Upstream, mapper::Progress, text::Text};

/// Turns the events of one answer into deltas.
///
/// The answer is whole with its stop reason; `Finished` is held back until the
/// end mark behind it.
#[derive(Debug)]
pub(crate) struct Mapper {
    progress: Progress,
    stop: Option<Reason>,
    usage: Usage,
    reported: protocol::Usage,
    has_usage: bool,
    has_text: bool,
    /// How many tool calls have come.
    tools: u32,
    /// The tool calls that are not complete, by the number of their block.
    open: BTreeMap<u64, ToolCall>,
}

/// Why the model ended its answer.
#[derive(Debug)]
struct Reason {
    word: String,
    explanation: Option<String>,
}

#[derive(Debug)]
struct ToolCall {
    /// Which tool call of the answer; blocks of text count for nothing.
    index: u32,
    arguments: Arguments,
}

/// What has come of a tool call's arguments.
#[derive(Debug, PartialEq, Eq)]
enum Arguments {
    Nothing,
    Some,
    /// They came whole when the block began.
    Whole,
}

impl Mapper {
    pub(crate) fn new(upstream: Arc<Upstream>) -> Self {
        Self {
            progress: Progress::new(upstream),
            stop: None,
            usage: Usage::default(),
            reported: protocol::Usage::default(),
            has_usage: false,
            has_text: false,
            tools: 0,
            open: BTreeMap::new(),
        }
    }

    fn event(&mut self, event: Event, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match event {
            Event::MessageStart { message } => {
                self.progress.start(Text::said(message.model), out);
                self.count(message.usage.unwrap_or_default().of_request(), out);
            }
            Event::ContentBlockStart {
                index,
                content_block,
            } => {
                self.progress.start(None, out);
                self.begin(index, content_block, out);
            }
            Event::ContentBlockDelta { index, delta } => {
                self.progress.start(None, out);
                self.more(index, delta, out);
            }
            Event::ContentBlockStop { index } => self.complete(index, out),
            Event::MessageDelta { delta, usage } => {
                self.progress.start(None, out);
                if let Some(usage) = usage {
                    self.has_usage = true;
                    self.count(usage, out);
                }
                if let Some(stop) = delta {
                    self.note(stop);
                }
            }
            Event::MessageStop if self.progress.started => return self.finish(out),
            // The end of nothing.
            Event::MessageStop => return Err(self.progress.cut_off()),
            Event::Error { error } => return Err(self.progress.failed(&error)),
            Event::Unknown => {}
        }
        Ok(())
    }

    /// A block begins. All of it is here where the answer is one document.
    fn begin(&mut self, index: u64, block: Block, out: &mut VecDeque<Delta>) {
        match block {
            Block::Text { text } => self.text(Text::said(text), out),
            Block::Thinking {
                thinking,
                signature,
            } => {
                out.extend(Text::said(thinking).map(Delta::Thinking));
                out.extend(Text::said(signature).map(Delta::Signature));
            }
            Block::ToolUse { id, name, input } => {
                self.complete(index, out);
                // Empty is what a stream puts where the arguments will be.
                let is_whole = input.as_object().is_some_and(|input| !input.is_empty());
                let (arguments, text) = match is_whole {
                    true => (Arguments::Whole, input.to_string()),
                    false => (Arguments::Nothing, String::new()),
                };
                let call = ToolCall {
                    index: self.tools,
                    arguments,
                };
                self.tools = self.tools.saturating_add(1);
                out.push_back(Delta::Tool {
                    index: call.index,
                    id: Text::said(id),
                    name: Text::said(name),
                    arguments: text,
                    signature: None,
                });
                self.open.insert(index, call);
            }
            Block::Unknown => {}
        }
    }

    fn more(&mut self, index: u64, delta: BlockDelta, out: &mut VecDeque<Delta>) {
        match delta {
            BlockDelta::Text { text } => self.text(Text::said(Some(text)), out),
            BlockDelta::Thinking { thinking } => {
                out.extend(Text::said(Some(thinking)).map(Delta::Thinking));
            }
            BlockDelta::Signature { signature } => {
                out.extend(Text::said(Some(signature)).map(Delta::Signature));
            }
            BlockDelta::Input { partial_json } => {
                // Tools that the provider runs itself get arguments too.
                let call = self.open.get_mut(&index);
                let call = call.filter(|call| call.arguments != Arguments::Whole);
                if let (Some(call), Some(json)) = (call, Text::said(Some(partial_json))) {
                    call.arguments = Arguments::Some;
                    out.push_back(fragment(call.index, json));
                }
            }
            BlockDelta::Unknown => {}
        }
    }

    fn text(&mut self, text: Option<String>, out: &mut VecDeque<Delta>) {
        self.has_text |= text.is_some();
        out.extend(text.map(Delta::Text));
    }

    /// A block ends. Of a tool without arguments nothing has come until then.
    fn complete(&mut self, index: u64, out: &mut VecDeque<Delta>) {
        if let Some(call) = self.open.remove(&index)
            && call.arguments == Arguments::Nothing
        {
            out.push_back(fragment(call.index, "{}".to_owned()));
        }
    }

    fn count(&mut self, usage: Usage, out: &mut VecDeque<Delta>) {
        self.usage = self.usage.replaced_by(usage);
        let usage = self.usage.into();
        if self.reported != usage {
            self.reported = usage;
            out.push_back(Delta::Usage(usage));
        }
    }

    fn note(&mut self, stop: Stop) {
        if let Some(word) = Text::said(stop.stop_reason) {
            let explanation = stop.stop_details.and_then(|details| details.explanation);
            self.stop = Some(Reason {
                word,
                explanation: Text::said(explanation),
            });
        }
    }

    fn finish(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        for (_, call) in mem::take(&mut self.open) {
            if call.arguments == Arguments::Nothing {
                out.push_back(fragment(call.index, "{}".to_owned()));
            }
        }
        let reason = match self.stop.take() {
            Some(reason) => reason,
            None if self.tools > 0 => Reason::bare("tool_use"),
            None => Reason::bare("end_turn"),
        };
        let finish = match reason.word.as_str() {
            "end_turn" | "stop_sequence" | "pause_turn" => FinishReason::Stop,
            "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
            "tool_use" => FinishReason::ToolCalls,
            "refusal" if self.has_text => FinishReason::ContentFilter,
            "refusal" => {
                let sentence = || format!("{} refused to answer.", self.progress.upstream.name);
                let sentence = reason.explanation.unwrap_or_else(sentence);
                return Err(self.progress.blocked(&sentence, "refusal"));
            }
            _ => self.progress.unknown(reason.word),
        };
        self.progress.ended = true;
        out.push_back(Delta::Finished(finish));
        Ok(())
    }
}

impl Reason {
    fn bare(word: &str) -> Self {
        Self {
            word: word.to_owned(),
            explanation: None,
        }
    }
}

fn fragment(index: u32, arguments: String) -> Delta {
    Delta::Tool {
        index,
        id: None,
        name: None,
        arguments,
        signature: None,
    }
}

impl crate::mapper::Mapper for Mapper {
    fn map(&mut self, frame: &Frame, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        if self.progress.ended {
            return Ok(());
        }
        let data = frame.data.trim();
        if data.is_empty() {
            return Ok(());
        }
        // Of imitators only.
        if data == "[DONE]" {
            return self.end(out);
        }
        if frame.event == "error" {
            let body = serde_json::from_str(data).unwrap_or_else(|_| Value::from(data));
            return Err(self.progress.failed(&body));
        }
        let cause = match serde_json::from_str(data) {
            Ok(event) => return self.event(event, out),
            Err(cause) => cause,
        };
        // An error of something in between has no type around it.
        match serde_json::from_str::<Value>(data) {
            Ok(body) if body.get("error").is_some_and(failure::is_meant) => {
                Err(self.progress.failed(&body))
            }
            _ => self.progress.skip(&cause),
        }
    }

    fn document(&mut self, body: &str, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        let message: Message = match serde_json::from_str(body) {
            Ok(message) => message,
            Err(cause) => return Err(self.progress.unreadable(&cause)),
        };
        if let Some(error) = message.error.filter(failure::is_meant) {
            return Err(self.progress.failed(&error));
        }
        let Some(content) = message.content else {
            let what = "a JSON document without an answer in it";
            return Err(self.progress.malformed(what));
        };
        self.progress.start(Text::said(message.model), out);
        for (index, block) in (0..).zip(content) {
            self.begin(index, block, out);
            self.complete(index, out);
        }
        if let Some(usage) = message.usage {
            self.has_usage = true;
            self.count(usage, out);
        }
        self.note(message.stop);
        self.finish(out)
    }

    fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match self.stop {
            _ if self.progress.ended => Ok(()),
            Some(_) => self.finish(out),
            None => Err(self.progress.cut_off()),
        }
    }

    fn is_finishing(&self) -> bool {
        self.stop.is_some()
    }

    fn has_usage(&self) -> bool {
        self.has_usage
    }

    fn progress(&mut self) -> &mut Progress {
        &mut self.progress
    }
}
