//! One message of Open WebUI's.

use protocol::{MessageState, Problem, ProblemKind, Role, ToolCall};
use serde_json::Value;

use super::details::Details;
use crate::import::draft::{Content, Draft, interrupted, paragraph};
use crate::import::{Import, attachments, sane};

/// The message; the first instructions become the conversation's, where it
/// has none.
pub(super) fn read(
    import: &mut Import,
    called: &str,
    value: &Value,
    draft: &mut Draft,
) -> Option<Content> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let content = value.get("content").unwrap_or(&Value::Null);
    let role = match text("role")? {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => {
            draft
                .settings
                .ask
                .system
                .get_or_insert_with(|| plain(content));
            return None;
        }
        _ => return None,
    };
    let mut said = Content::new(role);
    let time = value.get("timestamp");
    said.created_ms = time.and_then(|it| sane::moment(it, import.now_ms));
    for (name, bytes) in files(value, content) {
        let kept = bytes.and_then(|bytes| import.attach(&name, bytes));
        match kept {
            Ok(kept) => said.attachments.push(kept),
            Err(why) => {
                let name = sane::line(&name, 80);
                import.problem(format!(
                    "{called}: the file “{name}” was left out, because {why}."
                ));
            }
        }
    }
    if role == Role::User {
        said.text = plain(content);
        return Some(said);
    }
    let details = Details::of(&plain(content));
    said.text = details.text;
    said.thinking = details.thinking;
    said.tools = details.tools;
    if let Some(output) = value.get("output").and_then(Value::as_array) {
        add_output(output, &mut said);
    }
    said.model = text("model").and_then(sane::model);
    if let Some(error) = value.get("error").filter(|it| is_error(it)) {
        let message = error.get("content").unwrap_or(error).as_str();
        let message = message.filter(|it| !it.trim().is_empty());
        let message = message.unwrap_or("The answer failed.");
        said.state = MessageState::Failed;
        said.problem = Some(Problem::new(ProblemKind::Internal, message));
    } else if value.get("done") == Some(&Value::Bool(false)) {
        said.state = MessageState::Interrupted;
        said.reason = Some("interrupted".to_owned());
        said.problem = Some(interrupted());
    }
    Some(said)
}

fn is_error(error: &Value) -> bool {
    !matches!(error, Value::Null | Value::Bool(false))
}

/// The text of content that is one, or a list of parts.
fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|it| it.get("text")?.as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// What newer versions keep beside the text: thinking, calls of tools, and
/// the text where `content` has none.
fn add_output(output: &[Value], said: &mut Content) {
    let (no_text, no_thinking) = (said.text.is_empty(), said.thinking.is_empty());
    let no_tools = said.tools.is_empty();
    for item in output {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        match text("type") {
            Some("message") if no_text => {
                let content = item.get("content").unwrap_or(&Value::Null);
                paragraph(&mut said.text, &plain(content));
            }
            Some("reasoning") if no_thinking => {
                for name in ["summary", "content"] {
                    let content = item.get(name).unwrap_or(&Value::Null);
                    paragraph(&mut said.thinking, &plain(content));
                }
            }
            Some("function_call") if no_tools => said.tools.push(ToolCall {
                index: 0,
                id: text("call_id")
                    .or(text("id"))
                    .unwrap_or_default()
                    .to_owned(),
                name: sane::line(text("name").unwrap_or_default(), 80),
                arguments: text("arguments").unwrap_or_default().to_owned(),
            }),
            _ => {}
        }
    }
}

/// The files of the message: their names, and their bytes or why there are
/// none.
fn files(value: &Value, content: &Value) -> Vec<(String, Result<Vec<u8>, String>)> {
    let listed = value.get("files").and_then(Value::as_array);
    let parts = content.as_array().into_iter().flatten();
    let parts = parts.filter(|it| it.get("type").and_then(Value::as_str) == Some("image_url"));
    listed
        .into_iter()
        .flatten()
        .chain(parts)
        .map(file)
        .collect()
}

fn file(file: &Value) -> (String, Result<Vec<u8>, String>) {
    let inner = file.get("file").unwrap_or(&Value::Null);
    let meta = inner.get("meta").unwrap_or(&Value::Null);
    let names = [file.get("name"), inner.get("filename"), meta.get("name")];
    let name = names.into_iter().flatten().find_map(Value::as_str);
    let url = file
        .get("url")
        .or_else(|| file.get("image_url")?.get("url"));
    let image = url
        .and_then(Value::as_str)
        .filter(|it| it.starts_with("data:"));
    if let Some(url) = image {
        let bytes = attachments::data_url(url);
        let bytes = bytes.ok_or_else(|| "its bytes cannot be read".to_owned());
        return (name.unwrap_or("image").to_owned(), bytes);
    }
    // Of documents the export has the text that was taken from them.
    let content = inner.get("data").and_then(|it| it.get("content"));
    let content = content
        .or_else(|| file.get("content"))
        .and_then(Value::as_str);
    let bytes = match content.filter(|it| !it.is_empty()) {
        Some(text) => Ok(text.as_bytes().to_vec()),
        None => Err("the export does not have it".to_owned()),
    };
    let kind = file.get("type").and_then(Value::as_str);
    (name.or(kind).unwrap_or("file").to_owned(), bytes)
}
