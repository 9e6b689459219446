//! What a model is shown of messages and of the files sent with them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use gateway::{ChatMessage, Image, Part};
use protocol::{Attachment, Message, Problem, ProblemKind, Role};
use store::{Error, StoredFile};

use crate::{Engine, problem};

/// The most files of one message.
pub(crate) const MOST_FILES: usize = 20;

/// The longest name of a file, in bytes.
const LONGEST_NAME: usize = 255;

/// The most bytes of files in one request to a model, those of earlier messages
/// included: providers take little more, and each running answer holds them in
/// memory.
const SENT_LIMIT: u64 = 20 << 20;

/// A file and its bytes.
pub(crate) struct Loaded {
    pub(crate) file: Attachment,
    bytes: Vec<u8>,
}

/// Whether the files of a message are named and counted as they may be.
pub(crate) fn check(files: &[Attachment]) -> Result<(), Problem> {
    if files.len() > MOST_FILES {
        return Err(bad(format!(
            "A message can have at most {MOST_FILES} files."
        )));
    }
    let is_fit = |name: &str| {
        !name.trim().is_empty() && name.len() <= LONGEST_NAME && !name.contains(char::is_control)
    };
    match files.iter().all(|file| is_fit(&file.name)) {
        true => Ok(()),
        false => Err(bad(format!(
            "A file's name has 1 to {LONGEST_NAME} bytes, none of them a control character."
        ))),
    }
}

impl Engine {
    /// The files of a new message, under the names that they are sent with. All
    /// else is told by the store.
    ///
    /// # Errors
    /// `bad_request` where the store has no such file, `too_large` where they
    /// are more than a model is sent.
    pub(crate) async fn load(&self, files: &[Attachment]) -> Result<Vec<Loaded>, Problem> {
        let mut loaded = Vec::with_capacity(files.len());
        let mut left = SENT_LIMIT;
        for file in files {
            let found = self.shared.store.attachment(&file.hash).await;
            let stored = found.map_err(|error| match error {
                Error::NotFound(_) => {
                    bad(format!("The file \"{}\" is not here any more.", file.name))
                        .advice("Attach it again.")
                }
                error @ Error::Unavailable(_) => problem::of_store(&error),
            })?;
            let bytes = stored.bytes;
            left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
                let most = SENT_LIMIT >> 20;
                let message = format!("The files have more than {most} MB together.");
                Problem::new(ProblemKind::TooLarge, message)
                    .advice("Remove one, or send them one after another.")
            })?;
            loaded.push(Loaded {
                file: Attachment {
                    name: file.name.clone(),
                    ..stored.attachment
                },
                bytes,
            });
        }
        Ok(loaded)
    }

    /// What was said up to now, for a model that sees images or (`blind`) is
    /// known not to. Of files, the latest are sent again; where they are too
    /// many or gone, their names stand for them, and so for images in answers,
    /// which no provider takes back.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(crate) async fn history(
        &self,
        messages: &[Message],
        blind: bool,
        new: &[Loaded],
    ) -> Result<Vec<ChatMessage>, Problem> {
        let new: usize = new.iter().map(|it| it.bytes.len()).sum();
        let mut left = SENT_LIMIT.saturating_sub(new as u64);
        let mut said = Vec::with_capacity(messages.len());
        for message in messages.iter().rev() {
            let mut parts = Vec::new();
            for file in &message.attachments {
                let is_unseen = blind || message.role == Role::Assistant;
                let is_left_out = (is_unseen && file.is_image()) || file.bytes > left;
                let found = match is_left_out {
                    true => None,
                    false => match self.shared.store.attachment(&file.hash).await {
                        Ok(StoredFile { bytes, .. }) => Some(bytes),
                        Err(Error::NotFound(_)) => None,
                        Err(error) => return Err(problem::of_store(&error)),
                    },
                };
                parts.push(match found {
                    Some(bytes) => {
                        left = left.saturating_sub(bytes.len() as u64);
                        part(file, &bytes)
                    }
                    None => Part::Text(stand_in(file)),
                });
            }
            said.extend(chat_message(message, parts));
        }
        said.reverse();
        Ok(said)
    }
}

/// A new message of a person's, behind its files.
pub(crate) fn question(text: String, files: &[Loaded]) -> ChatMessage {
    let files = files.iter().map(|it| part(&it.file, &it.bytes));
    let text = (!text.trim().is_empty()).then_some(Part::Text(text));
    ChatMessage {
        role: Role::User,
        parts: files.chain(text).collect(),
    }
}

/// A message behind these parts. An answer that failed before its first word is
/// nothing a model could read; most refuse empty messages.
fn chat_message(message: &Message, mut parts: Vec<Part>) -> Option<ChatMessage> {
    if !message.text.is_empty() {
        parts.push(Part::Text(message.text.clone()));
    }
    (!parts.is_empty()).then_some(ChatMessage {
        role: message.role,
        parts,
    })
}

fn part(file: &Attachment, bytes: &[u8]) -> Part {
    match file.is_image() {
        true => Part::Image(Image::Data {
            media_type: file.media_type.clone(),
            base64: BASE64_STANDARD.encode(bytes),
        }),
        false => Part::Text(fenced(&file.name, &String::from_utf8_lossy(bytes))),
    }
}

/// A text file between fences that are longer than any in it, so that nothing
/// in it can pass for what the person says.
fn fenced(name: &str, content: &str) -> String {
    let runs = content.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    let end = match content.ends_with('\n') {
        true => "",
        false => "\n",
    };
    let name = name.replace('"', "'");
    format!("File \"{name}\":\n{fence}\n{content}{end}{fence}")
}

fn stand_in(file: &Attachment) -> String {
    let kind = match file.is_image() {
        true => "image",
        false => "file",
    };
    format!("[{kind}: {}]", file.name)
}

fn bad(message: String) -> Problem {
    Problem::new(ProblemKind::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cannot_close_its_fence() {
        for (content, expected) in [
            ("a", "File \"n\":\n```\na\n```"),
            ("a\n", "File \"n\":\n```\na\n```"),
            ("", "File \"n\":\n```\n\n```"),
            ("```\nx\n````\n", "File \"n\":\n`````\n```\nx\n````\n`````"),
        ] {
            assert_eq!(fenced("n", content), expected);
        }
        assert!(fenced("a\": \"b", "").starts_with("File \"a': 'b\":\n"));
    }
}
