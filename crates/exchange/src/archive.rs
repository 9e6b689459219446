//! All conversations as Markdown, in one ZIP.

use std::collections::HashMap;
use std::io::{self, Write};

use jiff::{Timestamp, tz::Offset};
use protocol::Conversation;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions, write::StreamWriter};

use crate::{file_name, markdown};

/// Writes a ZIP with one Markdown file for each conversation, named after its
/// title; needs one conversation at a time in memory.
pub struct MarkdownArchive<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    /// The names given so far, in small letters, since most file systems take
    /// names that differ in nothing else for the same; and with each the number
    /// to try next when it comes again.
    names: HashMap<String, u32>,
}

impl<W: Write> MarkdownArchive<W> {
    /// Begins the archive.
    pub fn new(to: W) -> Self {
        Self {
            zip: ZipWriter::new_stream(to),
            names: HashMap::new(),
        }
    }

    /// Adds a conversation: the path through it that is shown.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn conversation(&mut self, conversation: &Conversation) -> io::Result<()> {
        let name = self.unused(&file_name(&conversation.title));
        let mut options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        if let Some(changed) = date_time(conversation.updated_ms) {
            options = options.last_modified_time(changed);
        }
        self.zip.start_file(name, options)?;
        self.zip.write_all(markdown(conversation).as_bytes())
    }

    /// Ends the archive and gives back what it was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        Ok(self.zip.finish()?.into_inner())
    }

    fn unused(&mut self, name: &str) -> String {
        let wanted = name.to_lowercase();
        let Some(&first) = self.names.get(&wanted) else {
            self.names.insert(wanted, 2);
            return format!("{name}.md");
        };
        let mut number = first;
        let numbered = loop {
            let candidate = format!("{name} ({number})");
            number += 1;
            if !self.names.contains_key(&candidate.to_lowercase()) {
                break candidate;
            }
        };
        self.names.insert(wanted, number);
        self.names.insert(numbered.to_lowercase(), 2);
        format!("{numbered}.md")
    }
}

/// The time as archives keep it, in UTC; none where they cannot.
fn date_time(ms: i64) -> Option<DateTime> {
    let time = Timestamp::from_millisecond(ms).ok()?;
    let time = Offset::UTC.to_datetime(time);
    DateTime::from_date_and_time(
        u16::try_from(time.year()).ok()?,
        u8::try_from(time.month()).ok()?,
        u8::try_from(time.day()).ok()?,
        u8::try_from(time.hour()).ok()?,
        u8::try_from(time.minute()).ok()?,
        u8::try_from(time.second()).ok()?,
    )
    .ok()
}
