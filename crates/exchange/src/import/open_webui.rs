//! Open WebUI's export: a list of chats, each with a `history` of messages.

mod details;
mod message;

use protocol::Settings;
use serde_json::{Map, Value};

use super::draft::{Draft, Node};
use super::links::Links;
use super::{Import, sane};

/// Reads a conversation.
pub(super) fn conversation(import: &mut Import, value: &Value) {
    let chat = value
        .get("chat")
        .filter(|it| it.is_object())
        .unwrap_or(value);
    let now_ms = import.now_ms;
    let either = |name: &str| value.get(name).or_else(|| chat.get(name));
    let time = |name: &str| either(name).and_then(|it| sane::moment(it, now_ms));
    let yes = |name: &str| either(name).and_then(Value::as_bool) == Some(true);
    let title = either("title").and_then(Value::as_str).unwrap_or_default();
    let mut draft = Draft {
        title: title.to_owned(),
        created_ms: time("created_at").or_else(|| time("timestamp")),
        updated_ms: time("updated_at"),
        pinned: yes("pinned"),
        archived: yes("archived"),
        folder: either("folder_id").and_then(|it| folder(import, it)),
        ..Draft::default()
    };
    draft.settings.ask = settings(chat);
    let tags = value.get("meta").and_then(|it| it.get("tags"));
    let tags = tags.or_else(|| chat.get("tags")).and_then(Value::as_array);
    import.notes.tagged += usize::from(tags.is_some_and(|it| !it.is_empty()));
    let called = import.called(title);
    let history = chat.get("history");
    let current = history.and_then(|it| it.get("currentId"));
    draft.current = current.and_then(Value::as_str).map(ToOwned::to_owned);
    let messages = history.and_then(|it| it.get("messages"));
    match messages
        .and_then(Value::as_object)
        .filter(|it| !it.is_empty())
    {
        Some(messages) => tree(import, &called, messages, &mut draft),
        None => list(import, &called, chat.get("messages"), &mut draft),
    }
    import.keep(draft);
}

/// The messages of the history, by id.
fn tree(import: &mut Import, called: &str, messages: &Map<String, Value>, draft: &mut Draft) {
    let links = Links::of(messages, "parentId", "childrenIds");
    for (key, value) in messages {
        let (parent, rank) = links.of_node(key);
        let content = message::read(import, called, value, draft);
        draft.nodes.push(Node {
            key: key.clone(),
            parent: parent.map(ToOwned::to_owned),
            rank,
            content,
        });
    }
}

/// The messages of a chat that has no history: one after the other.
fn list(import: &mut Import, called: &str, messages: Option<&Value>, draft: &mut Draft) {
    let messages = messages.and_then(Value::as_array);
    for (number, value) in messages.into_iter().flatten().enumerate() {
        let content = message::read(import, called, value, draft);
        draft.nodes.push(Node {
            key: number.to_string(),
            parent: number.checked_sub(1).map(|before| before.to_string()),
            rank: 0,
            content,
        });
    }
}

/// Settings of the chat that we have too.
fn settings(chat: &Value) -> Settings {
    let parameters = chat.get("params");
    let number = |name: &str| parameters?.get(name)?.as_f64();
    let system = parameters.and_then(|it| it.get("system"));
    let system = system
        .or_else(|| chat.get("system"))
        .and_then(Value::as_str);
    let mut settings = Settings {
        system: system.map(ToOwned::to_owned),
        temperature: number("temperature").map(|it| it as f32),
        top_p: number("top_p").map(|it| it as f32),
        max_tokens: number("max_tokens")
            .filter(|it| *it >= 1.0)
            .map(|it| it as u32),
        ..Settings::default()
    };
    match parameters.and_then(|it| it.get("stop")) {
        Some(Value::Array(phrases)) => {
            let phrases = phrases.iter().filter_map(Value::as_str);
            settings.stop = phrases.map(ToOwned::to_owned).collect();
        }
        Some(Value::String(phrases)) => {
            settings.stop = phrases.split(',').map(|it| it.trim().to_owned()).collect();
        }
        _ => {}
    }
    settings
}

/// A name for the folder, of which the file has the id alone.
fn folder(import: &mut Import, id: &Value) -> Option<String> {
    let id = id.as_str().filter(|it| !it.is_empty())?;
    let folders = &mut import.notes.folders;
    let known = folders.iter().position(|it| it == id);
    let number = known.unwrap_or_else(|| {
        folders.push(id.to_owned());
        folders.len() - 1
    });
    Some(format!("Folder {}", number + 1))
}
