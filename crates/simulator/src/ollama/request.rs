//! Reading a chat request.

use crate::openai;
use crate::problem::Problem;
use crate::request::{Draft, Fields};

/// The request in its fields.
///
/// # Errors
/// It misses something.
pub(super) fn draft(fields: &Fields) -> Result<Draft, Problem> {
    let messages = fields.list("messages")?;
    let model = fields.text("model");
    let model = model.ok_or_else(|| Problem::bad_request("model is required"))?;
    let messages = messages.ok_or_else(|| Problem::bad_request("messages are required"))?;
    Ok(Draft {
        model: model.to_owned(),
        turns: messages
            .iter()
            .map(openai::turn)
            .collect::<Result<_, _>>()?,
        stream: fields.get("stream").as_bool().unwrap_or(true),
        // A negative limit is none.
        limit: fields.get("options")["num_predict"].as_u64(),
        has_tools: fields.has_tools(),
        parameters: fields.parameters("options"),
        simulate: fields.script()?,
        ..Draft::default()
    })
}
