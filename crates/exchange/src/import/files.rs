//! The files in a ZIP. Their paths mean nothing here: nothing is unpacked to
//! any place.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::Limits;

/// Whether the bytes are a ZIP.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// A ZIP, and how much more of it may be unpacked.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    left: u64,
    /// The names without their folders.
    names: Vec<String>,
    /// Where the file is that ChatGPT's messages call by this id.
    by_id: HashMap<String, usize>,
}

impl<'a> Archive<'a> {
    /// Opens the archive.
    ///
    /// # Errors
    /// A sentence about why it cannot be read, or should not.
    pub(super) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, String> {
        let zip = ZipArchive::new(Cursor::new(bytes))
            .map_err(|error| format!("The ZIP cannot be read: {error}."))?;
        if zip.len() > limits.entries {
            return Err(format!(
                "The ZIP has {} files, and no more than {} are read. Take out what is no \
                 conversation, or import its conversations.json alone.",
                zip.len(),
                limits.entries
            ));
        }
        let name = |index| {
            let name = zip.name_for_index(index).and_then(Result::ok);
            let name = name.unwrap_or_default();
            let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
            name.to_owned()
        };
        let names: Vec<String> = (0..zip.len()).map(name).collect();
        let mut by_id = HashMap::new();
        for (index, name) in names.iter().enumerate() {
            if let Some(id) = file_id(name) {
                by_id.entry(id.to_owned()).or_insert(index);
            }
        }
        Ok(Self {
            zip,
            left: limits.unpacked_bytes,
            names,
            by_id,
        })
    }

    /// The files that begin as JSON does, by name: those that are numbered
    /// come in their order.
    pub(super) fn documents(&mut self) -> Vec<usize> {
        let mut documents: Vec<usize> = (0..self.zip.len())
            .filter(|index| {
                let mut begin = [0; 16];
                let Ok(mut file) = self.zip.by_index(*index) else {
                    return self.names[*index].ends_with(".json");
                };
                let read = file.read(&mut begin).unwrap_or_default();
                let begin = begin[..read].trim_ascii_start();
                let begin = begin.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begin);
                matches!(begin.trim_ascii_start().first(), Some(b'[' | b'{'))
            })
            .collect();
        documents.sort_by_key(|index| &self.names[*index]);
        documents
    }

    /// Unpacks a file.
    ///
    /// # Errors
    /// A sentence about why it cannot be unpacked, or should not.
    pub(super) fn read(&mut self, index: usize) -> Result<Vec<u8>, String> {
        let name = &self.names[index];
        let failed = |error| format!("“{name}” in the ZIP cannot be unpacked: {error}.");
        let file = self
            .zip
            .by_index(index)
            .map_err(|error| failed(error.to_string()))?;
        let mut bytes = Vec::new();
        let read = file
            .take(self.left.saturating_add(1))
            .read_to_end(&mut bytes);
        if bytes.len() as u64 > self.left {
            self.left = 0;
            return Err(format!(
                "“{name}” in the ZIP was not imported: the ZIP unpacks to more than is allowed."
            ));
        }
        self.left -= bytes.len() as u64;
        read.map_err(|error| failed(error.to_string()))?;
        Ok(bytes)
    }

    /// Whether no more may be unpacked.
    pub(super) fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// The file that this pointer of ChatGPT's leads to, with its name; none
    /// where the archive does not have it.
    pub(super) fn asset(&mut self, pointer: &str) -> Option<(String, Result<Vec<u8>, String>)> {
        let index = *self.by_id.get(file_id(pointer)?)?;
        let name = self.names[index].clone();
        Some((name, self.read(index)))
    }
}

/// The id in `sediment://file_0123…`, `file-service://file-Abc`, and in the
/// names that such files have in the archive.
pub(super) fn file_id(text: &str) -> Option<&str> {
    let from = text.find("file-").into_iter().chain(text.find("file_"));
    let from = from
        .filter(|from| {
            let text = &text[from + 5..];
            text.starts_with(|it: char| it.is_ascii_alphanumeric()) && !text.starts_with("service:")
        })
        .min()
        .or_else(|| {
            let (before, after) = text.split_once("file-service://")?;
            let from = before.len() + "file-service://".len();
            after.starts_with("file").then_some(from)
        })?;
    let id = &text[from..];
    let end = id[5..].find(|it: char| !it.is_ascii_alphanumeric());
    Some(&id[..end.map_or(id.len(), |end| end + 5)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_in_pointers_and_in_names() {
        for (text, id) in [
            ("file-service://file-AbC123", Some("file-AbC123")),
            ("sediment://file_00000000ab12", Some("file_00000000ab12")),
            ("sediment://0ff1ce#file_00ab#p_0.jpg", Some("file_00ab")),
            ("file_00ab-sanitized.png", Some("file_00ab")),
            ("file-AbC123-My photo.png", Some("file-AbC123")),
            ("photo.png", None),
            ("file-", None),
        ] {
            assert_eq!(file_id(text), id, "{text}");
        }
    }
}
