//! Google's Gemini: the endpoints, and how an answer and what goes wrong look
//! there.

mod chunks;
mod error;
mod request;
mod whole;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Path, State as FromState};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

pub(crate) use chunks::Chunks;
pub(crate) use error::{error, indented, words};
pub(crate) use whole::whole;

use crate::answer::{Call, refuse};
use crate::format::Format;
use crate::limits::request_id;
use crate::problem::{Objection, Problem};
use crate::speech::Spent;
use crate::state::{Listed, State};
use crate::wire::Ending;

/// What stands for the signature of a thought.
const SIGNATURE: &str = "c2ltdWxhdGVkLXNpZ25hdHVyZQ==";

/// The longest prompt of a model whose script names none.
const USUAL_CONTEXT: u64 = 1_048_576;

/// The routes of this format.
pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/v1beta/models", get(models))
        .route("/v1beta/models/{call}", get(model).post(complete))
}

/// The path ends in a model and what is to be done with it.
async fn complete(Path(path): Path<String>, call: Call) -> Response {
    let (model, method) = path.rsplit_once(':').unwrap_or((&path, ""));
    let stream = match method {
        "streamGenerateContent" => true,
        "generateContent" => false,
        _ => return refuse(Format::Gemini, &unknown_method(&path), &request_id()),
    };
    let model = model.to_owned();
    call.answer(Format::Gemini, move |call, fields| {
        let mut draft = request::draft(&fields)?;
        draft.model = model;
        draft.stream = stream;
        let mut options = call.query.split('&');
        draft.array = !options.any(|option| option == "alt=sse");
        Ok(draft)
    })
    .await
}

async fn models(FromState(state): FromState<Arc<State>>) -> Json<Value> {
    let models: Vec<_> = state.models().iter().map(listing).collect();
    Json(json!({"models": models}))
}

async fn model(Path(id): Path<String>, FromState(state): FromState<Arc<State>>) -> Response {
    let models = state.models();
    match models.iter().find(|model| model.id == id) {
        Some(model) => Json(listing(model)).into_response(),
        None => {
            let problem = words(&Objection::UnknownModel(id));
            refuse(Format::Gemini, &problem, &request_id())
        }
    }
}

fn listing(model: &Listed) -> Value {
    json!({
        "name": format!("models/{}", model.id),
        "version": "001",
        "displayName": model.name,
        "description": model.description,
        "inputTokenLimit": model.context.unwrap_or(USUAL_CONTEXT),
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent"],
    })
}

fn unknown_method(path: &str) -> Problem {
    let shown = crate::problem::shown(path);
    Problem::new(
        404,
        format!("There is no method to call at models/{shown}."),
    )
}

/// The id of a response.
fn identity() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("sim{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The usage object: thoughts are not among the candidates' tokens.
fn usage(spent: &Spent) -> Value {
    let mut usage = json!({
        "promptTokenCount": spent.prompt,
        "totalTokenCount": spent.prompt + spent.completion,
    });
    for (field, tokens) in [
        ("cachedContentTokenCount", spent.cached),
        ("candidatesTokenCount", spent.said()),
        ("thoughtsTokenCount", spent.thinking),
    ] {
        // Google leaves out what is 0.
        if tokens > 0 {
            usage[field] = tokens.into();
        }
    }
    usage
}

/// What a response says about itself, around its candidates.
fn response(model: &str, id: &str, candidates: Value, usage: Option<Value>) -> Value {
    let mut response = json!({
        "candidates": candidates, "modelVersion": model, "responseId": id,
    });
    if let Some(usage) = usage {
        response["usageMetadata"] = usage;
    }
    response
}

/// The response to a prompt that is blocked: no candidates.
fn blocked(model: &str, id: &str, usage: Option<Value>) -> Value {
    let mut response = response(model, id, Value::Null, usage);
    if let Some(fields) = response.as_object_mut() {
        fields.remove("candidates");
    }
    response["promptFeedback"] = json!({
        "blockReason": "SAFETY",
        "safetyRatings": [{
            "category": "HARM_CATEGORY_DANGEROUS_CONTENT",
            "probability": "HIGH",
            "blocked": true,
        }],
    });
    response
}

/// The reason for an end; `None` leaves it out.
fn finish_reason(ending: &Ending, malformed: bool) -> Option<&str> {
    match ending {
        Ending::Stop | Ending::Tools if malformed => Some("MALFORMED_FUNCTION_CALL"),
        Ending::Stop | Ending::Tools => Some("STOP"),
        Ending::Length => Some("MAX_TOKENS"),
        Ending::Filtered => Some("SAFETY"),
        Ending::Other(reason) => Some(reason),
        Ending::Unsaid => None,
    }
}

/// A call of a function. The first after thoughts is signed.
fn function_call(name: &str, arguments: Value, signed: bool) -> Value {
    let mut part = json!({"functionCall": {"name": name, "args": arguments}});
    if signed {
        part["thoughtSignature"] = SIGNATURE.into();
    }
    part
}
