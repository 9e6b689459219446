//! Reading files of conversations, ours and other programs'. What a file is
//! shows in its content; its name is not asked for.

mod attachments;
mod chatgpt;
mod draft;
mod files;
mod links;
mod open_webui;
mod rivulet;
mod sane;
mod scan;
mod tidy;
mod tree;

use std::collections::HashMap;

use protocol::{Attachment, Conversation, Preset};
use serde_json::Value;
use uuid::Uuid;

use files::Archive;
use scan::{Part, Parts};

/// The most problems that are listed; how many more there are is said.
const MOST_PROBLEMS: usize = 1_000;

/// How much a file may make us hold. What is beyond is left out and listed.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most bytes that a ZIP may unpack to, all its files together; also
    /// the most text that all conversations together may have.
    pub unpacked_bytes: u64,
    /// The most files in a ZIP.
    pub entries: usize,
    /// The most bytes of one attachment.
    pub attachment_bytes: u64,
}

impl Default for Limits {
    /// More than the export of somebody who chats all day.
    fn default() -> Self {
        Self {
            unpacked_bytes: 1 << 30,
            entries: 50_000,
            attachment_bytes: 20 << 20,
        }
    }
}

/// What a file had in it. Ids are new, also those of turns; parents come
/// before children and older versions before newer ones; nothing is still
/// being written, and nothing is temporary.
#[derive(Debug, Default, PartialEq)]
pub struct Imported {
    /// The conversations, in the file's order.
    pub conversations: Vec<Conversation>,
    /// The files that their messages mention, each once, with their bytes.
    pub attachments: Vec<(Attachment, Vec<u8>)>,
    /// The presets.
    pub presets: Vec<Preset>,
    /// What could not be imported, and why: a sentence each that names the
    /// conversation.
    pub problems: Vec<String>,
}

/// Reads a file of conversations: our JSON, ChatGPT's `conversations.json` or
/// the whole ZIP of its export, Open WebUI's export, or a ZIP with any of them.
/// A file that is half broken gives what can be read.
///
/// `now_ms` is the time in milliseconds since the Unix epoch, used where the
/// file has no sensible one. Each id that `new_id` gives must be greater than
/// those before, as UUIDs of version 7 are: messages of the same millisecond
/// are told apart by their ids.
pub fn read(
    bytes: &[u8],
    now_ms: i64,
    limits: &Limits,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Imported {
    let mut import = Import {
        now_ms,
        limits: *limits,
        left: limits.unpacked_bytes,
        new_id,
        archive: None,
        imported: Imported::default(),
        attachments: HashMap::new(),
        assets: HashMap::new(),
        more_problems: 0,
        seen: 0,
        notes: Notes::default(),
    };
    if files::is_archive(bytes) {
        import.archive(bytes);
    } else if !import.json(bytes) {
        import.problem(
            "This is no file of conversations that can be read here. Those of Rivulet (JSON), \
             ChatGPT (conversations.json or the whole ZIP) and Open WebUI (JSON) can.",
        );
    }
    import.finish()
}

/// An import under way.
struct Import<'a> {
    now_ms: i64,
    limits: Limits,
    /// How many more bytes the conversations may have.
    left: u64,
    new_id: &'a mut dyn FnMut() -> Uuid,
    /// The ZIP that the conversations came in, for the files they mention.
    archive: Option<Archive<'a>>,
    imported: Imported,
    /// Where in `imported.attachments` the file with this hash is.
    attachments: HashMap<String, usize>,
    /// The files taken from the ZIP, by ChatGPT's ids.
    assets: HashMap<String, Attachment>,
    more_problems: usize,
    /// How many conversations the file has had so far, broken ones included.
    seen: usize,
    notes: Notes,
}

/// What is said once for the whole file.
#[derive(Debug, Default)]
struct Notes {
    /// Open WebUI's folders by id, in order of appearance.
    folders: Vec<String>,
    /// How many conversations had tags.
    tagged: usize,
}

impl<'a> Import<'a> {
    fn archive(&mut self, bytes: &'a [u8]) {
        let mut archive = match Archive::open(bytes, &self.limits) {
            Ok(archive) => archive,
            Err(problem) => return self.problem(problem),
        };
        let documents = archive.documents();
        self.archive = Some(archive);
        let mut known = false;
        for index in documents {
            let Some(archive) = self.archive.as_mut().filter(|it| !it.is_spent()) else {
                break;
            };
            match archive.read(index) {
                Ok(document) => known |= self.json(&document),
                Err(problem) => {
                    known = true;
                    self.problem(problem);
                }
            }
        }
        if !known {
            self.problem(
                "This ZIP has no file of conversations that can be read here, such as ChatGPT's \
                 conversations.json.",
            );
        }
    }

    /// Reads a JSON document; whether it is of a kind that we know.
    fn json(&mut self, bytes: &[u8]) -> bool {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let Some(parts) = Parts::of(bytes) else {
            return false;
        };
        if !parts.is_list() {
            let one = Part::whole(bytes);
            return rivulet::file(self, bytes) || self.element(&one);
        }
        let mut parts = parts;
        let (mut count, mut known, mut unknown) = (0, false, Vec::new());
        let mut more_unknown = 0;
        for part in parts.by_ref() {
            count += 1;
            self.seen += 1;
            if self.element(&part) {
                known = true;
            } else if unknown.len() < MOST_PROBLEMS {
                unknown.push(self.seen);
            } else {
                more_unknown += 1;
            }
        }
        if !known {
            self.seen -= count;
            return count == 0 && !parts.broken();
        }
        for number in unknown {
            self.problem(format!(
                "Conversation {number} was not imported: it is not of a kind that is known here."
            ));
        }
        self.more_problems += more_unknown;
        if parts.broken() {
            self.problem(format!(
                "The file breaks off or is damaged after conversation {}: what follows it was \
                 not imported.",
                self.seen
            ));
        }
        true
    }

    /// Reads one conversation of another program's, or one of ours as the API
    /// gives it; whether it is of a kind that we know.
    fn element(&mut self, part: &Part) -> bool {
        let kind = Kind::of(part.json);
        match kind {
            Kind::Unknown => return false,
            Kind::Rivulet => rivulet::conversation(self, part),
            Kind::ChatGpt | Kind::OpenWebUi => {
                let number = self.seen.max(1);
                match part.value::<Value>() {
                    Ok(value) if kind == Kind::ChatGpt => chatgpt::conversation(self, &value),
                    Ok(value) => open_webui::conversation(self, &value),
                    Err(error) => self.problem(format!(
                        "Conversation {number} was not imported: it cannot be read as JSON ({error})."
                    )),
                }
                if part.cut {
                    self.problem(format!(
                        "The file breaks off within conversation {number}: its end is missing."
                    ));
                }
            }
        }
        true
    }

    /// Lists what could not be imported, as a sentence.
    fn problem(&mut self, sentence: impl Into<String>) {
        if self.imported.problems.len() < MOST_PROBLEMS {
            self.imported.problems.push(sentence.into());
        } else {
            self.more_problems += 1;
        }
    }

    fn finish(mut self) -> Imported {
        if !self.notes.folders.is_empty() {
            self.imported.problems.push(
                "Open WebUI's file does not say what folders are called: they were given names \
                 by number."
                    .to_owned(),
            );
        }
        if self.notes.tagged > 0 {
            self.imported.problems.push(format!(
                "The tags of {} were not imported: there are folders instead.",
                counted(self.notes.tagged, "conversation")
            ));
        }
        if self.more_problems > 0 {
            let more = counted(self.more_problems, "more problem");
            self.imported.problems.push(format!("And {more}."));
        }
        self.imported
    }

    /// What problems call the conversation that is being read.
    fn called(&self, title: &str) -> String {
        match sane::title(title) {
            title if title.is_empty() => format!("Conversation {}", self.seen.max(1)),
            title if title.chars().count() <= 60 => format!("“{title}”"),
            title => format!(
                "“{}…”",
                title.chars().take(60).collect::<String>().trim_end()
            ),
        }
    }
}

/// So many of something.
fn counted(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}

/// Whose a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rivulet,
    ChatGpt,
    OpenWebUi,
    Unknown,
}

impl Kind {
    fn of(json: &[u8]) -> Self {
        let Some(parts) = Parts::of(json).filter(|parts| !parts.is_list()) else {
            return Self::Unknown;
        };
        let (mut messages, mut id, mut changed) = (false, false, false);
        for part in parts {
            let object = part.json.first() == Some(&b'{');
            match part.name.as_str() {
                "mapping" if object => return Self::ChatGpt,
                "chat" | "history" if object => return Self::OpenWebUi,
                "messages" => messages = part.json.first() == Some(&b'['),
                "id" => id = true,
                "updated_ms" => changed = true,
                _ => {}
            }
        }
        if messages && id && changed {
            Self::Rivulet
        } else {
            Self::Unknown
        }
    }
}
