//! Reading a request for content.

use serde_json::Value;

use crate::conversation::{Role, Turn};
use crate::problem::Problem;
use crate::request::{Draft, Fields};
use crate::sight::images;

/// The request in its fields, without what its path says.
///
/// # Errors
/// It misses something.
pub(super) fn draft(fields: &Fields) -> Result<Draft, Problem> {
    let contents = fields.list("contents")?.ok_or_else(|| {
        Problem::bad_request("* GenerateContentRequest.contents: contents is not specified\n")
    })?;
    let mut turns = Vec::new();
    for name in ["systemInstruction", "system_instruction"] {
        let system = text_of(&fields.get(name)["parts"], "\n");
        if !system.is_empty() {
            turns.push(Turn::new(Role::System, system));
        }
    }
    for content in contents {
        turns.push(turn(content)?);
    }
    let limit = fields.get("generationConfig")["maxOutputTokens"].as_u64();
    Ok(Draft {
        turns,
        limit,
        has_tools: fields.has_tools(),
        parameters: fields.parameters("generationConfig"),
        simulate: fields.script()?,
        ..Draft::default()
    })
}

/// A content; without a role it is the user's. One of the user with nothing but
/// what functions gave is a tool's.
fn turn(content: &Value) -> Result<Turn, Problem> {
    let role = match content["role"].as_str() {
        None | Some("" | "user") => Role::User,
        Some("model") => Role::Assistant,
        Some("function") => Role::Tool,
        Some(_) => {
            return Err(Problem::bad_request(
                "Please use a valid role: user, model.",
            ));
        }
    };
    let parts = &content["parts"];
    let only_results = parts.as_array().is_some_and(|parts| {
        !parts.is_empty()
            && parts
                .iter()
                .all(|part| part["functionResponse"].is_object())
    });
    let role = if role == Role::User && only_results {
        Role::Tool
    } else {
        role
    };
    let glue = if role == Role::Assistant { "" } else { "\n" };
    Ok(Turn {
        role,
        text: text_of(parts, glue),
        images: images(content),
    })
}

/// The text of parts, thoughts aside; what a function gave as JSON.
fn text_of(parts: &Value, glue: &str) -> String {
    let parts = parts.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = parts.iter().filter_map(|part| {
        if part["thought"] == true {
            return None;
        }
        let result = &part["functionResponse"]["response"];
        let text = part["text"].as_str().map(str::to_owned);
        text.or_else(|| (!result.is_null()).then(|| result.to_string()))
    });
    texts.collect::<Vec<_>>().join(glue)
}
