//! The event stream of a message.

use bytes::{BufMut, BytesMut};
use serde_json::{Value, json};

use super::error::error;
use super::{SIGNATURE, identity, stop_details, stop_reason, tool_use_id, usage};
use crate::problem::Problem;
use crate::script::Framing;
use crate::speech::{Part, Piece, Spent};
use crate::sse::Sse;
use crate::wire::{Ending, HUGE, INVALID, Setting, Wire, error_text, put_json};

/// Writes the events of one message.
#[derive(Debug)]
pub(crate) struct Events {
    sse: Sse,
    model: String,
    /// The block that is open.
    block: Option<Block>,
    /// The number of the open block, or else of the next one.
    index: u64,
    pinged: bool,
    /// Whether words of a refusal were said.
    refused: bool,
    reports_usage: bool,
    done: bool,
}

/// A kind of content block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Thinking,
    Text,
    /// The tool of this number.
    Tool(usize),
}

impl Events {
    /// A message in a setting.
    pub(crate) fn new(setting: &Setting<'_>) -> Self {
        Self {
            sse: Sse::new(setting.script, Framing::Lf),
            model: setting.model.to_owned(),
            block: None,
            index: 0,
            pinged: false,
            refused: false,
            reports_usage: setting.reports_usage(),
            done: setting.script.done.unwrap_or(true),
        }
    }

    /// Makes sure that a block is open.
    fn enter(&mut self, out: &mut BytesMut, block: Block, name: &str) {
        if self.block == Some(block) {
            return;
        }
        self.leave(out);
        let content = match block {
            Block::Thinking => json!({"type": "thinking", "thinking": "", "signature": ""}),
            Block::Text => json!({"type": "text", "text": ""}),
            Block::Tool(index) => {
                json!({"type": "tool_use", "id": tool_use_id(index), "name": name, "input": {}})
            }
        };
        let start = json!({
            "type": "content_block_start", "index": self.index, "content_block": content,
        });
        self.sse.event(out, "content_block_start", &start);
        self.block = Some(block);
        if !self.pinged {
            self.pinged = true;
            self.sse.event(out, "ping", &json!({"type": "ping"}));
        }
        if matches!(block, Block::Tool(_)) {
            self.delta(out, |out| put_json(out, ""));
        }
    }

    /// Closes the open block, signing it if it is thinking.
    fn leave(&mut self, out: &mut BytesMut) {
        let Some(block) = self.block.take() else {
            return;
        };
        if block == Block::Thinking {
            let signature = json!({
                "type": "content_block_delta",
                "index": self.index,
                "delta": {"type": "signature_delta", "signature": SIGNATURE},
            });
            self.sse.event(out, "content_block_delta", &signature);
        }
        let stop = json!({"type": "content_block_stop", "index": self.index});
        self.sse.event(out, "content_block_stop", &stop);
        self.index += 1;
    }

    /// A delta of the open block whose text `put` writes as JSON.
    fn delta(&self, out: &mut BytesMut, put: impl FnOnce(&mut BytesMut)) {
        self.begin_delta(out);
        put(out);
        out.put_slice(b"}}");
        self.sse.end(out);
    }

    fn begin_delta(&self, out: &mut BytesMut) {
        self.sse.begin(out, "content_block_delta");
        let (kind, field) = match self.block {
            Some(Block::Thinking) => ("thinking_delta", "thinking"),
            Some(Block::Tool(_)) => ("input_json_delta", "partial_json"),
            Some(Block::Text) | None => ("text_delta", "text"),
        };
        let index = self.index;
        out.put_slice(
            format!(
                r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"{kind}","{field}":"#
            )
            .as_bytes(),
        );
    }

    /// A delta of whatever block is open, or else of a new one of text.
    fn any_delta(&mut self, out: &mut BytesMut, text: &[u8]) {
        if self.block.is_none() {
            self.enter(out, Block::Text, "");
        }
        self.delta(out, |out| {
            out.put_u8(b'"');
            out.put_slice(text);
            out.put_u8(b'"');
        });
    }
}

impl Wire for Events {
    fn open(&mut self, out: &mut BytesMut, spent: &Spent) {
        self.sse.open(out);
        let mut message = json!({
            "id": identity(),
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
        });
        if self.reports_usage {
            let begun = Spent {
                completion: 1,
                ..*spent
            };
            message["usage"] = usage(&begun);
        }
        let start = json!({"type": "message_start", "message": message});
        self.sse.event(out, "message_start", &start);
    }

    fn piece(&mut self, out: &mut BytesMut, piece: &Piece<'_>, _spent: &Spent) {
        match piece.part {
            Part::Thinking => self.enter(out, Block::Thinking, ""),
            Part::Text => self.enter(out, Block::Text, ""),
            Part::Refusal => {
                self.refused = true;
                self.enter(out, Block::Text, "");
            }
            Part::Tool { index, name } => self.enter(out, Block::Tool(*index), name),
        }
        if !piece.text.is_empty() {
            self.delta(out, |out| put_json(out, piece.text));
        }
    }

    fn finish(&mut self, out: &mut BytesMut, ending: &Ending, spent: &Spent) {
        self.leave(out);
        let reason = stop_reason(ending, self.refused);
        let details = stop_details(&reason);
        let mut delta = json!({"stop_reason": reason, "stop_sequence": null});
        if !details.is_null() {
            delta["stop_details"] = details;
        }
        let mut message: Value = json!({"type": "message_delta", "delta": delta});
        if self.reports_usage {
            message["usage"] = usage(spent);
        }
        self.sse.event(out, "message_delta", &message);
        if self.done {
            let stop = json!({"type": "message_stop"});
            self.sse.event(out, "message_stop", &stop);
        }
    }

    fn refuse(&mut self, out: &mut BytesMut, _problem: &Problem, spent: &Spent) {
        self.finish(out, &Ending::Filtered, spent);
    }

    fn garbage(&mut self, out: &mut BytesMut) {
        self.begin_delta(out);
        out.put_slice(b"\"mal");
        self.sse.end(out);
    }

    fn huge(&mut self, out: &mut BytesMut, _spent: &Spent) {
        // Spaces do the arguments of a tool no harm between two tokens.
        let is_tool = matches!(self.block, Some(Block::Tool(_)));
        let filling = if is_tool { " " } else { "x" };
        self.any_delta(out, filling.repeat(HUGE).as_bytes());
    }

    fn invalid_utf8(&mut self, out: &mut BytesMut, _spent: &Spent) {
        self.any_delta(out, INVALID);
    }

    fn error(&mut self, out: &mut BytesMut, problem: &Problem) {
        self.sse.event(out, "error", &error(problem, None));
    }

    fn plain_error(&mut self, out: &mut BytesMut, problem: &Problem) {
        self.sse.event(out, "", &error_text(problem));
    }
}
