//! Ollama's errors: a sentence.

use serde_json::Value;

use crate::problem::{Objection, Problem, shown};
use crate::wire::error_text;

/// The body of an error.
pub(crate) fn error(problem: &Problem) -> Value {
    error_text(problem)
}

/// An objection in Ollama's words, or those of llama.cpp inside it.
pub(crate) fn words(objection: &Objection) -> Problem {
    match objection {
        Objection::UnknownModel(model) => {
            Problem::new(404, format!("model '{}' not found", shown(model)))
        }
        Objection::WrongKey(_) => Problem::new(401, "unauthorized"),
        Objection::Streaming => Problem::bad_request("Streaming is not supported for this model."),
        Objection::Prefill => {
            Problem::bad_request("this model does not continue a message of the assistant")
        }
        Objection::Parameter(name) => {
            Problem::bad_request(format!("invalid option provided: {name}"))
        }
        Objection::TooLong { tokens, limit } => Problem::bad_request(format!(
            "request ({tokens} tokens) exceeds the available context size ({limit} tokens), try \
             increasing it"
        )),
        Objection::Content => {
            Problem::bad_request("the request was rejected by the content policy")
        }
    }
}
