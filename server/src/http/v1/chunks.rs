//! The event stream of a completion. What never changes in a chunk is encoded
//! once, so that a token costs little more than its own bytes.

use bytes::{BufMut, Bytes, BytesMut};
use gateway::{Report, Step};
use serde_json::{Value, json};

use super::{
    Identity,
    books::{extras, finish_reason, usage},
    error::ApiError,
};

/// Writes the chunks of one completion.
pub(super) struct Chunks {
    /// From `data: ` to the beginning of the delta's fields.
    head: String,
    /// From `data: ` to the beginning of the choices.
    envelope: String,
    /// From the end of the delta's fields to the end of the event.
    tail: &'static str,
    include_usage: bool,
    written: BytesMut,
}

impl Chunks {
    /// The chunks of an answer by this model, beginning with the one that
    /// names the role.
    pub(super) fn new(identity: &Identity, model: &str, include_usage: bool) -> Self {
        let Identity { id, created } = identity;
        let envelope = format!(
            r#"data: {{"id":"{id}","object":"chat.completion.chunk","created":{created},"model":{},"choices":["#,
            Value::from(model)
        );
        let mut chunks = Self {
            head: format!(r#"{envelope}{{"index":0,"delta":{{"#),
            envelope,
            tail: match include_usage {
                true => "},\"finish_reason\":null}],\"usage\":null}\n\n",
                false => "},\"finish_reason\":null}]}\n\n",
            },
            include_usage,
            written: BytesMut::new(),
        };
        chunks.delta(|out| out.put_slice(br#""role":"assistant","content":"""#));
        chunks
    }

    /// How many bytes are written and not taken.
    pub(super) fn len(&self) -> usize {
        self.written.len()
    }

    /// What is written.
    pub(super) fn take(&mut self) -> Bytes {
        self.written.split().freeze()
    }

    /// More of the answer.
    pub(super) fn step(&mut self, step: &Step) {
        match step {
            Step::Text(text) => self.text(br#""content":"#, text),
            Step::Thinking(text) => self.text(br#""reasoning_content":"#, text),
            Step::Tool {
                index,
                id,
                name,
                arguments,
            } => {
                let mut function = json!({"arguments": arguments});
                if let Some(name) = name {
                    function["name"] = name.as_str().into();
                }
                let mut call = json!({"index": index, "function": function});
                if let Some(id) = id {
                    call["id"] = id.as_str().into();
                    call["type"] = "function".into();
                }
                self.delta(|out| {
                    out.put_slice(br#""tool_calls":["#);
                    put_json(out, &call);
                    out.put_slice(b"]");
                });
            }
            _ => {}
        }
    }

    /// The end of a whole answer.
    pub(super) fn finish(&mut self, reason: &gateway::FinishReason, report: &Report) {
        let usage_null = if self.include_usage {
            r#","usage":null"#
        } else {
            ""
        };
        let reason = Value::from(finish_reason(reason));
        let extras = extras(report);
        let last = format!(
            r#"{}{{"index":0,"delta":{{}},"finish_reason":{reason}}}]{usage_null},"rivulet":{extras}}}"#,
            self.envelope
        );
        self.line(&last);
        if self.include_usage
            && let Some(usage) = usage(report)
        {
            let counted = format!(r#"{}],"usage":{usage}}}"#, self.envelope);
            self.line(&counted);
        }
        self.line("data: [DONE]");
    }

    /// The end of an answer that could not be completed: an error, and no end
    /// mark.
    pub(super) fn fail(&mut self, error: &ApiError) {
        self.line(&format!("data: {}", error.body()));
    }

    fn text(&mut self, field: &'static [u8], text: &str) {
        self.delta(|out| {
            out.put_slice(field);
            put_json(out, text);
        });
    }

    fn delta(&mut self, fields: impl FnOnce(&mut BytesMut)) {
        self.written.put_slice(self.head.as_bytes());
        fields(&mut self.written);
        self.written.put_slice(self.tail.as_bytes());
    }

    fn line(&mut self, line: &str) {
        self.written.put_slice(line.as_bytes());
        self.written.put_slice(b"\n\n");
    }
}

fn put_json<T: serde::Serialize + ?Sized>(out: &mut BytesMut, value: &T) {
    // Writing to memory cannot fail, and strings are always JSON.
    let written = serde_json::to_writer(out.writer(), value);
    debug_assert!(written.is_ok());
}
