//! From the bytes of a response's body to deltas: recognises whether it is a
//! stream, a JSON document in spite of the request, or a web page.

use std::{collections::VecDeque, sync::Arc};

use protocol::sse::{Decoder, EVENT_LIMIT, Frame};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{
    Delta, Error, Format,
    ending::{Ending, Watched},
    failure,
    http::Upstream,
};

/// Reads one answer. What comes out does not depend on how the bytes were
/// split.
#[derive(Debug)]
pub(crate) struct Reader {
    format: Format,
    framing: Framing,
    mapper: Watched,
}

/// What the body is. Its first byte tells more reliably than its content
/// type, which servers get wrong in both directions.
#[derive(Debug)]
enum Framing {
    Unknown,
    Events(Decoder, Stray),
    /// One JSON document a line; what is here is the unfinished one.
    Lines(Vec<u8>),
    Document(Vec<u8>),
}

impl Reader {
    pub(crate) fn new(format: Format, upstream: Arc<Upstream>) -> Self {
        Self {
            format,
            framing: Framing::Unknown,
            mapper: Watched::new(format.mapper(upstream)),
        }
    }

    /// What is known of the answer's end.
    pub(crate) fn ending(&self) -> Ending {
        self.mapper.ending()
    }

    /// Appends what the bytes mean. Not to be called after an error.
    ///
    /// # Errors
    /// The failure that ends the answer.
    pub(crate) fn push(
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
                b'<' => return Err(self.malformed("a web page instead of an answer")),
                _ if self.format.is_lines() => Framing::Lines(Vec::new()),
                b'{' | b'[' => Framing::Document(Vec::new()),
                _ => Framing::Events(Decoder::default(), Stray::default()),
            };
        }
        match &mut self.framing {
            Framing::Unknown => {}
            Framing::Document(body) if body.len() + bytes.len() > DOCUMENT_LIMIT => {
                return Err(self.malformed("an answer that is too large"));
            }
            Framing::Document(body) => body.extend_from_slice(bytes),
            Framing::Events(decoder, stray) => {
                if self.format.has_stray_errors() {
                    stray.push(bytes);
                }
                decoder.push(bytes);
                events(decoder, &mut self.mapper, out)?;
            }
            Framing::Lines(unfinished) => lines(unfinished, bytes, &mut self.mapper, out)?,
        }
        Ok(())
    }

    /// Appends what it means that the body has ended.
    ///
    /// # Errors
    /// Where the answer is not whole.
    pub(crate) fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        match &mut self.framing {
            Framing::Unknown => {}
            Framing::Document(body) => {
                let body = std::mem::take(body);
                let body = String::from_utf8_lossy(&body);
                return self.mapper.document(unwrapped(&body), out);
            }
            Framing::Lines(unfinished) => {
                let line = std::mem::take(unfinished);
                let line = String::from_utf8_lossy(&line);
                if !line.trim().is_empty() && !is_torn(&line) {
                    self.mapper.map(&frame(line.into_owned()), out)?;
                }
            }
            Framing::Events(decoder, stray) => {
                if let Some(error) = stray.error() {
                    return Err(self.mapper.progress().failed(&error));
                }
                // The last event counts without the blank line behind it,
                // unless the end came in the middle of it.
                decoder.push(b"\n\n");
                match decoder.next_frame() {
                    Ok(Some(frame)) if !is_torn(&frame.data) => self.mapper.map(&frame, out)?,
                    Ok(None)
                        if !self.mapper.progress().has_seen_data() && decoder.comments() == 0 =>
                    {
                        return Err(self.malformed("something that is no event stream"));
                    }
                    _ => {}
                }
            }
        }
        self.mapper.end(out)
    }

    /// Appends what it means that no more of the body is waited for.
    ///
    /// # Errors
    /// Where the answer is not whole.
    pub(crate) fn end_early(&mut self, out: &mut VecDeque<Delta>) -> Result<(), Error> {
        self.mapper.end(out)
    }

    fn malformed(&mut self, what: &str) -> Error {
        self.mapper.progress().malformed(what)
    }
}

/// The largest document read, in bytes: an answer that is not streamed comes
/// in one piece, images and all.
const DOCUMENT_LIMIT: usize = 32 << 20;

fn events(
    decoder: &mut Decoder,
    mapper: &mut Watched,
    out: &mut VecDeque<Delta>,
) -> Result<(), Error> {
    loop {
        match decoder.next_frame() {
            Ok(Some(frame)) => mapper.map(&frame, out)?,
            Ok(None) => return Ok(()),
            Err(too_long) => {
                let what = format!("a stream in which {too_long}");
                return Err(mapper.progress().malformed(&what));
            }
        }
    }
}

fn lines(
    unfinished: &mut Vec<u8>,
    mut bytes: &[u8],
    mapper: &mut Watched,
    out: &mut VecDeque<Delta>,
) -> Result<(), Error> {
    while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
        unfinished.extend_from_slice(&bytes[..end]);
        bytes = &bytes[end + 1..];
        check_line(unfinished, mapper)?;
        let line = String::from_utf8_lossy(unfinished).into_owned();
        unfinished.clear();
        if !line.trim().is_empty() {
            mapper.map(&frame(line), out)?;
        }
    }
    unfinished.extend_from_slice(bytes);
    check_line(unfinished, mapper)
}

fn check_line(line: &[u8], mapper: &mut Watched) -> Result<(), Error> {
    if line.len() > EVENT_LIMIT {
        return Err(mapper
            .progress()
            .malformed("a stream in which a line is too long"));
    }
    Ok(())
}

fn frame(data: String) -> Frame {
    Frame {
        data,
        ..Frame::default()
    }
}

/// What stands behind the last blank line of an event stream: where Google's
/// servers put a bare JSON error, which is no event.
#[derive(Debug, Default)]
struct Stray {
    tail: Vec<u8>,
    too_long: bool,
}

impl Stray {
    /// More than any error has.
    const LIMIT: usize = 64 << 10;

    fn push(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        let blank = |at: usize| {
            let before = &self.tail[..at];
            before.ends_with(b"\n\n") || before.ends_with(b"\n\r\n")
        };
        if let Some(begin) = (1..=self.tail.len()).rev().find(|&at| blank(at)) {
            self.tail.drain(..begin);
            self.too_long = false;
        }
        if self.tail.len() > Self::LIMIT {
            // As much as the beginning of a blank line may have.
            self.tail.drain(..self.tail.len() - 3);
            self.too_long = true;
        }
    }

    fn error(&self) -> Option<Value> {
        let text = String::from_utf8_lossy(&self.tail);
        let text = text.trim();
        if self.too_long || !text.starts_with(['{', '[']) {
            return None;
        }
        let body: Value = serde_json::from_str(unwrapped(text)).ok()?;
        failure::is_meant(body.get("error")?).then_some(body)
    }
}

/// The document in an array of one, which Google's servers put around errors.
fn unwrapped(body: &str) -> &str {
    let inner = body
        .trim()
        .strip_prefix('[')
        .and_then(|body| body.strip_suffix(']'));
    match inner {
        Some(inner) if serde_json::from_str::<IgnoredAny>(inner).is_ok() => inner,
        _ => body,
    }
}

fn is_torn(data: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(data).is_err_and(|cause| cause.is_eof())
}
