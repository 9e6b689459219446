//! What holds for the reader of answers, whatever the bytes and the format
//! are: checked on the seeds of the fuzz targets by an ordinary test, and on
//! what a fuzzer makes of them through the feature `fuzzing`.

use std::{collections::VecDeque, sync::Arc};

use crate::{Delta, Error, Format, http::Upstream, reader::Reader};

/// Fails unless the bytes mean the same however they are split, and end in
/// exactly one terminal, which is the last.
pub fn check(format: Format, bytes: &[u8]) {
    let whole = read(format, [bytes]);
    let ends = whole.iter().filter(|item| is_terminal(item)).count();
    assert_eq!(ends, 1, "one terminal of {whole:?}");
    assert!(whole.last().is_some_and(is_terminal), "{whole:?} ends so");
    assert_eq!(read(format, bytes.chunks(1)), whole, "byte by byte");
    assert_eq!(read(format, pieces(bytes)), whole, "in pieces");
}

/// A reader of an answer from a made-up provider, whose key is `sk-test-key`.
pub(crate) fn reader(format: Format) -> Reader {
    Reader::new(
        format,
        Arc::new(Upstream {
            name: "acme".to_owned(),
            address: "127.0.0.1:9".to_owned(),
            key: Some("sk-test-key".into()),
        }),
    )
}

/// What comes of a body that arrives in these parts and then ends.
pub(crate) fn read<'a>(
    format: Format,
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<Result<Delta, Error>> {
    let mut reader = reader(format);
    let mut out = VecDeque::new();
    let read = parts
        .into_iter()
        .try_for_each(|part| reader.push(part, &mut out))
        .and_then(|()| reader.end(&mut out));
    let mut all: Vec<_> = out.into_iter().map(Ok).collect();
    all.extend(read.err().map(Err));
    all
}

pub(crate) fn is_terminal(item: &Result<Delta, Error>) -> bool {
    matches!(item, Err(_) | Ok(Delta::Finished(_)))
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
