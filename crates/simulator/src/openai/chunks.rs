//! The event stream of a completion. What never changes in a chunk is encoded
//! once, so that a token costs little more than its own bytes.

use bytes::{BufMut, BytesMut};
use serde_json::json;

use super::error::error;
use super::{identity, tool_call_id, usage};
use crate::problem::Problem;
use crate::script::{Framing, UsagePlace};
use crate::speech::{Part, Piece, Spent};
use crate::sse::Sse;
use crate::wire::{Ending, HUGE, INVALID, Setting, Wire, error_text, put_json};

/// Writes the events of one completion.
#[derive(Debug)]
pub(crate) struct Chunks {
    sse: Sse,
    /// The beginning of a chunk, up to its choices.
    envelope: String,
    /// The same, up to the fields of a delta.
    head: Vec<u8>,
    /// From the end of the delta's fields to the end of the choices.
    tail: &'static [u8],
    usage: UsagePlace,
    /// What a chunk has in the place of usage when it reports none.
    no_usage: &'static str,
    xai: bool,
    done: bool,
}

impl Chunks {
    /// A completion in a setting.
    pub(crate) fn new(setting: &Setting<'_>) -> Self {
        let script = setting.script;
        let (id, created) = identity();
        let model = json!(setting.model);
        let envelope = format!(
            r#"{{"id":"{id}","object":"chat.completion.chunk","created":{created},"model":{model},"choices":["#
        );
        Self {
            sse: Sse::new(script, Framing::Lf),
            head: format!(r#"{envelope}{{"index":0,"delta":{{"#).into_bytes(),
            tail: br#"},"finish_reason":null}]"#,
            envelope,
            usage: script.usage.unwrap_or(if setting.include_usage {
                UsagePlace::Last
            } else {
                UsagePlace::Never
            }),
            no_usage: if setting.include_usage {
                r#","usage":null"#
            } else {
                ""
            },
            xai: script.xai_usage,
            done: script.done.unwrap_or(true),
        }
    }

    /// The name of a tool, where its call begins, and a piece of its arguments.
    fn tool_piece(
        &self,
        out: &mut BytesMut,
        index: usize,
        name: &str,
        piece: &Piece<'_>,
        spent: &Spent,
    ) {
        if piece.begins {
            let function = json!({"name": name, "arguments": ""});
            self.begin(out);
            out.put_slice(
                format!(
                    r#""tool_calls":[{{"index":{index},"id":"{}","type":"function","function":{function}}}]"#,
                    tool_call_id(index)
                )
                .as_bytes(),
            );
            self.close(out, spent);
        }
        if !piece.text.is_empty() {
            self.begin(out);
            out.put_slice(
                format!(r#""tool_calls":[{{"index":{index},"function":{{"arguments":"#).as_bytes(),
            );
            put_json(out, piece.text);
            out.put_slice(b"}}]");
            self.close(out, spent);
        }
    }

    /// The beginning of a chunk with a delta.
    fn begin(&self, out: &mut BytesMut) {
        self.sse.begin(out, "");
        out.put_slice(&self.head);
    }

    /// The end of a chunk with a delta, with running totals where the script
    /// wants them.
    fn close(&self, out: &mut BytesMut, spent: &Spent) {
        out.put_slice(self.tail);
        if self.usage == UsagePlace::Repeated {
            out.put_slice(self.used(spent).as_bytes());
        } else {
            out.put_slice(self.no_usage.as_bytes());
        }
        out.put_u8(b'}');
        self.sse.end(out);
    }

    /// The field for usage.
    fn used(&self, spent: &Spent) -> String {
        format!(r#","usage":{}"#, usage(spent, self.xai))
    }

    fn event(&self, out: &mut BytesMut, data: &str) {
        self.sse.begin(out, "");
        out.put_slice(data.as_bytes());
        self.sse.end(out);
    }
}

impl Wire for Chunks {
    /// The first chunk names the role.
    fn open(&mut self, out: &mut BytesMut, _spent: &Spent) {
        self.sse.open(out);
        self.begin(out);
        out.put_slice(br#""role":"assistant","content":"""#);
        out.put_slice(self.tail);
        out.put_slice(self.no_usage.as_bytes());
        out.put_u8(b'}');
        self.sse.end(out);
    }

    fn piece(&mut self, out: &mut BytesMut, piece: &Piece<'_>, spent: &Spent) {
        let field: &[u8] = match piece.part {
            Part::Thinking => br#""reasoning_content":"#,
            Part::Text => br#""content":"#,
            Part::Refusal => br#""refusal":"#,
            Part::Tool { index, name } => {
                return self.tool_piece(out, *index, name, piece, spent);
            }
        };
        self.begin(out);
        out.put_slice(field);
        put_json(out, piece.text);
        self.close(out, spent);
    }

    fn finish(&mut self, out: &mut BytesMut, ending: &Ending, spent: &Spent) {
        if let Some(reason) = reason(ending) {
            let reason = json!(reason);
            let usage = match self.usage {
                UsagePlace::OnFinishChunk | UsagePlace::Repeated => self.used(spent),
                _ => self.no_usage.to_owned(),
            };
            let choice = format!(r#"{{"index":0,"delta":{{}},"finish_reason":{reason}}}"#);
            self.event(out, &format!("{}{choice}]{usage}}}", self.envelope));
        }
        let choices = match self.usage {
            UsagePlace::Last | UsagePlace::Repeated => Some(""),
            UsagePlace::OnDeltaChunk => Some(r#"{"index":0,"delta":{}}"#),
            UsagePlace::OnFinishChunk | UsagePlace::Never => None,
        };
        if let Some(choices) = choices {
            let chunk = format!("{}{choices}]{}}}", self.envelope, self.used(spent));
            self.event(out, &chunk);
        }
        if self.done {
            self.event(out, "[DONE]");
        }
    }

    fn refuse(&mut self, out: &mut BytesMut, _problem: &Problem, spent: &Spent) {
        self.finish(out, &Ending::Filtered, spent);
    }

    fn garbage(&mut self, out: &mut BytesMut) {
        self.begin(out);
        out.put_slice(br#""content":"mal"#);
        self.sse.end(out);
    }

    fn huge(&mut self, out: &mut BytesMut, spent: &Spent) {
        self.begin(out);
        out.put_slice(br#""content":""#);
        out.put_bytes(b'x', HUGE);
        out.put_u8(b'"');
        self.close(out, spent);
    }

    fn invalid_utf8(&mut self, out: &mut BytesMut, spent: &Spent) {
        self.begin(out);
        out.put_slice(br#""content":""#);
        out.put_slice(INVALID);
        out.put_u8(b'"');
        self.close(out, spent);
    }

    fn error(&mut self, out: &mut BytesMut, problem: &Problem) {
        self.event(out, &error(problem).to_string());
    }

    fn plain_error(&mut self, out: &mut BytesMut, problem: &Problem) {
        self.event(out, &error_text(problem).to_string());
    }
}

/// The reason for an end; `None` leaves it out.
pub(super) fn reason(ending: &Ending) -> Option<&str> {
    match ending {
        Ending::Stop => Some("stop"),
        Ending::Length => Some("length"),
        Ending::Tools => Some("tool_calls"),
        Ending::Filtered => Some("content_filter"),
        Ending::Other(reason) => Some(reason),
        Ending::Unsaid => None,
    }
}
