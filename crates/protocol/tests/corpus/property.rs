//! What holds for the decoder of event streams, whatever the bytes are. Also
//! the body of the fuzz target `sse`.

use protocol::sse::{Decoder, Frame, TooLong, encode};

/// Fails unless the bytes give the same events however they are split, and
/// what is encoded decodes to itself.
pub(crate) fn check(bytes: &[u8]) {
    let whole = decode([bytes]);
    assert_eq!(decode(bytes.chunks(1)), whole, "byte by byte");
    assert_eq!(decode(pieces(bytes)), whole, "in pieces");

    let data = String::from_utf8_lossy(bytes).replace(['\n', '\r'], " ");
    let mut stream = String::new();
    encode(&mut stream, 7, "text", &data);
    let frame = Frame {
        id: Some("7".to_owned()),
        event: "text".to_owned(),
        data,
    };
    assert_eq!(decode([stream.as_bytes()]), (vec![frame], Ok(()), 0));
}

/// The events, whether the stream can be read to its end, and the number of
/// comments.
fn decode<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Frame>, Result<(), TooLong>, u64) {
    let mut decoder = Decoder::default();
    let mut frames = Vec::new();
    for part in parts {
        decoder.push(part);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(too_long) => return (frames, Err(too_long), decoder.comments()),
            }
        }
    }
    (frames, Ok(()), decoder.comments())
}

/// Pieces of a few bytes, of lengths that the bytes themselves give.
fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = 1 + usize::from(*bytes.first()?) % 7;
        let (piece, rest) = bytes.split_at(length.min(bytes.len()));
        bytes = rest;
        Some(piece)
    })
}
