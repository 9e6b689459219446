//! Reading a Responses request.

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
    let model = fields
        .text("model")
        .ok_or_else(|| Problem::bad_request("You must provide a model.").with_param("model"))?;
    let mut turns = Vec::new();
    if let Some(instructions) = fields.text("instructions") {
        turns.push(Turn::new(Role::System, instructions));
    }
    let before = turns.len();
    if let Some(text) = fields.get("input").as_str() {
        turns.push(Turn::new(Role::User, text));
    } else {
        for item in fields.list("input")?.unwrap_or_default() {
            turns.extend(turn(item)?);
        }
    }
    if turns.len() == before {
        return Err(Problem::bad_request("You must provide an input.").with_param("input"));
    }
    Ok(Draft {
        model: model.to_owned(),
        turns,
        stream: fields.get("stream").as_bool().unwrap_or(false),
        limit: fields.get("max_output_tokens").as_u64(),
        has_tools: fields.has_tools(),
        parameters: fields.parameters(""),
        simulate: fields.script()?,
        ..Draft::default()
    })
}

/// An item of the input; `None` for one that says nothing.
fn turn(item: &Value) -> Result<Option<Turn>, Problem> {
    let (role, text) = match item["type"].as_str() {
        None | Some("message") => return openai::turn(item).map(Some),
        Some("function_call") => (Role::Assistant, String::new()),
        Some("function_call_output") => (Role::Tool, Role::Tool.text_of(&item["output"])),
        Some(_) => return Ok(None),
    };
    Ok(Some(Turn::new(role, text)))
}
