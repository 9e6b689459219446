//! What the messages of ChatGPT's export say.

use protocol::{Attachment, MessageState, Role, ToolCall};
use serde_json::Value;

use super::Losses;
use crate::import::draft::{Content, Draft, interrupted, paragraph};
use crate::import::files::file_id;
use crate::import::{Import, sane};

/// The message, where it is one that a person was shown; what only the model
/// saw, and what tools answered, is passed over.
pub(super) fn read(
    import: &mut Import,
    message: &Value,
    draft: &mut Draft,
    losses: &mut Losses,
) -> Option<Content> {
    let content = message.get("content")?;
    let metadata = message.get("metadata").unwrap_or(&Value::Null);
    let kind = content.get("content_type").and_then(Value::as_str);
    let kind = kind.unwrap_or("text");
    if kind == "user_editable_context" {
        instructions(content, metadata, draft);
        return None;
    }
    if metadata.get("is_visually_hidden_from_conversation") == Some(&Value::Bool(true)) {
        return None;
    }
    let author = message.get("author").and_then(|it| it.get("role"));
    let (role, tool) = match author.and_then(Value::as_str)? {
        "user" => (Role::User, false),
        "assistant" => (Role::Assistant, false),
        // Images that a tool made belong to the answer.
        "tool" => (Role::Assistant, true),
        _ => return None,
    };
    let mut said = Content::new(role);
    let time = message.get("create_time");
    said.created_ms = time.and_then(|it| sane::moment(it, import.now_ms));
    let mut files = Files {
        import,
        metadata,
        losses,
        taken: Vec::new(),
    };
    if tool {
        pointers(content, &mut files);
        drawn(metadata, &mut files);
        said.attachments = files.taken;
        return Some(said);
    }
    let recipient = message.get("recipient").and_then(Value::as_str);
    let recipient = recipient.filter(|it| !matches!(*it, "all" | ""));
    let text = match kind {
        "thoughts" => {
            said.thinking = thoughts(content);
            String::new()
        }
        // A line about how long it thought, and what the model remembers.
        "reasoning_recap" | "model_editable_context" | "system_error" => String::new(),
        "tether_browsing_display" | "tether_quote" | "execution_output" => String::new(),
        "code" if recipient.is_none() => fenced(content),
        _ => parts(content, &mut files, kind),
    };
    uploads(&mut files);
    said.attachments = files.taken;
    let channel = message.get("channel").and_then(Value::as_str);
    match recipient {
        Some(name) if role == Role::Assistant => {
            if !text.is_empty() {
                let id = message.get("id").and_then(Value::as_str);
                said.tools.push(ToolCall {
                    index: 0,
                    id: id.unwrap_or_default().to_owned(),
                    name: sane::line(name, 80),
                    arguments: text,
                });
            }
        }
        _ if channel == Some("analysis") => said.thinking = text,
        _ => said.text = with_references(text, metadata),
    }
    if role == Role::Assistant {
        let model = metadata.get("model_slug").and_then(Value::as_str);
        said.model = model.and_then(sane::model).map(|it| format!("openai/{it}"));
        state(message, metadata, &mut said);
    }
    Some(said)
}

/// Custom instructions are to ChatGPT what a system prompt is here.
fn instructions(content: &Value, metadata: &Value, draft: &mut Draft) {
    let typed = metadata.get("user_context_message_data");
    let part = |plain: &str, wrapped: &str| {
        let plain = typed.and_then(|it| it.get(plain));
        let text = plain.or_else(|| content.get(wrapped));
        text.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut system = part("about_user_message", "user_profile");
    paragraph(
        &mut system,
        &part("about_model_message", "user_instructions"),
    );
    if !system.trim().is_empty() {
        draft.settings.ask.system = Some(system);
    }
}

/// How the answer stands.
fn state(message: &Value, metadata: &Value, said: &mut Content) {
    let ended = metadata.get("finish_details").and_then(|it| it.get("type"));
    match ended.and_then(Value::as_str) {
        Some("interrupted") => said.state = MessageState::Stopped,
        Some("max_tokens") => said.reason = Some("length".to_owned()),
        _ => {}
    }
    if message.get("status").and_then(Value::as_str) == Some("in_progress")
        && said.state == MessageState::Finished
    {
        said.state = MessageState::Interrupted;
        said.reason = Some("interrupted".to_owned());
        said.problem = Some(interrupted());
    }
}

fn thoughts(content: &Value) -> String {
    let mut thinking = String::new();
    let thoughts = content.get("thoughts").and_then(Value::as_array);
    for thought in thoughts.into_iter().flatten() {
        let part = |name| thought.get(name).and_then(Value::as_str);
        if let Some(summary) = part("summary").filter(|it| !it.trim().is_empty()) {
            paragraph(&mut thinking, &format!("**{}**", summary.trim()));
        }
        paragraph(&mut thinking, part("content").unwrap_or_default());
    }
    thinking
}

/// Code that is part of the answer.
fn fenced(content: &Value) -> String {
    let code = content.get("text").and_then(Value::as_str);
    let code = code.unwrap_or_default().trim_end();
    let language = content.get("language").and_then(Value::as_str);
    let language = language.filter(|it| *it != "unknown").unwrap_or_default();
    let language = sane::line(language, 40).replace(['`', ' '], "");
    let longest = code.split(|it| it != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or_default().max(2) + 1);
    match code {
        "" => String::new(),
        code => format!("{fence}{language}\n{code}\n{fence}"),
    }
}

/// The text of content that is made of parts, or has one text.
fn parts(content: &Value, files: &mut Files, kind: &str) -> String {
    if let Some(text) = content.as_str() {
        return text.to_owned();
    }
    let mut lines: Vec<&str> = Vec::new();
    let parts = content.get("parts").and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        let text = part.get("text").and_then(Value::as_str);
        if let Some(text) = part.as_str().or(text) {
            if !text.is_empty() {
                lines.push(text);
            }
        } else if !files.pointer(part) && !part.is_null() {
            let kind = part.get("content_type").and_then(Value::as_str);
            files.unknown(kind.unwrap_or("unknown"));
        }
    }
    if parts.is_none() {
        match content.get("text").and_then(Value::as_str) {
            Some(text) => lines.push(text),
            None => files.unknown(kind),
        }
    }
    lines.join("\n")
}

/// Replaces the marks of citations by the links that ChatGPT shows for them,
/// and removes those it shows nothing for.
fn with_references(mut text: String, metadata: &Value) -> String {
    const BEGIN: char = '\u{e200}';
    const END: char = '\u{e201}';
    if !text.contains(BEGIN) {
        return text;
    }
    let references = metadata.get("content_references").and_then(Value::as_array);
    for reference in references.into_iter().flatten().take(1_000) {
        let part = |name| reference.get(name).and_then(Value::as_str);
        if let (Some(mark), Some(shown)) = (part("matched_text"), part("alt"))
            && mark.starts_with(BEGIN)
        {
            text = text.replacen(mark, shown, 1);
        }
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, mark)) = rest.split_once(BEGIN) {
        plain.push_str(before);
        rest = mark.split_once(END).map_or(mark, |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

/// The images of a tool's answer.
fn pointers(content: &Value, files: &mut Files) {
    let parts = content.get("parts").and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        files.pointer(part);
    }
}

/// The figures that code drew.
fn drawn(metadata: &Value, files: &mut Files) {
    let result = metadata.get("aggregate_result");
    let messages = result.and_then(|it| it.get("messages"));
    for message in messages.and_then(Value::as_array).into_iter().flatten() {
        if let Some(url) = message.get("image_url").and_then(Value::as_str) {
            files.take(url);
        }
    }
}

/// The files that a person sent along.
fn uploads(files: &mut Files) {
    let uploads = files.metadata.get("attachments").and_then(Value::as_array);
    for upload in uploads.into_iter().flatten() {
        if let Some(id) = upload.get("id").and_then(Value::as_str) {
            files.take(id);
        }
    }
}

/// The files of one message.
struct Files<'a, 'b> {
    import: &'a mut Import<'b>,
    metadata: &'a Value,
    losses: &'a mut Losses,
    taken: Vec<Attachment>,
}

impl Files<'_, '_> {
    /// Takes the file that a part points to; whether it points to any.
    fn pointer(&mut self, part: &Value) -> bool {
        let kind = part.get("content_type").and_then(Value::as_str);
        let pointer = |part: &Value| {
            let pointer = part.get("asset_pointer")?.as_str()?;
            Some(pointer.to_owned())
        };
        match kind.unwrap_or_default() {
            "image_asset_pointer" | "image" => {
                if let Some(pointer) = pointer(part) {
                    self.take(&pointer);
                }
                true
            }
            // What was said is there as text.
            "audio_asset_pointer"
            | "real_time_user_audio_video_asset_pointer"
            | "video_container_asset_pointer" => true,
            _ => false,
        }
    }

    fn unknown(&mut self, kind: &str) {
        *self.losses.kinds.entry(kind.to_owned()).or_default() += 1;
    }

    fn take(&mut self, pointer: &str) {
        let called = self.called(pointer);
        let id = file_id(pointer).unwrap_or(pointer).to_owned();
        if let Some(kept) = self.import.assets.get(&id) {
            if !self.taken.contains(kept) {
                self.taken.push(kept.clone());
            }
            return;
        }
        let found = match self.import.archive.as_mut() {
            Some(archive) => archive.asset(pointer),
            None => None,
        };
        let Some((name, bytes)) = found else {
            let called = called.unwrap_or(id);
            self.losses.missing.insert(called);
            return;
        };
        let name = called.unwrap_or(name);
        let kept = bytes.and_then(|bytes| self.import.attach(&name, bytes));
        match kept {
            Ok(kept) => {
                if !self.taken.contains(&kept) {
                    self.taken.push(kept.clone());
                }
                self.import.assets.insert(id, kept);
            }
            Err(why) => {
                let why = why.trim_end_matches('.').to_owned();
                self.losses.refused.insert((name, why));
            }
        }
    }

    /// The name that the file had when it was sent.
    fn called(&self, pointer: &str) -> Option<String> {
        let id = file_id(pointer)?;
        let uploads = self.metadata.get("attachments")?.as_array()?;
        let upload = uploads
            .iter()
            .find(|it| it.get("id").and_then(Value::as_str) == Some(id))?;
        Some(upload.get("name")?.as_str()?.to_owned())
    }
}
