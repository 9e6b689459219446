//! From the bytes of a response's body to deltas: recognises whether it is an
//! event stream, a JSON document in spite of the request, or a web page.

use std::{collections::VecDeque, sync::Arc};

use protocol::sse::{Decoder, EVENT_LIMIT};
use serde::de::IgnoredAny;

use super::mapper::Mapper;
use crate::{Delta, Error, http::Upstream};

/// Reads one answer. What comes out does not depend on how the bytes were
/// split.
#[derive(Debug)]
pub(super) struct Reader {
    framing: Framing,
    pub(super) mapper: Mapper,
}

/// What the body is. Its first byte tells more reliably than its content
/// type, which servers get wrong in both directions.
#[derive(Debug)]
enum Framing {
    Unknown,
    Events(Decoder),
    Document(Vec<u8>),
}

impl Reader {
    pub(super) fn new(upstream: Arc<Upstream>) -> Self {
        Self {
            framing: Framing::Unknown,
            mapper: Mapper::new(upstream),
        }
    }

    /// Appends what the bytes mean. Not to be called after an error.
    ///
    /// # Errors
    /// The failure that ends the answer.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        out: &mut VecDeque<Delta>,
    ) -> Result<(), Error> {
        if matches!(self.framing, Framing::Unknown) {
            let padding =
                |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF);
            let Some(begin) = bytes.iter().position(|byte| !padding(byte)) else {
                return Ok(());
            };
            bytes = &bytes[begin..];
            self.framing = match bytes[0] {
                b'{' | b'[' => Framing::Document(Vec::new()),
                b'<' => return Err(self.mapper.malformed("a web page instead of an answer")),
                _ => Framing::Events(Decoder::default()),
            };
        }
        match &mut self.framing {
            Framing::Unknown => {}
            Framing::Document(body) if body.len() + bytes.len() > EVENT_LIMIT => {
                return Err(self.mapper.malformed("an answer that is too large"));
            }
            Framing::Document(body) => body.extend_from_slice(bytes),
            Framing::Events(decoder) => {
                decoder.push(bytes);
                events(decoder, &mut self.mapper, out)?;
            }
        }
        Ok(())
    }

    /// Appends what it means that the body has ended.
    ///
    /// # Errors
    /// Where the answer is not whole.
    pub(super) fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match &mut self.framing {
            Framing::Unknown => self.mapper.end(out),
            Framing::Document(body) => {
                let body = std::mem::take(body);
                self.mapper.document(&String::from_utf8_lossy(&body), out)
            }
            Framing::Events(decoder) => {
                // The last event counts without the blank line behind it,
                // unless the end came in the middle of it.
                decoder.push(b"\n\n");
                match decoder.next_frame() {
                    Ok(Some(frame)) if !is_torn(&frame.data) => self.mapper.map(&frame, out)?,
                    Ok(None) if !self.mapper.has_seen_data() && decoder.comments() == 0 => {
                        return Err(self.mapper.malformed("something that is no event stream"));
                    }
                    _ => {}
                }
                self.mapper.end(out)
            }
        }
    }
}

fn events(
    decoder: &mut Decoder,
    mapper: &mut Mapper,
    out: &mut VecDeque<Delta>,
) -> Result<(), Error> {
    loop {
        match decoder.next_frame() {
            Ok(Some(frame)) => mapper.map(&frame, out)?,
            Ok(None) => return Ok(()),
            Err(too_long) => {
                return Err(mapper.malformed(&format!("a stream in which {too_long}")));
            }
        }
    }
}

fn is_torn(data: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(data).is_err_and(|cause| cause.is_eof())
}
