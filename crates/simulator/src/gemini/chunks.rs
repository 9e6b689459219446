//! The stream of a response: whole responses, each with the next part.

use bytes::{BufMut, BytesMut};
use serde_json::{Value, json};

use super::error::{error, indented};
use super::{SIGNATURE, blocked, finish_reason, function_call, identity, response, usage};
use crate::problem::Problem;
use crate::script::Framing;
use crate::speech::{Part, Piece, Spent};
use crate::sse::Sse;
use crate::wire::{Ending, HUGE, INVALID, Setting, Wire, arguments_object};

/// Writes the chunks of one response.
#[derive(Debug)]
pub(crate) struct Chunks {
    sse: Sse,
    /// `None` in an event stream; otherwise whether the array has begun.
    array: Option<bool>,
    model: String,
    id: String,
    reports_usage: bool,
    /// The arguments of the call that is being said: they are sent whole.
    arguments: String,
    /// Whether thoughts were said that nothing is signed for yet.
    to_sign: bool,
    /// Whether anything was said.
    has_spoken: bool,
    refused: bool,
    /// Whether the arguments of a call were none.
    malformed: bool,
}

impl Chunks {
    /// A response in a setting.
    pub(crate) fn new(setting: &Setting<'_>) -> Self {
        Self {
            sse: Sse::new(setting.script, Framing::Crlf),
            array: setting.array.then_some(false),
            model: setting.model.to_owned(),
            id: identity(),
            reports_usage: setting.reports_usage(),
            arguments: String::new(),
            to_sign: false,
            has_spoken: false,
            refused: false,
            malformed: false,
        }
    }

    fn usage(&self, spent: &Spent) -> Option<Value> {
        self.reports_usage.then(|| usage(spent))
    }

    /// A chunk with one part.
    fn part(&mut self, out: &mut BytesMut, part: &Value, spent: &Spent) {
        self.has_spoken = true;
        let content = json!({"role": "model", "parts": [part]});
        let candidates = json!([{"content": content, "index": 0}]);
        let chunk = response(&self.model, &self.id, candidates, self.usage(spent));
        self.event(out, chunk.to_string().as_bytes());
    }

    /// A piece of a call's arguments, and the call once it is whole.
    fn tool_piece(&mut self, out: &mut BytesMut, name: &str, piece: &Piece<'_>, spent: &Spent) {
        if piece.begins {
            self.arguments.clear();
        }
        self.arguments.push_str(piece.text);
        if !piece.ends {
            return;
        }
        match arguments_object(&self.arguments) {
            Some(arguments) => {
                let signed = std::mem::take(&mut self.to_sign);
                self.part(out, &function_call(name, arguments, signed), spent);
            }
            None => self.malformed = true,
        }
    }

    fn event(&mut self, out: &mut BytesMut, data: &[u8]) {
        self.begin(out);
        out.put_slice(data);
        self.end(out);
    }

    fn begin(&mut self, out: &mut BytesMut) {
        match &mut self.array {
            None => self.sse.begin(out, ""),
            Some(begun) => {
                out.put_slice(if *begun { b",\r\n" } else { b"[" });
                *begun = true;
            }
        }
    }

    fn end(&self, out: &mut BytesMut) {
        if self.array.is_none() {
            self.sse.end(out);
        }
    }

    /// The end of the array.
    fn close(&self, out: &mut BytesMut) {
        if self.array.is_some() {
            out.put_slice(b"]\r\n");
        }
    }

    /// A chunk whose text is these bytes.
    fn raw(&mut self, out: &mut BytesMut, text: &[u8]) {
        self.begin(out);
        out.put_slice(br#"{"candidates":[{"content":{"role":"model","parts":[{"text":""#);
        out.put_slice(text);
        out.put_slice(br#""}]},"index":0}]}"#);
        self.end(out);
    }
}

impl Wire for Chunks {
    fn open(&mut self, out: &mut BytesMut, _spent: &Spent) {
        self.sse.open(out);
    }

    fn piece(&mut self, out: &mut BytesMut, piece: &Piece<'_>, spent: &Spent) {
        let part = match piece.part {
            Part::Thinking => {
                self.to_sign = true;
                json!({"text": piece.text, "thought": true})
            }
            Part::Text => json!({"text": piece.text}),
            // Nothing is said; a blocked prompt shows at the end.
            Part::Refusal => {
                self.refused = true;
                return;
            }
            Part::Tool { name, .. } => return self.tool_piece(out, name, piece, spent),
        };
        self.part(out, &part, spent);
    }

    fn finish(&mut self, out: &mut BytesMut, ending: &Ending, spent: &Spent) {
        if self.refused {
            return self.refuse(out, &Problem::bad_request(""), spent);
        }
        if let Some(reason) = finish_reason(ending, self.malformed) {
            let mut part = json!({"text": ""});
            if self.to_sign {
                part["thoughtSignature"] = SIGNATURE.into();
            }
            let content = json!({"role": "model", "parts": [part]});
            let candidates = json!([{"content": content, "finishReason": reason, "index": 0}]);
            let chunk = response(&self.model, &self.id, candidates, self.usage(spent));
            self.event(out, chunk.to_string().as_bytes());
        }
        self.close(out);
    }

    fn refuse(&mut self, out: &mut BytesMut, _problem: &Problem, spent: &Spent) {
        let usage = self.usage(spent);
        let chunk = if self.has_spoken {
            let candidates = json!([{"content": {}, "finishReason": "SAFETY", "index": 0}]);
            response(&self.model, &self.id, candidates, usage)
        } else {
            blocked(&self.model, &self.id, usage)
        };
        self.event(out, chunk.to_string().as_bytes());
        self.close(out);
    }

    fn garbage(&mut self, out: &mut BytesMut) {
        self.event(
            out,
            br#"{"candidates":[{"content":{"role":"model","parts":[{"text":"mal"#,
        );
    }

    fn huge(&mut self, out: &mut BytesMut, _spent: &Spent) {
        self.raw(out, "x".repeat(HUGE).as_bytes());
    }

    fn invalid_utf8(&mut self, out: &mut BytesMut, _spent: &Spent) {
        self.raw(out, INVALID);
    }

    fn error(&mut self, out: &mut BytesMut, problem: &Problem) {
        self.event(out, error(problem).to_string().as_bytes());
        self.close(out);
    }

    fn plain_error(&mut self, out: &mut BytesMut, problem: &Problem) {
        out.put_slice(&indented(&error(problem)));
    }
}
