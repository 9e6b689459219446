//! Event streams: line ends, keep-alive comments, the byte order mark.

use bytes::{BufMut, BytesMut};
use serde_json::Value;

use crate::script::{Framing, Script};

/// Writes the events of a stream as a script frames them.
#[derive(Debug)]
pub(crate) struct Sse {
    line_end: &'static [u8],
    comments: bool,
    bom: bool,
}

impl Sse {
    /// The framing of a script, or else the format's `usual` one.
    pub(crate) fn new(script: &Script, usual: Framing) -> Self {
        Self {
            line_end: script.framing.unwrap_or(usual).line_end(),
            comments: script.comments,
            bom: script.bom,
        }
    }

    /// What comes before the first event.
    pub(crate) fn open(&self, out: &mut BytesMut) {
        if self.bom {
            out.put_slice("\u{feff}".as_bytes());
        }
    }

    /// The beginning of an event, up to its data. An event without a name has
    /// no line for it.
    pub(crate) fn begin(&self, out: &mut BytesMut, name: &str) {
        if self.comments {
            out.put_slice(b": keep-alive");
            self.end(out);
        }
        if !name.is_empty() {
            out.put_slice(b"event: ");
            out.put_slice(name.as_bytes());
            out.put_slice(self.line_end);
        }
        out.put_slice(b"data: ");
    }

    /// The end of an event.
    pub(crate) fn end(&self, out: &mut BytesMut) {
        out.put_slice(self.line_end);
        out.put_slice(self.line_end);
    }

    /// An event with JSON as its data.
    pub(crate) fn event(&self, out: &mut BytesMut, name: &str, data: &Value) {
        self.begin(out, name);
        out.put_slice(data.to_string().as_bytes());
        self.end(out);
    }
}
