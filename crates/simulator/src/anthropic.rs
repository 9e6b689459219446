//! Anthropic's Messages: the endpoint, and how an answer and what goes wrong
//! look there.

mod error;
mod events;
mod request;
mod whole;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

pub(crate) use error::{error, words};
pub(crate) use events::Events;
pub(crate) use whole::whole;

use crate::answer::Call;
use crate::format::Format;
use crate::problem::Problem;
use crate::speech::Spent;
use crate::state::{Listed, State};
use crate::wire::Ending;

/// The header that every request has.
pub(crate) const VERSION_HEADER: &str = "anthropic-version";

/// What stands for the signature of thinking.
const SIGNATURE: &str = "c2ltdWxhdGVkLXNpZ25hdHVyZQ==";

/// The routes of this format; its models are listed with OpenAI's.
pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new().route("/v1/messages", post(complete))
}

async fn complete(call: Call) -> Response {
    call.answer(Format::Anthropic, |call, fields| {
        if !call.headers.contains_key(VERSION_HEADER) {
            return Err(Problem::bad_request(
                "anthropic-version: header is required",
            ));
        }
        request::draft(&fields)
    })
    .await
}

/// The models as Anthropic lists them.
pub(crate) fn listing(models: &[Listed]) -> Value {
    let data: Vec<_> = models
        .iter()
        .map(|model| {
            json!({
                "type": "model",
                "id": model.id,
                "display_name": model.name,
                "created_at": "1970-01-01T00:00:00Z",
            })
        })
        .collect();
    json!({
        "data": data,
        "has_more": false,
        "first_id": models.first().map(|model| &model.id),
        "last_id": models.last().map(|model| &model.id),
    })
}

/// The id of a message.
fn identity() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("msg_sim{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The id of a tool's use.
fn tool_use_id(index: usize) -> String {
    format!("toolu_sim{index}")
}

/// The usage object: the three kinds of input do not overlap.
fn usage(spent: &Spent) -> Value {
    json!({
        "input_tokens": spent.prompt - spent.cached - spent.cache_write,
        "cache_creation_input_tokens": spent.cache_write,
        "cache_read_input_tokens": spent.cached,
        "output_tokens": spent.completion,
    })
}

/// The reason for an end: null leaves it out. After the words of a refusal an
/// ordinary end is one, too.
fn stop_reason(ending: &Ending, refused: bool) -> Value {
    match ending {
        Ending::Stop if refused => "refusal".into(),
        Ending::Stop => "end_turn".into(),
        Ending::Length => "max_tokens".into(),
        Ending::Tools => "tool_use".into(),
        Ending::Filtered => "refusal".into(),
        Ending::Other(reason) => reason.as_str().into(),
        Ending::Unsaid => Value::Null,
    }
}

/// What is said about a reason: only about a refusal there is more to say.
fn stop_details(reason: &Value) -> Value {
    if reason == "refusal" {
        json!({
            "type": "refusal",
            "category": null,
            "explanation": "The simulator was told to refuse this.",
        })
    } else {
        Value::Null
    }
}
