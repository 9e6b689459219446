//! OpenAI's chat completions: the endpoints, and how an answer and what goes
//! wrong look there.

mod chunks;
mod error;
mod request;
mod whole;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State as FromState;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

pub(crate) use chunks::Chunks;
pub(crate) use error::{code_of, error, words};
pub(crate) use request::turn;
pub(crate) use whole::whole;

use crate::answer::Call;
use crate::format::Format;
use crate::speech::Spent;
use crate::state::{Listed, State};
use crate::{anthropic, clock};

/// The routes of this format. Anthropic lists its models at the same path.
pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(complete))
}

async fn complete(call: Call) -> Response {
    call.answer(Format::OpenAi, |_, fields| request::draft(&fields))
        .await
}

async fn models(FromState(state): FromState<Arc<State>>, headers: HeaderMap) -> Json<Value> {
    let models = state.models();
    if headers.contains_key(anthropic::VERSION_HEADER) {
        return Json(anthropic::listing(&models));
    }
    let data: Vec<_> = models.iter().map(listing).collect();
    Json(json!({"object": "list", "data": data}))
}

fn listing(model: &Listed) -> Value {
    json!({
        "id": model.id,
        "object": "model",
        "created": 0,
        "owned_by": "rivulet-simulator",
        "name": model.name,
        "description": model.description,
    })
}

/// The id of a completion, and when it was made, in seconds since 1970.
fn identity() -> (String, u64) {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let id = format!("chatcmpl-sim{}", COUNT.fetch_add(1, Ordering::Relaxed));
    (id, clock::now().as_secs())
}

/// The id of a tool call.
fn tool_call_id(index: usize) -> String {
    format!("call_sim{index}")
}

/// The usage object; xAI's counts thinking on its own.
fn usage(spent: &Spent, xai: bool) -> Value {
    let mut usage = json!({
        "prompt_tokens": spent.prompt,
        "completion_tokens": if xai { spent.said() } else { spent.completion },
        "total_tokens": spent.prompt + spent.completion,
        "prompt_tokens_details": {"cached_tokens": spent.cached},
        "completion_tokens_details": {"reasoning_tokens": spent.thinking},
    });
    if spent.cache_write > 0 {
        usage["prompt_tokens_details"]["cache_write_tokens"] = spent.cache_write.into();
    }
    if xai {
        usage["cost_in_usd_ticks"] = cost_in_usd_ticks(spent).into();
    }
    usage
}

/// A price for xAI's own report, ten billion ticks a dollar: $1 a million
/// tokens in, $4 a million out.
fn cost_in_usd_ticks(spent: &Spent) -> u64 {
    10_000 * spent.prompt + 40_000 * spent.completion
}
