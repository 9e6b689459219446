//! What a file is, by its bytes.

use axum::{
    body::Bytes,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use encoding_rs::{Encoding, UTF_8};
use imagesize::{ImageSize, ImageType};
use protocol::{Problem, ProblemKind, Usage};

use crate::http::HttpProblem;

/// The type of text, with the encoding in which all of it is kept.
pub(super) const TEXT: &str = "text/plain; charset=utf-8";

/// The longest side of an image, in pixels: browsers draw no longer ones.
const LONGEST_SIDE: usize = 16_384;
/// The most pixels of an image. Small files can hold huge pictures, for each of
/// which a browser needs four bytes a pixel; cameras make 48 million.
const MOST_PIXELS: usize = 50_000_000;

/// A file that can be sent to a model.
#[derive(Debug)]
pub(super) struct Content {
    /// Its type: an image that every browser shows, or `text/plain`.
    pub(super) media_type: &'static str,
    /// Its bytes; of text, those in UTF-8 without a byte order mark.
    pub(super) bytes: Bytes,
    /// An estimate of the input tokens it takes.
    pub(super) tokens: u64,
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Refusal {
    /// It has no bytes, or no text.
    Empty,
    /// It is no image of ours and no text.
    Unknown,
    /// It begins as an image that then has no size.
    Damaged,
    /// It has more pixels than can be shown.
    Pixels(usize, usize),
    /// It, such as a `text`, has more bytes than this.
    TooLarge(&'static str, usize),
}

/// What a file is; a text may have at most `text_limit` bytes.
pub(super) fn recognise(bytes: Bytes, text_limit: usize) -> Result<Content, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    let Some(media_type) = image(&bytes) else {
        let bytes = text(bytes, text_limit)?;
        let tokens = Usage::estimate_tokens(bytes.len());
        return Ok(Content {
            media_type: "text/plain",
            bytes,
            tokens,
        });
    };
    let ImageSize { width, height } = imagesize::blob_size(&bytes).map_err(|_| Refusal::Damaged)?;
    if width == 0 || height == 0 {
        return Err(Refusal::Damaged);
    }
    if width.max(height) > LONGEST_SIDE || width.saturating_mul(height) > MOST_PIXELS {
        return Err(Refusal::Pixels(width, height));
    }
    Ok(Content {
        media_type,
        bytes,
        tokens: image_tokens(width as u64, height as u64),
    })
}

/// The image types that are shown, of what the store says.
pub(super) fn image_type(media_type: &str) -> Option<&'static str> {
    ["image/png", "image/jpeg", "image/gif", "image/webp"]
        .into_iter()
        .find(|image| *image == media_type)
}

/// The type of an image, by its first bytes.
fn image(bytes: &[u8]) -> Option<&'static str> {
    match imagesize::image_type(bytes).ok()? {
        ImageType::Png => Some("image/png"),
        ImageType::Jpeg => Some("image/jpeg"),
        ImageType::Gif => Some("image/gif"),
        ImageType::Webp => Some("image/webp"),
        _ => None,
    }
}

/// Anthropic's rule, <https://docs.anthropic.com/en/docs/vision>: an image is
/// made to fit into 1,568 pixels a side and about 1,600 tokens, and then takes
/// one for every 750 pixels. Others count in tiles, and none by far more.
fn image_tokens(width: u64, height: u64) -> u64 {
    const SIDE: u64 = 1_568;
    const MOST: u64 = 1_600;
    let longest = width.max(height);
    let (width, height) = if longest > SIDE {
        (width * SIDE / longest, height * SIDE / longest)
    } else {
        (width, height)
    };
    (width * height).div_ceil(750).clamp(1, MOST)
}

/// Text in UTF-8, or in UTF-16 where a byte order mark says so.
fn text(bytes: Bytes, limit: usize) -> Result<Bytes, Refusal> {
    let (encoding, mark) = Encoding::for_bom(&bytes).unwrap_or((UTF_8, 0));
    let marked = bytes.slice(mark..);
    let text = if encoding == UTF_8 {
        if std::str::from_utf8(&marked).is_err() {
            return Err(Refusal::Unknown);
        }
        marked
    } else {
        let decoded = encoding.decode_without_bom_handling_and_without_replacement(&marked);
        Bytes::from(decoded.ok_or(Refusal::Unknown)?.into_owned())
    };
    if text.is_empty() {
        return Err(Refusal::Empty);
    }
    // No text has one, and many other formats do.
    if text.contains(&0) {
        return Err(Refusal::Unknown);
    }
    if text.len() > limit {
        return Err(Refusal::TooLarge("text", limit));
    }
    Ok(text)
}

impl Refusal {
    /// The reason in words.
    pub(in crate::http) fn problem(self) -> Problem {
        let bad = |message: &str| Problem::new(ProblemKind::BadRequest, message);
        match self {
            Self::Empty => bad("The file is empty.").advice("Choose another."),
            Self::Unknown => bad("The file is neither an image nor plain text.").advice(
                "Send a PNG, JPEG, GIF or WebP image, or text in UTF-8; save other files as one \
                 of these first.",
            ),
            Self::Damaged => bad("The image is damaged or not complete.")
                .advice("Open it in another program and save it anew."),
            Self::Pixels(width, height) => bad(&format!(
                "The image has {width} × {height} pixels, which is too many."
            ))
            .advice(format!(
                "Make it smaller: at most {LONGEST_SIDE} pixels a side and {} million in all.",
                MOST_PIXELS / 1_000_000
            )),
            Self::TooLarge(what, limit) => {
                let message = format!("The {what} is larger than {}.", size(limit));
                Problem::new(ProblemKind::TooLarge, message)
                    .advice("Send a smaller one, or raise the limit in the server's configuration.")
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = HttpProblem(self.problem());
        match self {
            Self::Unknown => problem.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            _ => problem.into_response(),
        }
    }
}

/// A size for a person.
fn size(bytes: usize) -> String {
    match bytes {
        0..1_000_000 => format!("{bytes} bytes"),
        _ => match (bytes / 1_000_000, bytes / 100_000 % 10) {
            (whole, 0) => format!("{whole} MB"),
            (whole, tenths) => format!("{whole}.{tenths} MB"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(bytes: &[u8]) -> Result<Content, Refusal> {
        recognise(Bytes::copy_from_slice(bytes), 20)
    }

    /// The beginning of a PNG with these sides.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x06\0\0\0");
        bytes
    }

    fn gif(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = b"GIF89a".to_vec();
        bytes.extend(width.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        bytes.extend(b"\0\0\0;");
        bytes
    }

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\
        \xff\xc0\0\x0b\x08\0\x20\0\x40\x01\x01\x11\0\xff\xd9";
    const WEBP: &[u8] = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\x3f\xc0\x07\0\0\0\0\0\0\0\0\0\0";

    #[test]
    fn images_are_known_by_their_bytes() {
        for (bytes, media_type, tokens) in [
            (png(75, 20), "image/png", 2),
            (gif(1, 1), "image/gif", 1),
            (JPEG.to_vec(), "image/jpeg", 3),
            (WEBP.to_vec(), "image/webp", 3),
            (png(8_000, 6_000), "image/png", 1_600),
            (png(16_384, 10), "image/png", 1),
        ] {
            let content = look(&bytes).unwrap();
            assert_eq!((content.media_type, content.tokens), (media_type, tokens));
            assert_eq!(content.bytes, bytes, "an image stays as it is");
        }
    }

    #[test]
    fn text_is_kept_in_utf_8_without_a_mark() {
        let utf_16 = |bytes: [[u8; 2]; 3]| bytes.concat();
        for (bytes, text) in [
            ("Grüße, 世界".as_bytes().to_vec(), "Grüße, 世界"),
            (b"\xef\xbb\xbfmarked".to_vec(), "marked"),
            (utf_16([[0xff, 0xfe], [0x16, 0x4e], *b"a\0"]), "世a"),
            (utf_16([[0xfe, 0xff], [0x4e, 0x16], *b"\0a"]), "世a"),
            (
                b"<svg onload=alert(1)>".to_vec()[..20].to_vec(),
                "<svg onload=alert(1)",
            ),
        ] {
            let content = look(&bytes).unwrap();
            assert_eq!(content.media_type, "text/plain");
            assert_eq!(content.bytes, text);
        }
        assert_eq!(look(b"12345").unwrap().tokens, 2);
    }

    #[test]
    fn everything_else_is_refused() {
        let long = [b'x'; 21];
        for (bytes, refusal) in [
            (&b""[..], Refusal::Empty),
            (b"\xef\xbb\xbf", Refusal::Empty),
            (b"\xff\xfe", Refusal::Empty),
            (b"a\0b", Refusal::Unknown),
            (b"\xff\xfea", Refusal::Unknown),
            (b"\xff\xfe\x00\xd8", Refusal::Unknown),
            (b"Gr\xfc\xdfe", Refusal::Unknown),
            (b"PK\x03\x04\x14\0", Refusal::Unknown),
            (b"%PDF-1.7\n\xb5\xb5", Refusal::Unknown),
            (b"BM\x1e\0\0\0\0\0\0\0", Refusal::Unknown),
            (&png(9, 9)[..16], Refusal::Damaged),
            (&png(0, 9), Refusal::Damaged),
            (&JPEG[..20], Refusal::Damaged),
            (&png(16_385, 1), Refusal::Pixels(16_385, 1)),
            (&png(8_000, 8_000), Refusal::Pixels(8_000, 8_000)),
            (&long, Refusal::TooLarge("text", 20)),
        ] {
            assert_eq!(look(bytes).err(), Some(refusal), "{bytes:?}");
        }
    }

    #[test]
    fn sizes_are_said_in_short() {
        assert_eq!(size(999_999), "999999 bytes");
        assert_eq!(size(10_000_000), "10 MB");
        assert_eq!(size(1_250_000), "1.2 MB");
    }
}
