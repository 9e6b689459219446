//! Ollama's own format: the endpoints, and how an answer and what goes wrong
//! look there.

mod error;
mod lines;
mod request;
mod whole;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State as FromState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

pub(crate) use error::{error, words};
pub(crate) use lines::Lines;
pub(crate) use whole::whole;

use crate::answer::{Call, refuse};
use crate::clock;
use crate::format::Format;
use crate::limits::request_id;
use crate::problem::{Objection, Problem};
use crate::request::Fields;
use crate::speech::Spent;
use crate::state::{Listed, State};
use crate::wire::Ending;

/// The version it gives itself.
const VERSION: &str = "0.12.0";

/// The longest prompt of a model whose script names none.
const USUAL_CONTEXT: u64 = 131_072;

/// How long loading a model is said to have taken.
const LOAD: Duration = Duration::from_millis(1);

/// The routes of this format.
pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/api/chat", post(complete))
        .route("/api/tags", get(tags))
        .route("/api/version", get(version))
        .route("/api/show", post(show))
}

async fn complete(call: Call) -> Response {
    call.answer(Format::Ollama, |_, fields| request::draft(&fields))
        .await
}

async fn version() -> Json<Value> {
    Json(json!({"version": VERSION}))
}

async fn tags(FromState(state): FromState<Arc<State>>) -> Json<Value> {
    let models: Vec<_> = state
        .models()
        .iter()
        .map(|model| {
            json!({
                "name": model.id,
                "model": model.id,
                "modified_at": "1970-01-01T00:00:00Z",
                "size": 0,
                "digest": "",
                "details": details(),
            })
        })
        .collect();
    Json(json!({"models": models}))
}

async fn show(FromState(state): FromState<Arc<State>>, body: Bytes) -> Response {
    let named = Fields::read(&body).and_then(|fields| {
        let name = fields.text("model").or_else(|| fields.text("name"));
        name.map(str::to_owned)
            .ok_or_else(|| Problem::bad_request("model is required"))
    });
    let found = named.and_then(|name| {
        let models = state.models();
        let found = models.into_iter().find(|model| model.id == name);
        found.ok_or_else(|| words(&Objection::UnknownModel(name)))
    });
    match found {
        Ok(model) => Json(shown(&model)).into_response(),
        Err(problem) => refuse(Format::Ollama, &problem, &request_id()),
    }
}

fn shown(model: &Listed) -> Value {
    json!({
        "modified_at": "1970-01-01T00:00:00Z",
        "details": details(),
        "model_info": {
            "general.architecture": "simulated",
            "simulated.context_length": model.context.unwrap_or(USUAL_CONTEXT),
        },
        "capabilities": ["completion", "tools", "thinking"],
    })
}

fn details() -> Value {
    json!({
        "parent_model": "",
        "format": "gguf",
        "family": "simulated",
        "families": ["simulated"],
        "parameter_size": "0",
        "quantization_level": "F16",
    })
}

/// A line with a message.
fn line(model: &str, message: Value) -> Value {
    json!({
        "model": model,
        "created_at": clock::rfc3339_nanos(clock::now()),
        "message": message,
        "done": false,
    })
}

/// Makes a line the last one.
fn finish(line: &mut Value, ending: &Ending, spent: Option<&Spent>, time: Duration) {
    line["done"] = true.into();
    let reason = match ending {
        // Ollama has no other word for these.
        Ending::Stop | Ending::Tools | Ending::Filtered => Some("stop"),
        Ending::Length => Some("length"),
        Ending::Other(reason) => Some(reason.as_str()),
        Ending::Unsaid => None,
    };
    if let Some(reason) = reason {
        line["done_reason"] = reason.into();
    }
    let Some(spent) = spent else { return };
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    for (field, number) in [
        ("total_duration", nanoseconds(time + LOAD)),
        ("load_duration", nanoseconds(LOAD)),
        ("prompt_eval_count", spent.prompt),
        ("prompt_eval_duration", nanoseconds(LOAD)),
        ("eval_count", spent.completion),
        ("eval_duration", nanoseconds(time)),
    ] {
        // What is 0 is left out.
        if number > 0 {
            line[field] = number.into();
        }
    }
}

/// A call of a tool: its arguments are an object.
fn tool_call(index: usize, name: &str, arguments: Value) -> Value {
    json!({
        "id": format!("call_sim{index}"),
        "function": {"index": index, "name": name, "arguments": arguments},
    })
}
