//! How its events become our deltas.

use std::{collections::VecDeque, mem, sync::Arc};

use protocol::sse::Frame;
use serde_json::Value;

use super::wire::{Content, Event, Item, Piece, Response};
use crate::{Delta, Error, FinishReason, failure, http::Upstream, mapper::Progress, text::Text};

/// Turns the events of one answer into deltas.
///
/// The last event tells everything at once: that the answer is whole, why it
/// ended, and the tokens.
#[derive(Debug)]
pub(crate) struct Mapper {
    progress: Progress,
    refused: bool,
    has_usage: bool,
    /// The item of the last text.
    text: Option<Place>,
    /// The item of the last thinking, and its part.
    thinking: Option<Place>,
    calls: Vec<ToolCall>,
}

/// The index of an item in the output, and of a part in the item.
type Place = (Option<u64>, Option<u64>);

#[derive(Debug)]
struct ToolCall {
    /// The index of its item in the output.
    place: Option<u64>,
    /// The id of its item.
    item: Option<String>,
    /// What the item held of arguments when it began; used where they come in
    /// no other way.
    at_first: String,
    /// Arguments have come.
    written: bool,
}

impl Mapper {
    pub(crate) fn new(upstream: Arc<Upstream>) -> Self {
        Self {
            progress: Progress::new(upstream),
            refused: false,
            has_usage: false,
            text: None,
            thinking: None,
            calls: Vec::new(),
        }
    }

    fn event(&mut self, event: Event, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match event {
            Event::Begun { response } => self.progress.start(Text::said(response.model), out),
            Event::ItemAdded { output_index, item } => {
                self.progress.start(None, out);
                // Anything else in an item comes again in pieces.
                if let Item::FunctionCall { .. } = item {
                    self.item(output_index, item, false, out);
                }
            }
            Event::ItemDone { output_index, item } => {
                if let Item::FunctionCall { .. } = item {
                    self.progress.start(None, out);
                    self.item(output_index, item, true, out);
                }
            }
            Event::Text(piece) => {
                self.progress.start(None, out);
                self.text(piece.output_index, Text::said(Some(piece.delta)), out);
            }
            Event::Refusal(piece) => {
                self.progress.start(None, out);
                self.refused = true;
                self.text(piece.output_index, Text::said(Some(piece.delta)), out);
            }
            Event::Thinking(piece) => {
                self.progress.start(None, out);
                let place = (
                    piece.output_index,
                    piece.summary_index.or(piece.content_index),
                );
                self.think(place, Text::said(Some(piece.delta)), out);
            }
            Event::Arguments(Piece {
                output_index,
                item_id,
                delta,
                ..
            }) => {
                let call = self.find(output_index, Text::said(item_id).as_deref());
                self.arguments(call, Text::said(Some(delta)), out);
            }
            Event::ArgumentsDone {
                output_index,
                item_id,
                arguments,
            } => {
                let call = self.find(output_index, Text::said(item_id).as_deref());
                let call = call.filter(|&call| !self.calls[call].written);
                self.arguments(call, Text::said(arguments), out);
            }
            Event::Completed { response } => return self.response("completed", response, out),
            Event::Incomplete { response } => return self.response("incomplete", response, out),
            Event::Failed { response } => return self.response("failed", response, out),
            Event::Error(error) => return Err(self.progress.failed(&error)),
            Event::Unknown => {}
        }
        Ok(())
    }

    /// A whole answer; of one that was streamed, whatever did not come then.
    fn response(
        &mut self,
        status: &str,
        response: Response,
        out: &mut VecDeque<Delta>,
    ) -> Result<(), Error> {
        self.progress.start(Text::said(response.model), out);
        // A server may stream nothing but the end.
        let is_news = self.text.is_none() && self.thinking.is_none() && self.calls.is_empty();
        for (place, item) in (0..).zip(response.output.unwrap_or_default()) {
            if is_news {
                self.item(Some(place), item, true, out);
            }
        }
        if status == "completed" {
            self.complete(out);
        }
        if let Some(usage) = response.usage {
            self.has_usage = true;
            out.push_back(Delta::Usage(usage.into()));
        }
        if let Some(error) = response.error.filter(failure::is_meant) {
            return Err(self.progress.failed(&error));
        }
        let details = response.incomplete_details;
        let reason = details.and_then(|details| Text::said(details.reason));
        let reason = match (status, reason) {
            ("failed", _) => return Err(self.progress.failed(&Value::Null)),
            ("cancelled" | "queued" | "in_progress", _) => return Err(self.progress.cut_off()),
            ("incomplete", None) => FinishReason::Length,
            (_, Some(word)) => match word.as_str() {
                "max_output_tokens" => FinishReason::Length,
                "content_filter" => FinishReason::ContentFilter,
                // Whatever it is, there was more to say.
                _ if status == "incomplete" => {
                    self.progress.unknown(word);
                    FinishReason::Length
                }
                _ => self.progress.unknown(word),
            },
            _ if !self.calls.is_empty() => FinishReason::ToolCalls,
            _ if self.refused => FinishReason::ContentFilter,
            _ => FinishReason::Stop,
        };
        self.progress.ended = true;
        out.push_back(Delta::Finished(reason));
        Ok(())
    }

    /// Nothing more comes for any call; of some, no arguments have.
    fn complete(&mut self, out: &mut VecDeque<Delta>) {
        for call in 0..self.calls.len() {
            if !self.calls[call].written {
                let at_first = mem::take(&mut self.calls[call].at_first);
                let arguments = match at_first.is_empty() {
                    true => "{}".to_owned(),
                    false => at_first,
                };
                self.arguments(Some(call), Some(arguments), out);
            }
        }
    }

    /// An item, all of it where it is done.
    fn item(&mut self, place: Option<u64>, item: Item, is_done: bool, out: &mut VecDeque<Delta>) {
        match item {
            Item::Message { content } => {
                for part in content.unwrap_or_default() {
                    let text = match part {
                        Content::Text { text } => text,
                        Content::Refusal { refusal } => {
                            self.refused = true;
                            refusal
                        }
                        Content::Unknown => None,
                    };
                    self.text(place, Text::said(text), out);
                }
            }
            Item::Reasoning { summary, content } => {
                for parts in [summary, content].into_iter().flatten() {
                    for (index, part) in (0..).zip(parts) {
                        if let Content::Text { text } = part {
                            self.think((place, Some(index)), Text::said(text), out);
                        }
                    }
                }
            }
            Item::FunctionCall {
                id,
                call_id,
                name,
                arguments,
            } => {
                let (item, arguments) = (Text::said(id), Text::said(arguments));
                let known = self.find(place, item.as_deref());
                let call = known.unwrap_or_else(|| {
                    out.push_back(Delta::Tool {
                        index: self.calls.len() as u32,
                        id: Text::said(call_id).or_else(|| item.clone()),
                        name: Text::said(name),
                        arguments: String::new(),
                        signature: None,
                    });
                    self.calls.push(ToolCall {
                        place,
                        item,
                        at_first: String::new(),
                        written: false,
                    });
                    self.calls.len() - 1
                });
                match is_done {
                    true if self.calls[call].written => {}
                    true => self.arguments(Some(call), arguments, out),
                    false => self.calls[call].at_first = arguments.unwrap_or_default(),
                }
            }
            Item::Unknown => {}
        }
    }

    /// The call that an event is about. The index of its item tells, where
    /// there is one: some servers change the item's id from event to event.
    fn find(&self, place: Option<u64>, item: Option<&str>) -> Option<usize> {
        let is_meant = |call: &ToolCall| match (place, call.place) {
            (Some(place), Some(its)) => place == its,
            _ => item.is_some() && call.item.as_deref() == item,
        };
        self.calls.iter().rposition(is_meant)
    }

    fn arguments(
        &mut self,
        call: Option<usize>,
        arguments: Option<String>,
        out: &mut VecDeque<Delta>,
    ) {
        // Tools that the provider runs itself get arguments too.
        if let (Some(call), Some(arguments)) = (call, arguments) {
            self.calls[call].written = true;
            out.push_back(Delta::Tool {
                index: call as u32,
                id: None,
                name: None,
                arguments,
                signature: None,
            });
        }
    }

    /// Text; what belongs to different items is kept apart.
    fn text(&mut self, place: Option<u64>, text: Option<String>, out: &mut VecDeque<Delta>) {
        let text = text.map(|text| apart(&mut self.text, (place, None), text));
        out.extend(text.map(Delta::Text));
    }

    /// Thinking; so is what belongs to different parts, which are paragraphs.
    fn think(&mut self, place: Place, text: Option<String>, out: &mut VecDeque<Delta>) {
        let text = text.map(|text| apart(&mut self.thinking, place, text));
        out.extend(text.map(Delta::Thinking));
    }
}

/// The text, behind a blank line where text of another place came before.
fn apart(last: &mut Option<Place>, place: Place, text: String) -> String {
    match last.replace(place) {
        Some(before) if before != place => format!("\n\n{text}"),
        _ => text,
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
        // Of imitators only, and no end where the answer has none.
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
        let mut response: Response = match serde_json::from_str(body) {
            Ok(response) => response,
            Err(cause) => return Err(self.progress.unreadable(&cause)),
        };
        if let Some(error) = response.error.take().filter(failure::is_meant) {
            return Err(self.progress.failed(&error));
        }
        if response.output.is_none() {
            let what = "a JSON document without an answer in it";
            return Err(self.progress.malformed(what));
        }
        // A document that says nothing else is a whole answer.
        let status = Text::said(response.status.take());
        let status = status.unwrap_or_else(|| "completed".to_owned());
        self.response(&status, response, out)
    }

    fn end(&mut self, _: &mut VecDeque<Delta>) -> Result<(), Error> {
        match self.progress.ended {
            true => Ok(()),
            false => Err(self.progress.cut_off()),
        }
    }

    /// Never: the event that completes the answer is its end mark.
    fn is_finishing(&self) -> bool {
        false
    }

    fn has_usage(&self) -> bool {
        self.has_usage
    }

    fn progress(&mut self) -> &mut Progress {
        &mut self.progress
    }
}
