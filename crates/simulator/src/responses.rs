//! OpenAI's Responses: the endpoint, and how an answer and what goes wrong look
//! there. Errors before an answer are those of chat completions.

mod events;
mod items;
mod request;
mod whole;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

pub(crate) use events::Events;
pub(crate) use whole::{failed, whole};

use crate::answer::Call;
use crate::clock;
use crate::format::Format;
use crate::openai::code_of;
use crate::problem::Problem;
use crate::speech::Spent;
use crate::state::State;
use crate::wire::Ending;

/// The routes of this format.
pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new().route("/v1/responses", post(complete))
}

async fn complete(call: Call) -> Response {
    call.answer(Format::Responses, |_, fields| request::draft(&fields))
        .await
}

/// A response, as far as it has come.
#[derive(Debug)]
struct Frame {
    number: u64,
    created: u64,
    model: String,
}

impl Frame {
    fn new(model: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        Self {
            number: COUNT.fetch_add(1, Ordering::Relaxed),
            created: clock::now().as_secs(),
            model: model.to_owned(),
        }
    }

    /// The id of an output item.
    fn item_id(&self, kind: &str, index: usize) -> String {
        format!("{kind}_sim{}_{index}", self.number)
    }

    /// The response object.
    fn object(&self, status: &str, output: &[Value]) -> Value {
        json!({
            "id": format!("resp_sim{}", self.number),
            "object": "response",
            "created_at": self.created,
            "status": status,
            "error": null,
            "incomplete_details": null,
            "instructions": null,
            "model": self.model,
            "output": output,
            "parallel_tool_calls": true,
            "store": false,
            "usage": null,
        })
    }

    /// The response at its end.
    fn ended(&self, ending: &Ending, output: &[Value], spent: Option<&Spent>) -> Value {
        let reason = incomplete_reason(ending);
        let status = if reason.is_some() {
            "incomplete"
        } else {
            "completed"
        };
        let mut object = self.object(status, output);
        if let Some(reason) = reason {
            object["incomplete_details"] = json!({"reason": reason});
        }
        if let Some(spent) = spent {
            object["usage"] = usage(spent);
        }
        object
    }

    /// The response after it has failed.
    fn failed(&self, output: &[Value], problem: &Problem) -> Value {
        let mut object = self.object("failed", output);
        object["error"] = json!({"code": code_of(problem), "message": problem.message});
        object
    }
}

/// Why a response is incomplete; `None` when it is complete.
fn incomplete_reason(ending: &Ending) -> Option<&str> {
    match ending {
        Ending::Length => Some("max_output_tokens"),
        Ending::Filtered => Some("content_filter"),
        Ending::Other(reason) => Some(reason),
        Ending::Stop | Ending::Tools | Ending::Unsaid => None,
    }
}

/// The usage object.
fn usage(spent: &Spent) -> Value {
    json!({
        "input_tokens": spent.prompt,
        "input_tokens_details": {
            "cached_tokens": spent.cached,
            "cache_write_tokens": spent.cache_write,
        },
        "output_tokens": spent.completion,
        "output_tokens_details": {"reasoning_tokens": spent.thinking},
        "total_tokens": spent.prompt + spent.completion,
    })
}
