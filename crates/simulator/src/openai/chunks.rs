//! The event stream of a completion. What never changes in a chunk is encoded
//! once, so that a token costs little more than its own bytes.

use bytes::{BufMut, BytesMut};
use serde_json::json;

use super::error::ApiError;
use super::identity;
use crate::script::{Fault, Framing, Script, UsagePlace};
use crate::speech::{Part, Piece, Spent};

/// The size of a huge event's text, in bytes: with its frame more than 1 MiB.
pub(super) const HUGE: usize = 1024 * 1024;

/// Writes the events of one completion.
#[derive(Debug)]
pub(crate) struct Chunks {
    /// From `data: ` to the beginning of the delta's fields.
    head: Vec<u8>,
    /// From the end of the delta's fields to the end of the choices.
    tail: &'static [u8],
    /// The rest of a chunk that reports no usage.
    close: Vec<u8>,
    /// What ends an event.
    end_of_event: &'static [u8],
    /// From `data: ` to the beginning of the choices.
    envelope: String,
    usage: UsagePlace,
    /// What a chunk has in the place of usage when it reports none.
    no_usage: &'static str,
    comments: bool,
    bom: bool,
    done: bool,
}

impl Chunks {
    /// A completion by a model under a script. `include_usage` is what the
    /// request asked for.
    pub(crate) fn new(script: &Script, model: &str, include_usage: bool) -> Self {
        let (id, created) = identity();
        let model = json!(model);
        let envelope = format!(
            r#"data: {{"id":"{id}","object":"chat.completion.chunk","created":{created},"model":{model},"choices":["#
        );
        let end_of_event: &[u8] = match script.framing {
            Framing::Lf => b"\n\n",
            Framing::Crlf => b"\r\n\r\n",
            Framing::Cr => b"\r\r",
        };
        let no_usage = if include_usage {
            r#","usage":null"#
        } else {
            ""
        };
        let mut close = format!("{no_usage}}}").into_bytes();
        close.extend_from_slice(end_of_event);
        Self {
            head: format!(r#"{envelope}{{"index":0,"delta":{{"#).into_bytes(),
            tail: br#"},"finish_reason":null}]"#,
            close,
            end_of_event,
            envelope,
            usage: script.usage.unwrap_or(if include_usage {
                UsagePlace::Last
            } else {
                UsagePlace::Never
            }),
            no_usage,
            comments: script.comments,
            bom: script.bom,
            done: script.done.unwrap_or(true),
        }
    }

    /// The first chunk, which names the role.
    pub(crate) fn open(&self, out: &mut BytesMut) {
        if self.bom {
            out.put_slice("\u{feff}".as_bytes());
        }
        self.begin(out);
        out.put_slice(br#""role":"assistant","content":"""#);
        out.put_slice(self.tail);
        out.put_slice(&self.close);
    }

    /// A piece of the answer; `spent` includes it.
    pub(crate) fn piece(&self, out: &mut BytesMut, piece: &Piece<'_>, spent: &Spent) {
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
        out.put_slice(self.tail);
        self.close(out, spent);
    }

    /// The end: why, what it cost, and the mark that nothing follows. An empty
    /// reason is left out.
    pub(crate) fn finish(&self, out: &mut BytesMut, reason: &str, spent: &Spent) {
        if !reason.is_empty() {
            let reason = json!(reason);
            let usage = match self.usage {
                UsagePlace::OnFinishChunk | UsagePlace::Repeated => {
                    format!(r#","usage":{}"#, usage(spent))
                }
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
            let usage = usage(spent);
            let chunk = format!(r#"{}{choices}],"usage":{usage}}}"#, self.envelope);
            self.event(out, &chunk);
        }
        if self.done {
            self.event(out, "data: [DONE]");
        }
    }

    /// A chunk that stops in the middle of its JSON.
    pub(crate) fn garbage(&self, out: &mut BytesMut) {
        out.put_slice(&self.head);
        out.put_slice(br#""content":"mal"#);
        out.put_slice(self.end_of_event);
    }

    /// An event of more than 1 MiB.
    pub(crate) fn huge(&self, out: &mut BytesMut) {
        self.begin(out);
        out.put_slice(br#""content":""#);
        out.put_bytes(b'x', HUGE);
        out.put_u8(b'"');
        out.put_slice(self.tail);
        out.put_slice(&self.close);
    }

    /// A chunk whose text is not UTF-8.
    pub(crate) fn invalid_utf8(&self, out: &mut BytesMut) {
        self.begin(out);
        out.put_slice(b"\"content\":\"\xff\xfe\"");
        out.put_slice(self.tail);
        out.put_slice(&self.close);
    }

    /// An error object in the stream.
    pub(crate) fn error(&self, out: &mut BytesMut, fault: &Fault) {
        out.put_slice(b"data: ");
        out.put_slice(&ApiError::scripted(fault).to_json());
        out.put_slice(self.end_of_event);
    }

    /// An error that is only a sentence.
    pub(crate) fn plain_error(&self, out: &mut BytesMut, fault: &Fault) {
        let error = plain_error(fault);
        self.event(out, &format!("data: {error}"));
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
            out.put_slice(self.tail);
            self.close(out, spent);
        }
        if !piece.text.is_empty() {
            self.begin(out);
            out.put_slice(
                format!(r#""tool_calls":[{{"index":{index},"function":{{"arguments":"#).as_bytes(),
            );
            put_json(out, piece.text);
            out.put_slice(b"}}]");
            out.put_slice(self.tail);
            self.close(out, spent);
        }
    }

    /// The beginning of a chunk, after the comment where there is one.
    fn begin(&self, out: &mut BytesMut) {
        if self.comments {
            out.put_slice(b": keep-alive");
            out.put_slice(self.end_of_event);
        }
        out.put_slice(&self.head);
    }

    /// The end of a chunk, with running totals where the script wants them.
    fn close(&self, out: &mut BytesMut, spent: &Spent) {
        if self.usage == UsagePlace::Repeated {
            out.put_slice(format!(r#","usage":{}}}"#, usage(spent)).as_bytes());
            out.put_slice(self.end_of_event);
        } else {
            out.put_slice(&self.close);
        }
    }

    fn event(&self, out: &mut BytesMut, line: &str) {
        if self.comments {
            out.put_slice(b": keep-alive");
            out.put_slice(self.end_of_event);
        }
        out.put_slice(line.as_bytes());
        out.put_slice(self.end_of_event);
    }
}

/// The usage object.
pub(super) fn usage(spent: &Spent) -> serde_json::Value {
    json!({
        "prompt_tokens": spent.prompt,
        "completion_tokens": spent.completion,
        "total_tokens": spent.prompt + spent.completion,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": spent.thinking},
    })
}

/// `{"error":"text"}`
pub(super) fn plain_error(fault: &Fault) -> serde_json::Value {
    json!({"error": fault.message("The simulator was told to fail.")})
}

/// The id of a tool call.
pub(super) fn tool_call_id(index: usize) -> String {
    format!("call_sim{index}")
}

fn put_json(out: &mut BytesMut, text: &str) {
    serde_json::to_writer(out.writer(), text).expect("a string always makes JSON");
}
