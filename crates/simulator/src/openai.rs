//! OpenAI's chat-completions format: the endpoints, and how a script's words
//! and faults look in it.

mod chunks;
mod error;
mod request;
mod whole;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::State as FromState;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::json;

pub(crate) use chunks::Chunks;
pub(crate) use error::ApiError;

use crate::demo;
use crate::script::{Fault, FaultKind};
use crate::server::{Connection, NoAnswer};
use crate::speech::{Pace, Speech, Spent};
use crate::state::State;
use crate::stats::InFlight;
use crate::stream::Telling;
use request::Ask;

/// The page of a proxy whose upstream failed.
const BAD_GATEWAY: &str = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n\
    <center><h1>502 Bad Gateway</h1></center>\n</body>\n</html>\n";

/// The routes of this format.
pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(complete))
}

/// The answer to a path there is none of.
pub(crate) async fn unknown_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "There is nothing at this path.").with_code("unknown_url")
}

/// The answer to a method that a path does not take.
pub(crate) async fn wrong_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "This path does not take this method.",
    )
}

async fn models(FromState(state): FromState<Arc<State>>) -> Json<serde_json::Value> {
    let demo = demo::MODELS
        .iter()
        .map(|model| listing(model.id, model.name, model.description));
    let scripted = state.scripted_models();
    let scripted = scripted.iter().map(|id| {
        listing(
            id,
            id,
            "Simulation: follows the script that was set for it.",
        )
    });
    let data: Vec<_> = demo.chain(scripted).collect();
    Json(json!({"object": "list", "data": data}))
}

fn listing(id: &str, name: &str, description: &str) -> serde_json::Value {
    json!({
        "id": id,
        "object": "model",
        "created": 0,
        "owned_by": "rivulet-simulator",
        "name": name,
        "description": description,
    })
}

async fn complete(
    FromState(state): FromState<Arc<State>>,
    connection: Option<Extension<Connection>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let asked = body
        .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))
        .and_then(|body| Ask::read(&state, &headers, &body));
    let ask = match asked {
        Ok(ask) => ask,
        Err(error) => {
            state.counters.refused();
            return error.into_response();
        }
    };
    let flight = state.counters.begin(&ask.model);
    let connection = connection.map(|Extension(connection)| connection);
    answer(ask, flight, connection.unwrap_or_default()).await
}

/// Answers as the script says.
async fn answer(ask: Ask, flight: InFlight, connection: Connection) -> Response {
    let script = &ask.script;
    let speech = Speech::new(script, &ask.model, &ask.question);
    let fault = match &script.fault {
        None => None,
        Some(fault) => match fault.position(ask.stream, || speech.total().min(ask.limit)) {
            None => return without_answer(fault, flight, &connection).await,
            Some(position) => Some((position, fault.clone())),
        },
    };
    let telling = Telling {
        speech,
        pace: Pace::new(script),
        chunk_tokens: script.chunk_tokens.unwrap_or(1),
        limit: ask.limit,
        finish_reason: script.finish_reason.clone(),
        spent: Spent {
            prompt: ask.prompt_tokens,
            ..Spent::default()
        },
        fault,
        flight,
        connection,
    };
    if !ask.stream {
        return whole::respond(telling, &ask.model).await;
    }
    let chunks = Chunks::new(script, &ask.model, ask.include_usage);
    let body = telling.into_body(chunks, script.split_bytes);
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}

/// What happens instead of an answer.
async fn without_answer(fault: &Fault, flight: InFlight, connection: &Connection) -> Response {
    match fault.kind {
        FaultKind::Silence => {
            // Dropped, and counted, when the caller closes.
            let _flight = flight;
            pending().await
        }
        FaultKind::Html => {
            flight.failed();
            (StatusCode::BAD_GATEWAY, Html(BAD_GATEWAY)).into_response()
        }
        FaultKind::Reset => {
            flight.failed();
            connection.end_by_reset();
            let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
            response.extensions_mut().insert(NoAnswer);
            response
        }
        _ => {
            flight.failed();
            ApiError::scripted(fault).into_response()
        }
    }
}

/// The id of a completion, and when it was made, in seconds since 1970.
fn identity() -> (String, u64) {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let id = format!("chatcmpl-sim{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let created = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    (id, created)
}
