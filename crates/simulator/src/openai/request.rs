//! Reading a chat-completions request.

use serde_json::Value;

use crate::conversation::{Role, Turn};
use crate::problem::Problem;
use crate::request::{Draft, Fields, unreadable};
use crate::sight::images;

/// The request in its fields.
///
/// # Errors
/// It misses something.
pub(crate) fn draft(fields: &Fields) -> Result<Draft, Problem> {
    let messages = fields.list("messages")?;
    let model = fields
        .text("model")
        .ok_or_else(|| Problem::bad_request("You must provide a model.").with_param("model"))?;
    let messages = messages.ok_or_else(|| {
        Problem::bad_request("You must provide at least one message.").with_param("messages")
    })?;
    let limit = fields.get("max_completion_tokens").as_u64();
    Ok(Draft {
        model: model.to_owned(),
        turns: messages.iter().map(turn).collect::<Result<_, _>>()?,
        stream: fields.get("stream").as_bool().unwrap_or(false),
        include_usage: fields.get("stream_options")["include_usage"]
            .as_bool()
            .unwrap_or(false),
        limit: limit.or_else(|| fields.get("max_tokens").as_u64()),
        has_tools: fields.has_tools(),
        parameters: fields.parameters(""),
        simulate: fields.script()?,
        ..Draft::default()
    })
}

/// A message with a role and a content.
pub(crate) fn turn(message: &Value) -> Result<Turn, Problem> {
    let role = message["role"].as_str().map(Role::named);
    let role = role.ok_or_else(|| unreadable("a message must have a role"))?;
    Ok(Turn {
        role,
        text: role.text_of(&message["content"]),
        images: images(message),
    })
}
