//! The stream of an answer: one JSON object a line.

use std::time::Instant;

use bytes::{BufMut, BytesMut};
use serde_json::{Value, json};

use super::error::error;
use super::{finish, line, tool_call};
use crate::problem::Problem;
use crate::speech::{Part, Piece, Spent};
use crate::wire::{Ending, HUGE, INVALID, Setting, Wire, arguments_or_empty};

/// Writes the lines of one answer.
#[derive(Debug)]
pub(crate) struct Lines {
    model: String,
    bom: bool,
    reports_usage: bool,
    began: Instant,
    /// The arguments of the call that is being said: they are sent whole.
    arguments: String,
}

impl Lines {
    /// An answer in a setting.
    pub(crate) fn new(setting: &Setting<'_>) -> Self {
        Self {
            model: setting.model.to_owned(),
            bom: setting.script.bom,
            reports_usage: setting.reports_usage(),
            began: Instant::now(),
            arguments: String::new(),
        }
    }

    fn message(&self, out: &mut BytesMut, mut message: Value) {
        message["role"] = "assistant".into();
        put_line(out, &line(&self.model, message));
    }

    /// A line whose content is these bytes.
    fn raw(&self, out: &mut BytesMut, content: &[u8]) {
        let before = json!({"model": self.model}).to_string();
        out.put_slice(before.trim_end_matches('}').as_bytes());
        out.put_slice(br#","message":{"role":"assistant","content":""#);
        out.put_slice(content);
        out.put_slice(b"\"},\"done\":false}\n");
    }
}

impl Wire for Lines {
    fn open(&mut self, out: &mut BytesMut, _spent: &Spent) {
        if self.bom {
            out.put_slice("\u{feff}".as_bytes());
        }
    }

    fn piece(&mut self, out: &mut BytesMut, piece: &Piece<'_>, _spent: &Spent) {
        let message = match piece.part {
            Part::Thinking => json!({"content": "", "thinking": piece.text}),
            Part::Text | Part::Refusal => json!({"content": piece.text}),
            Part::Tool { index, name } => {
                if piece.begins {
                    self.arguments.clear();
                }
                self.arguments.push_str(piece.text);
                if !piece.ends {
                    return;
                }
                let arguments = arguments_or_empty(&self.arguments);
                json!({"content": "", "tool_calls": [tool_call(*index, name, arguments)]})
            }
        };
        self.message(out, message);
    }

    fn finish(&mut self, out: &mut BytesMut, ending: &Ending, spent: &Spent) {
        let mut last = line(&self.model, json!({"role": "assistant", "content": ""}));
        let spent = self.reports_usage.then_some(spent);
        finish(&mut last, ending, spent, self.began.elapsed());
        put_line(out, &last);
    }

    fn refuse(&mut self, out: &mut BytesMut, problem: &Problem, _spent: &Spent) {
        self.error(out, problem);
    }

    fn garbage(&mut self, out: &mut BytesMut) {
        out.put_slice(b"{\"message\":{\"role\":\"assistant\",\"content\":\"mal\n");
    }

    fn huge(&mut self, out: &mut BytesMut, _spent: &Spent) {
        self.raw(out, "x".repeat(HUGE).as_bytes());
    }

    fn invalid_utf8(&mut self, out: &mut BytesMut, _spent: &Spent) {
        self.raw(out, INVALID);
    }

    fn error(&mut self, out: &mut BytesMut, problem: &Problem) {
        put_line(out, &error(problem));
    }

    fn plain_error(&mut self, out: &mut BytesMut, problem: &Problem) {
        self.error(out, problem);
    }
}

fn put_line(out: &mut BytesMut, line: &Value) {
    out.put_slice(line.to_string().as_bytes());
    out.put_u8(b'\n');
}
