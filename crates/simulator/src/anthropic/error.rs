//! Anthropic's errors.

use serde_json::{Value, json};

use crate::problem::{Objection, Problem, shown};

/// The type that goes with a status.
fn kind_of(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 | 504 => "timeout_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

/// The body of an error; within a stream it names no request.
pub(crate) fn error(problem: &Problem, request_id: Option<&str>) -> Value {
    let kind = problem.code.as_deref();
    let mut body = json!({
        "type": "error",
        "error": {
            "type": kind.unwrap_or_else(|| kind_of(problem.status)),
            "message": problem.message,
        },
    });
    if let Some(id) = request_id {
        body["request_id"] = id.into();
    }
    body
}

/// An objection in Anthropic's words.
pub(crate) fn words(objection: &Objection) -> Problem {
    match objection {
        Objection::UnknownModel(model) => Problem::new(404, format!("model: {}", shown(model))),
        Objection::WrongKey(Some(_)) => Problem::new(401, "invalid x-api-key"),
        Objection::WrongKey(None) => Problem::new(401, "x-api-key header is required"),
        Objection::Streaming => {
            Problem::bad_request("stream: Streaming is not supported for this model.")
        }
        Objection::Prefill => Problem::bad_request(
            "This model does not support assistant message prefill. The conversation must end \
             with a user message.",
        ),
        Objection::Parameter(name) => {
            Problem::bad_request(format!("{name}: Extra inputs are not permitted"))
        }
        Objection::TooLong { tokens, limit } => Problem::bad_request(format!(
            "prompt is too long: {tokens} tokens > {limit} maximum"
        )),
        // Said only where there is no answer to say it in.
        Objection::Content => Problem::bad_request("Output blocked by content filtering policy"),
    }
}
