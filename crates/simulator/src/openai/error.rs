//! OpenAI's errors.

use serde_json::{Value, json};

use crate::problem::{Objection, Problem, shown};

/// The type and the code that go with a status.
fn kind_of(status: u16) -> (&'static str, Option<&'static str>) {
    match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        402 => ("billing_error", Some("credit_balance_exhausted")),
        403 => (
            "request_forbidden",
            Some("unsupported_country_region_territory"),
        ),
        404 => ("invalid_request_error", Some("model_not_found")),
        408 => ("timeout", Some("request_timeout")),
        409 => ("conflict_error", None),
        413 => ("invalid_request_error", Some("request_too_large")),
        429 => ("rate_limit_error", Some("rate_limit_exceeded")),
        503 => ("service_unavailable_error", Some("server_is_overloaded")),
        500.. => ("server_error", None),
        _ => ("invalid_request_error", None),
    }
}

/// The body of an error.
pub(crate) fn error(problem: &Problem) -> Value {
    let (kind, code) = kind_of(problem.status);
    json!({"error": {
        "message": problem.message,
        "type": kind,
        "param": problem.param,
        "code": problem.code.as_deref().or(code),
    }})
}

/// The code of an error where there must be one.
pub(crate) fn code_of(problem: &Problem) -> &str {
    let (kind, code) = kind_of(problem.status);
    problem.code.as_deref().or(code).unwrap_or(kind)
}

/// An objection in OpenAI's words.
pub(crate) fn words(objection: &Objection) -> Problem {
    match objection {
        Objection::UnknownModel(model) => {
            Problem::new(404, format!("The model `{}` does not exist.", shown(model)))
                .with_param("model")
        }
        Objection::WrongKey(Some(key)) => {
            Problem::new(401, format!("Incorrect API key provided: {}.", masked(key)))
        }
        Objection::WrongKey(None) => Problem::new(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization \
             header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        ),
        Objection::Streaming => Problem::bad_request("Streaming is not supported for this model.")
            .with_param("stream")
            .with_code("unsupported_value"),
        Objection::Prefill => Problem::bad_request(
            "This model does not continue a message of the assistant. The last message must be \
             from the user or a tool.",
        )
        .with_param("messages"),
        Objection::Parameter(name) => Problem::bad_request(format!(
            "Unsupported parameter: '{name}' is not supported with this model."
        ))
        .with_param(name)
        .with_code("unsupported_parameter"),
        Objection::TooLong { tokens, limit } => Problem::bad_request(format!(
            "This model's maximum context length is {limit} tokens. However, your messages \
             resulted in {tokens} tokens. Please reduce the length of the messages."
        ))
        .with_param("messages")
        .with_code("context_length_exceeded"),
        Objection::Content => {
            Problem::bad_request("Your request was rejected as a result of our safety system.")
                .with_code("content_policy_violation")
        }
    }
}

/// A key as far as it may be shown.
fn masked(key: &str) -> String {
    let beginning: String = key.chars().take(3).collect();
    format!("{beginning}********")
}
