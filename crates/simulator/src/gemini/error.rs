//! Google's errors.

use serde_json::{Value, json};

use crate::clock::google_duration;
use crate::problem::{Objection, Problem, shown};

/// The word that goes with a status.
fn word_of(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        402 => "FAILED_PRECONDITION",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        408 | 504 => "DEADLINE_EXCEEDED",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        501.. => "UNAVAILABLE",
        _ => "INVALID_ARGUMENT",
    }
}

/// The body of an error. How long to wait is said there, and in no header.
pub(crate) fn error(problem: &Problem) -> Value {
    let word = problem.code.as_deref();
    let mut error = json!({
        "code": problem.status,
        "message": problem.message,
        "status": word.unwrap_or_else(|| word_of(problem.status)),
    });
    let details = details(problem);
    if !details.is_empty() {
        error["details"] = details.into();
    }
    json!({"error": error})
}

fn details(problem: &Problem) -> Vec<Value> {
    let mut details = Vec::new();
    if problem.is_about_key {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": "generativelanguage.googleapis.com"},
        }));
    }
    if problem.status == 429 {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{
                "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
                "quotaId": "GenerateRequestsPerMinutePerProjectPerModel",
            }],
        }));
    }
    if let Some(wait) = problem.wait_ms() {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": google_duration(wait),
        }));
    }
    details
}

/// JSON as Google writes an error: on many lines.
pub(crate) fn indented(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}

/// An objection in Google's words.
pub(crate) fn words(objection: &Objection) -> Problem {
    match objection {
        Objection::UnknownModel(model) => Problem::new(
            404,
            format!(
                "models/{} is not found for API version v1beta, or is not supported for \
                 generateContent. Call ListModels to see the list of available models and their \
                 supported methods.",
                shown(model)
            ),
        ),
        // A wrong key is a 400 here.
        Objection::WrongKey(Some(_)) => Problem {
            is_about_key: true,
            ..Problem::bad_request("API key not valid. Please pass a valid API key.")
        },
        Objection::WrongKey(None) => Problem::new(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). \
             Please use API Key or other form of API consumer identity to call this API.",
        ),
        Objection::Streaming => Problem::bad_request("Streaming is not supported for this model."),
        Objection::Prefill => Problem::bad_request(
            "Please ensure that multiturn requests end with a user role or a function response.",
        ),
        Objection::Parameter(name) => Problem::bad_request(format!(
            "Invalid JSON payload received. Unknown name \"{name}\": Cannot find field."
        )),
        Objection::TooLong { tokens, limit } => Problem::bad_request(format!(
            "The input token count ({tokens}) exceeds the maximum number of tokens allowed \
             ({limit})."
        )),
        // Said only where there is no answer to say it in.
        Objection::Content => Problem::bad_request("The prompt was blocked for safety reasons."),
    }
}
