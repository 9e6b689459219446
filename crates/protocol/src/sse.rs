//! Server-sent events as bytes: one decoder for what providers send and for
//! what the page receives, one encoder for what the server sends.
//!
//! The format is the HTML standard's, section 9.2.6 "Interpreting an event
//! stream": lines end in LF, CRLF or CR, a blank line ends an event, several
//! `data` lines are joined by LF, a colon begins a comment.

use std::fmt::Write as _;

/// The most bytes one event may take; a peer that sends more is at fault.
pub const EVENT_LIMIT: usize = 1 << 20;

/// One decoded event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// The `id` field, where this event carried one.
    pub id: Option<String>,
    /// The `event` field; empty where there was none.
    pub event: String,
    /// The `data` lines, joined by LF. Invalid UTF-8 becomes U+FFFD.
    pub data: String,
}

/// An event was larger than [`EVENT_LIMIT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an event is larger than {EVENT_LIMIT} bytes")
    }
}

impl std::error::Error for TooLong {}

/// Turns bytes, split anywhere, into events. Events are the same however the
/// bytes were split.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Start of the first line in `buffer` that was not handled yet.
    at: usize,
    /// How far the unfinished line was already searched for its end.
    searched: usize,
    /// The last line ended in CR: an LF that comes next belongs to it.
    after_cr: bool,
    begun: bool,
    frame: Frame,
    has_data: bool,
    frame_bytes: usize,
    comments: u64,
}

impl Decoder {
    /// Adds bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.searched -= self.at;
            self.at = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole event, or `None` until more bytes come.
    ///
    /// # Errors
    /// [`TooLong`] when an event outgrows [`EVENT_LIMIT`].
    pub fn next_frame(&mut self) -> Result<Option<Frame>, TooLong> {
        while let Some((start, end)) = self.next_line() {
            if start == end {
                let frame = std::mem::take(&mut self.frame);
                self.frame_bytes = 0;
                if std::mem::take(&mut self.has_data) {
                    return Ok(Some(frame));
                }
                continue;
            }
            self.frame_bytes += end - start;
            if self.frame_bytes > EVENT_LIMIT {
                return Err(TooLong);
            }
            self.field(start, end);
        }
        if self.buffer.len() - self.at + self.frame_bytes > EVENT_LIMIT {
            return Err(TooLong);
        }
        Ok(None)
    }

    /// How many comments (heartbeats) were seen.
    #[must_use]
    pub fn comments(&self) -> u64 {
        self.comments
    }

    /// The bytes that do not form a whole event yet: what remains of a stream
    /// that ended in the middle of one, or that never was an event stream.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// The bounds of the next whole line, without its end.
    fn next_line(&mut self) -> Option<(usize, usize)> {
        if !self.begun {
            const BOM: &[u8] = b"\xEF\xBB\xBF";
            let have = self.buffer.len().min(BOM.len());
            if have < BOM.len() && self.buffer[..have] == BOM[..have] {
                return None;
            }
            if self.buffer.starts_with(BOM) {
                self.at = BOM.len();
                self.searched = self.at;
            }
            self.begun = true;
        }
        if self.after_cr && self.at < self.buffer.len() {
            self.after_cr = false;
            if self.buffer[self.at] == b'\n' {
                self.at += 1;
            }
        }
        let from = self.searched.max(self.at);
        let found = self.buffer[from..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'));
        let Some(found) = found else {
            self.searched = self.buffer.len();
            return None;
        };
        let (start, end) = (self.at, from + found);
        self.after_cr = self.buffer[end] == b'\r';
        self.at = end + 1;
        self.searched = self.at;
        Some((start, end))
    }

    fn field(&mut self, start: usize, end: usize) {
        let line = &self.buffer[start..end];
        let colon = line.iter().position(|&byte| byte == b':');
        let (name, value) = match colon {
            Some(0) => {
                self.comments += 1;
                return;
            }
            Some(at) => (
                &line[..at],
                line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..]),
            ),
            None => (line, &line[..0]),
        };
        match name {
            b"data" => {
                if self.has_data {
                    self.frame.data.push('\n');
                }
                self.has_data = true;
                self.frame.data.push_str(&String::from_utf8_lossy(value));
            }
            b"event" => self.frame.event = String::from_utf8_lossy(value).into_owned(),
            b"id" => self.frame.id = Some(String::from_utf8_lossy(value).into_owned()),
            _ => {}
        }
    }
}

/// Writes one event. `data` must not contain line ends, as JSON never does.
pub fn encode(out: &mut String, id: u64, event: &str, data: &str) {
    debug_assert!(!data.contains(['\n', '\r']), "data must be one line");
    // Writing to a String cannot fail.
    let _ = write!(out, "id: {id}\nevent: {event}\ndata: {data}\n\n");
}

/// A comment, which keeps a quiet connection alive and means nothing.
pub const HEARTBEAT: &str = ":\n\n";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(parts: &[&[u8]]) -> Vec<Frame> {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for part in parts {
            decoder.push(part);
            while let Some(frame) = decoder.next_frame().unwrap() {
                frames.push(frame);
            }
        }
        frames
    }

    #[test]
    fn reads_fields_comments_and_every_line_end() {
        let frames = decode(&[b"\xEF\xBB\xBF: hi\r\nid: 7\revent: text\ndata: a\r\ndata:  b\r\n\r\ndata\n\n\n\nid: 9\n\ndata:x\n\n"]);
        assert_eq!(
            frames,
            [
                Frame {
                    id: Some("7".into()),
                    event: "text".into(),
                    data: "a\n b".into()
                },
                Frame::default(),
                Frame {
                    data: "x".into(),
                    ..Frame::default()
                },
            ]
        );
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut decoder = Decoder::default();
        decoder.push(b"data: ");
        decoder.push(&vec![b'a'; EVENT_LIMIT + 1]);
        assert_eq!(decoder.next_frame(), Err(TooLong));
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let mut out = String::new();
        encode(&mut out, 3, "text", r#"{"delta":"a\nb"}"#);
        out.push_str(HEARTBEAT);
        let frames = decode(&[out.as_bytes()]);
        assert_eq!(frames[0].id.as_deref(), Some("3"));
        assert_eq!(frames[0].data, r#"{"delta":"a\nb"}"#);
        assert_eq!(frames.len(), 1);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events(
            bytes in prop::collection::vec(
                prop::sample::select(b"\n\r\n\r: adteivn\xC3\xA4\xEF\xBB\xBF".to_vec()), 0..200),
            cuts in prop::collection::vec(0usize..200, 0..20),
        ) {
            let mut stream = b"data: a\r\n\r\nevent: x\ndata: b\n\n".to_vec();
            stream.extend(bytes);
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|&cut| cut < stream.len()).collect();
            cuts.sort_unstable();
            let mut parts = Vec::new();
            let mut from = 0;
            for cut in cuts {
                parts.push(&stream[from..cut]);
                from = cut;
            }
            parts.push(&stream[from..]);
            prop_assert_eq!(decode(&parts), decode(&[&stream]));
        }
    }
}
