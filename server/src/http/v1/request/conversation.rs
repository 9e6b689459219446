//! The messages of a request in the gateway's words.

use std::collections::HashMap;

use gateway::{ChatMessage, Image, Part};
use protocol::Role;

use super::{
    ApiError,
    wire::{Content, ImageUrl, Message, WirePart},
};

/// The system prompt, of however many messages, and the rest.
pub(super) fn conversation(
    messages: Vec<Message>,
) -> Result<(Option<String>, Vec<ChatMessage>), ApiError> {
    let mut system: Option<String> = None;
    let mut said = Vec::new();
    // The tools that were called, by the ids of the calls.
    let mut called: HashMap<String, String> = HashMap::new();
    for message in messages {
        match message.role.as_str() {
            "system" | "developer" => {
                let text = plain(message.content)?;
                system = Some(match system {
                    None => text,
                    Some(before) => format!("{before}\n\n{text}"),
                });
            }
            "user" => said.push(ChatMessage {
                role: Role::User,
                parts: parts(message.content)?,
            }),
            "assistant" => {
                let mut parts = parts(message.content)?;
                let calls = message.tool_calls.unwrap_or_default();
                parts.extend(calls.into_iter().map(|call| {
                    let function = call.function;
                    called.insert(call.id.clone(), function.name.clone());
                    Part::ToolCall {
                        id: call.id,
                        name: function.name,
                        arguments: function.arguments.unwrap_or_default(),
                        signature: None,
                    }
                }));
                said.push(ChatMessage {
                    role: Role::Assistant,
                    parts,
                });
            }
            "tool" => {
                let id = message.tool_call_id.ok_or_else(|| {
                    ApiError::parameter("messages", "A tool's message needs a tool_call_id.")
                })?;
                let name = message.name.or_else(|| called.get(&id).cloned());
                said.push(ChatMessage {
                    role: Role::User,
                    parts: vec![Part::ToolResult {
                        id,
                        name,
                        content: plain(message.content)?,
                        is_error: false,
                    }],
                });
            }
            other => {
                let message = format!("There is no role \"{other}\".");
                return Err(ApiError::parameter("messages", message));
            }
        }
    }
    if said.is_empty() {
        return Err(ApiError::parameter(
            "messages",
            "There must be a message that is not the system's.",
        ));
    }
    Ok((system, said))
}

fn plain(content: Option<Content>) -> Result<String, ApiError> {
    let texts = parts(content)?.into_iter().map(|part| match part {
        Part::Text(text) => Ok(text),
        _ => Err(ApiError::parameter(
            "messages",
            "Only a person's message can have images.",
        )),
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn parts(content: Option<Content>) -> Result<Vec<Part>, ApiError> {
    let part = |part: WirePart| match (part.r#type.as_str(), part.text, part.image_url) {
        ("text", Some(text), _) => Ok(Part::Text(text)),
        ("refusal", _, _) => Ok(Part::Text(part.refusal.unwrap_or_default())),
        ("image_url", _, Some(ImageUrl::Object { url } | ImageUrl::Plain(url))) => {
            Ok(Part::Image(image(url)))
        }
        (other, ..) => Err(ApiError::parameter(
            "messages",
            format!("Content of the type \"{other}\" is not taken: only text and image_url are."),
        )),
    };
    match content {
        None => Ok(Vec::new()),
        Some(Content::Text(text)) => Ok(vec![Part::Text(text)]),
        Some(Content::Parts(parts)) => parts.into_iter().map(part).collect(),
    }
}

/// An image by its address, which may hold the image itself (RFC 2397).
fn image(url: String) -> Image {
    let held = url.strip_prefix("data:").and_then(|rest| {
        let (described, base64) = rest.split_once(";base64,")?;
        Some((media_type(described), base64.to_owned()))
    });
    match held {
        Some((media_type, base64)) => Image::Data { media_type, base64 },
        None => Image::Url(url),
    }
}

/// The media type without parameters, which providers do not take, and by its
/// right name.
fn media_type(described: &str) -> String {
    let media_type = described.split(';').next().unwrap_or_default();
    match media_type.trim().to_ascii_lowercase() {
        it if it == "image/jpg" => "image/jpeg".to_owned(),
        it => it,
    }
}
