//! OpenAI's chat completions in front of the gateway, so that any OpenAI
//! client can ask all providers through us. A call is no turn: nothing of it is
//! kept but the records of its attempts, and closing the connection closes the
//! upstream's.
//!
//! <https://platform.openai.com/docs/api-reference/chat>

mod books;
mod call;
mod chunks;
mod error;
mod request;
mod stream;
mod whole;

#[cfg(test)]
mod tests;

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, Method},
    response::Response,
};
use protocol::{Problem, ProblemKind, TurnId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AppState, HttpProblem, body};
use call::{Bounds, Call};
use error::ApiError;
pub(super) use error::in_openai_shape;
use request::Ask;

/// The largest request: images come within it.
const BODY_LIMIT: usize = 32 << 20;

/// `POST /v1/chat/completions`
pub(super) async fn complete(
    State(state): State<AppState>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    let ask = {
        let limit = state.body_limit().max(BODY_LIMIT);
        // Gone when it is read: an answer may take long.
        let body = body::read(request, limit).await.map_err(|it| it.0)?;
        Ask::read(&headers, &body)?
    };
    let model = state.gateway.resolve(ask.model.as_deref())?;
    let turn = TurnId(Uuid::now_v7());
    let (is_stream, include_usage) = (ask.stream, ask.include_usage);
    let answer = state.gateway.answer(ask.into_request(turn, model));
    let bounds = Bounds {
        whole: state.whole_turn,
        shutdown: state.shutdown,
    };
    let call = Call::new(turn, answer, state.recorder, bounds);
    let identity = Identity::new(turn);
    match is_stream {
        true => stream::respond(call, identity, include_usage).await,
        false => whole::respond(call, &identity).await,
    }
}

/// `GET /v1/models`
pub(super) async fn models(State(state): State<AppState>) -> Json<Value> {
    let list = state.gateway.models().await;
    let data = list.providers.iter().flat_map(|provider| {
        let owner = match provider.provider.as_str() {
            "" => "rivulet",
            name => name,
        };
        provider
            .models
            .iter()
            .map(move |model| listing(&model.id, owner))
    });
    Json(json!({"object": "list", "data": data.collect::<Vec<_>>()}))
}

/// `GET /v1/models/{model}`
pub(super) async fn model(
    State(state): State<AppState>,
    Path(model): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let id = state.gateway.resolve(Some(&model))?;
    let owner = id
        .split_once('/')
        .map_or("rivulet", |(provider, _)| provider);
    Ok(Json(listing(&id, owner)))
}

fn listing(id: &str, owner: &str) -> Value {
    json!({"id": id, "object": "model", "created": 0, "owned_by": owner})
}

/// The answer to a path below `/v1` that is none.
pub(super) async fn unknown(method: Method, request: Request) -> HttpProblem {
    let path = request.uri().path();
    let message = format!("There is nothing at {method} {path}.");
    Problem::new(ProblemKind::NotFound, message)
        .advice("There are POST /v1/chat/completions and GET /v1/models.")
        .into()
}

/// What all parts of one completion say of themselves.
struct Identity {
    id: String,
    /// Seconds since the Unix epoch.
    created: u64,
}

impl Identity {
    fn new(turn: TurnId) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            id: format!("chatcmpl-{}", turn.0.simple()),
            created: since.map_or(0, |since| since.as_secs()),
        }
    }
}
