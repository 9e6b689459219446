//! Reading a Messages request.

use serde_json::Value;

use crate::conversation::{Role, Turn};
use crate::openai;
use crate::problem::Problem;
use crate::request::{Draft, Fields};

/// The request in its fields.
///
/// # Errors
/// It misses something.
pub(super) fn draft(fields: &Fields) -> Result<Draft, Problem> {
    let missing = |field: &str| Problem::bad_request(format!("{field}: Field required"));
    let messages = fields.list("messages")?;
    let model = fields.text("model").ok_or_else(|| missing("model"))?;
    let limit = fields.get("max_tokens");
    if limit.is_null() {
        return Err(missing("max_tokens"));
    }
    let limit = limit.as_u64().filter(|limit| *limit > 0).ok_or_else(|| {
        Problem::bad_request("max_tokens: Input should be greater than or equal to 1")
    })?;
    let messages = messages
        .ok_or_else(|| Problem::bad_request("messages: at least one message is required"))?;
    let mut turns = Vec::new();
    let system = Role::System.text_of(fields.get("system"));
    if !system.is_empty() {
        turns.push(Turn::new(Role::System, system));
    }
    for message in messages {
        turns.push(turn(message)?);
    }
    Ok(Draft {
        model: model.to_owned(),
        turns,
        stream: fields.get("stream").as_bool().unwrap_or(false),
        limit: Some(limit),
        has_tools: fields.has_tools(),
        parameters: fields.parameters(""),
        simulate: fields.script()?,
        ..Draft::default()
    })
}

/// A message. One of the user with nothing but the results of tools is a tool's.
fn turn(message: &Value) -> Result<Turn, Problem> {
    let mut turn = openai::turn(message)?;
    let blocks = message["content"].as_array();
    let only_results = blocks.is_some_and(|blocks| {
        !blocks.is_empty() && blocks.iter().all(|block| block["type"] == "tool_result")
    });
    match turn.role {
        Role::User if only_results => turn.role = Role::Tool,
        Role::User | Role::Assistant => {}
        _ => {
            return Err(Problem::bad_request(
                "messages: Unexpected role. The Messages API accepts the roles \"user\" and \
                 \"assistant\", and a top-level `system` parameter.",
            ));
        }
    }
    Ok(turn)
}
