//! The files that came with messages.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use protocol::{Attachment, Usage};
use sha2::{Digest, Sha256};

use super::{Import, sane};

/// What an image is taken to cost, in tokens: between what providers count for
/// a small one and a large one.
const IMAGE_TOKENS: u64 = 1_000;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes that Base64 stands for, with or without its padding.
pub(super) fn decode(base64: &str) -> Option<Vec<u8>> {
    BASE64.decode(base64.trim()).ok()
}

/// The bytes of a `data:` URL.
pub(super) fn data_url(url: &str) -> Option<Vec<u8>> {
    let (about, data) = url.strip_prefix("data:")?.split_once(',')?;
    about.ends_with(";base64").then(|| decode(data)).flatten()
}

/// The hash by which attachments are known.
pub(super) fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the bytes are, whatever the file says: an image that pages show, or
/// text. A wrong word could make a page run what a stranger wrote.
pub(super) fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ if bytes.contains(&0) || std::str::from_utf8(bytes).is_err() => None,
        _ => Some("text/plain"),
    }
}

impl Import<'_> {
    /// Keeps a file that came with a message.
    ///
    /// # Errors
    /// Why it cannot be kept: what follows "because".
    pub(super) fn attach(&mut self, name: &str, bytes: Vec<u8>) -> Result<Attachment, String> {
        let limit = self.limits.attachment_bytes;
        if bytes.len() as u64 > limit {
            return Err(format!(
                "it is larger than {} MB",
                limit.div_ceil(1_000_000)
            ));
        }
        if bytes.is_empty() {
            return Err("it is empty".to_owned());
        }
        let media_type = media_type(&bytes)
            .ok_or("it is neither an image (PNG, JPEG, GIF, WebP) nor text in UTF-8")?;
        let name = sane::title(name.rsplit(['/', '\\']).next().unwrap_or_default());
        let hash = hash(&bytes);
        let attachment = Attachment {
            name: if name.is_empty() {
                "file".to_owned()
            } else {
                name
            },
            media_type: media_type.to_owned(),
            bytes: bytes.len() as u64,
            tokens: match media_type {
                "text/plain" => Usage::estimate_tokens(bytes.len()),
                _ => IMAGE_TOKENS,
            },
            hash: hash.clone(),
        };
        self.attachments.entry(hash).or_insert_with(|| {
            let kept = &mut self.imported.attachments;
            kept.push((attachment.clone(), bytes));
            kept.len() - 1
        });
        Ok(attachment)
    }
}
