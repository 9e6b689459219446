//! The event stream of a response.

use bytes::{BufMut, BytesMut};
use serde_json::{Value, json};

use super::Frame;
use super::items::{Item, Kind};
use crate::openai::code_of;
use crate::problem::Problem;
use crate::script::Framing;
use crate::speech::{Part, Piece, Spent};
use crate::sse::Sse;
use crate::wire::{Ending, HUGE, INVALID, Setting, Wire, put_json};

/// Writes the events of one response.
#[derive(Debug)]
pub(crate) struct Events {
    sse: Sse,
    frame: Frame,
    /// The number of the next event.
    sequence: u64,
    /// The items that have ended.
    output: Vec<Value>,
    /// The item that is being said.
    item: Option<Item>,
    reports_usage: bool,
}

impl Events {
    /// A response in a setting.
    pub(crate) fn new(setting: &Setting<'_>) -> Self {
        Self {
            sse: Sse::new(setting.script, Framing::Lf),
            frame: Frame::new(setting.model),
            sequence: 0,
            output: Vec::new(),
            item: None,
            reports_usage: setting.reports_usage(),
        }
    }

    fn event(&mut self, out: &mut BytesMut, name: &str, mut data: Value) {
        data["type"] = name.into();
        data["sequence_number"] = self.sequence.into();
        self.sequence += 1;
        self.sse.event(out, name, &data);
    }

    /// Makes sure that an item is being said.
    fn enter(&mut self, out: &mut BytesMut, kind: Kind) {
        if self.item.as_ref().is_some_and(|item| item.kind == kind) {
            return;
        }
        self.leave(out, "completed");
        let item = Item {
            id: self.frame.item_id(kind.prefix(), self.output.len()),
            kind,
            text: String::new(),
        };
        let index = self.output.len();
        self.event(
            out,
            "response.output_item.added",
            json!({"output_index": index, "item": item.begun()}),
        );
        if let Some((added, _)) = item.kind.part_events() {
            let mut data = self.place(&item);
            data["part"] = item.kind.part("");
            self.event(out, added, data);
        }
        self.item = Some(item);
    }

    /// Ends the item that is being said.
    fn leave(&mut self, out: &mut BytesMut, status: &str) {
        let Some(item) = self.item.take() else {
            return;
        };
        let (done, field) = item.kind.done_event();
        let mut data = self.place(&item);
        data[field] = item.text.as_str().into();
        match &item.kind {
            Kind::Text => data["logprobs"] = json!([]),
            Kind::Call { name, .. } => data["name"] = name.as_str().into(),
            _ => {}
        }
        self.event(out, done, data);
        if let Some((_, done)) = item.kind.part_events() {
            let mut data = self.place(&item);
            data["part"] = item.kind.part(&item.text);
            self.event(out, done, data);
        }
        let ended = item.ended(status);
        let index = self.output.len();
        self.event(
            out,
            "response.output_item.done",
            json!({"output_index": index, "item": ended}),
        );
        self.output.push(ended);
    }

    /// Where in the output an event belongs.
    fn place(&self, item: &Item) -> Value {
        let mut place = json!({"item_id": item.id, "output_index": self.output.len()});
        if let Some(field) = item.kind.part_index() {
            place[field] = 0.into();
        }
        place
    }

    /// A delta of the item that is being said; `put` writes its text as JSON.
    /// Written out by hand, since there is one for each token.
    fn delta(&mut self, out: &mut BytesMut, put: impl FnOnce(&mut BytesMut)) {
        let Some(item) = &self.item else { return };
        let name = item.kind.delta_event();
        let part_index = match item.kind.part_index() {
            Some(field) => format!(r#","{field}":0"#),
            None => String::new(),
        };
        let logprobs = match item.kind {
            Kind::Text => r#","logprobs":[]"#,
            _ => "",
        };
        self.sse.begin(out, name);
        let (sequence, id, index) = (self.sequence, &item.id, self.output.len());
        let beginning = format!(
            r#"{{"type":"{name}","sequence_number":{sequence},"item_id":"{id}","output_index":{index}{part_index}{logprobs},"delta":"#
        );
        out.put_slice(beginning.as_bytes());
        put(out);
        out.put_u8(b'}');
        self.sse.end(out);
        self.sequence += 1;
    }

    /// A delta of whatever is being said, or else of a message.
    fn any_delta(&mut self, out: &mut BytesMut, text: &[u8]) {
        if self.item.is_none() {
            self.enter(out, Kind::Text);
        }
        self.delta(out, |out| {
            out.put_u8(b'"');
            out.put_slice(text);
            out.put_u8(b'"');
        });
    }

    fn fail(&mut self, out: &mut BytesMut, problem: &Problem) {
        let response = self.frame.failed(&self.output, problem);
        self.event(out, "response.failed", json!({"response": response}));
    }
}

impl Wire for Events {
    fn open(&mut self, out: &mut BytesMut, _spent: &Spent) {
        self.sse.open(out);
        for name in ["response.created", "response.in_progress"] {
            let response = self.frame.object("in_progress", &[]);
            self.event(out, name, json!({"response": response}));
        }
    }

    fn piece(&mut self, out: &mut BytesMut, piece: &Piece<'_>, _spent: &Spent) {
        let kind = match piece.part {
            Part::Thinking => Kind::Reasoning,
            Part::Text => Kind::Text,
            Part::Refusal => Kind::Refusal,
            Part::Tool { index, name } => Kind::Call {
                index: *index,
                name: name.clone(),
            },
        };
        self.enter(out, kind);
        if piece.text.is_empty() {
            return;
        }
        if let Some(item) = &mut self.item {
            item.text.push_str(piece.text);
        }
        self.delta(out, |out| put_json(out, piece.text));
    }

    fn finish(&mut self, out: &mut BytesMut, ending: &Ending, spent: &Spent) {
        let is_complete = super::incomplete_reason(ending).is_none();
        let status = if is_complete {
            "completed"
        } else {
            "incomplete"
        };
        self.leave(out, status);
        let spent = self.reports_usage.then_some(spent);
        let response = self.frame.ended(ending, &self.output, spent);
        self.event(
            out,
            &format!("response.{status}"),
            json!({"response": response}),
        );
    }

    fn refuse(&mut self, out: &mut BytesMut, problem: &Problem, _spent: &Spent) {
        self.fail(out, problem);
    }

    fn garbage(&mut self, out: &mut BytesMut) {
        self.sse.begin(out, "response.output_text.delta");
        out.put_slice(br#"{"type":"response.output_text.delta","delta":"mal"#);
        self.sse.end(out);
    }

    fn huge(&mut self, out: &mut BytesMut, _spent: &Spent) {
        // Spaces do the arguments of a call no harm between two tokens.
        let is_call = self.item.as_ref();
        let is_call = is_call.is_some_and(|item| matches!(item.kind, Kind::Call { .. }));
        let filling = if is_call { " " } else { "x" };
        self.any_delta(out, filling.repeat(HUGE).as_bytes());
    }

    fn invalid_utf8(&mut self, out: &mut BytesMut, _spent: &Spent) {
        self.any_delta(out, INVALID);
    }

    /// The error is flat here, with nothing around it.
    fn error(&mut self, out: &mut BytesMut, problem: &Problem) {
        let data = json!({
            "code": code_of(problem),
            "message": problem.message,
            "param": problem.param,
        });
        self.event(out, "error", data);
    }

    fn plain_error(&mut self, out: &mut BytesMut, problem: &Problem) {
        self.fail(out, problem);
    }
}
