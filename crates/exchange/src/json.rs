//! Writing our JSON file; `docs/export_format.md` describes it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use protocol::{Attachment, Conversation, Preset};

use crate::{FORMAT, VERSION};

/// Writes the file piece by piece, so that no more than one conversation and
/// one attachment need to be in memory: first [`JsonWriter::conversation`] for
/// each, then [`JsonWriter::attachment`] for each of
/// [`JsonWriter::attachments`], then [`JsonWriter::finish`]. What is not
/// finished is no whole file, and imports as one that broke off.
#[derive(Debug)]
pub struct JsonWriter<W> {
    to: W,
    begun: Part,
    /// The attachments that the conversations mention, by hash.
    mentioned: BTreeMap<String, Attachment>,
    written: BTreeSet<String>,
}

/// How far the file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The list of conversations is open and empty.
    Begun,
    /// It has some.
    Conversations,
    /// The attachments are open.
    Attachments,
}

impl<W: Write> JsonWriter<W> {
    /// Begins the file: when it is made, in milliseconds since the Unix epoch,
    /// and the presets that go with it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(mut to: W, exported_ms: i64, presets: &[Preset]) -> io::Result<Self> {
        let presets = serde_json::to_string(presets)?;
        write!(
            to,
            "{{\"format\":\"{FORMAT}\",\"version\":{VERSION},\"exported_ms\":{exported_ms},\n\
             \"presets\":{presets},\n\"conversations\":["
        )?;
        Ok(Self {
            to,
            begun: Part::Begun,
            mentioned: BTreeMap::new(),
            written: BTreeSet::new(),
        })
    }

    /// Writes one conversation with all its versions.
    ///
    /// # Errors
    /// When it cannot be written, or attachments were written already.
    pub fn conversation(&mut self, conversation: &Conversation) -> io::Result<()> {
        self.to.write_all(match self.begun {
            Part::Begun => b"\n",
            Part::Conversations => b",\n",
            Part::Attachments => {
                return Err(io::Error::other(
                    "conversations come before attachments in this file",
                ));
            }
        })?;
        self.begun = Part::Conversations;
        serde_json::to_writer(&mut self.to, conversation)?;
        let attachments = conversation.messages.iter().flat_map(|it| &it.attachments);
        for attachment in attachments {
            if !self.mentioned.contains_key(&attachment.hash) {
                let hash = attachment.hash.clone();
                self.mentioned.insert(hash, attachment.clone());
            }
        }
        Ok(())
    }

    /// The attachments whose bytes the conversations written so far need, each
    /// once.
    #[must_use]
    pub fn attachments(&self) -> Vec<Attachment> {
        self.mentioned.values().cloned().collect()
    }

    /// Writes the bytes of an attachment. Those without bytes are left out:
    /// an import then says so.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn attachment(&mut self, attachment: &Attachment, bytes: &[u8]) -> io::Result<()> {
        if !self.written.insert(attachment.hash.clone()) {
            return Ok(());
        }
        self.to.write_all(match self.begun {
            Part::Attachments => b",\n",
            Part::Begun | Part::Conversations => b"],\n\"attachments\":{\n",
        })?;
        self.begun = Part::Attachments;
        write!(
            self.to,
            "{}:{{\"media_type\":{},\"name\":{},\"data\":\"{}\"}}",
            serde_json::to_string(&attachment.hash)?,
            serde_json::to_string(&attachment.media_type)?,
            serde_json::to_string(&attachment.name)?,
            Base64Display::new(bytes, &STANDARD),
        )
    }

    /// Ends the file and gives back what it was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.to.write_all(match self.begun {
            Part::Attachments => b"}}\n",
            Part::Begun | Part::Conversations => b"],\n\"attachments\":{}}\n",
        })?;
        self.to.flush()?;
        Ok(self.to)
    }
}
