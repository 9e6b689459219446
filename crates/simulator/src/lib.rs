//! A stand-in for language-model providers: an HTTP server that speaks their
//! wire formats with scripted words, speed and faults. It is also the demo
//! model, clearly labelled as a simulation.
//!
//! What is said, when, and what goes wrong is a [`Script`]; how that looks on
//! the wire is the business of one module per format: OpenAI's chat completions
//! and Responses, Anthropic's Messages, Google's Gemini, Ollama's chat. Each has
//! its provider's own errors, headers and peculiarities.
//!
//! A script is chosen in this order: the header `x-simulate: <json>`, the
//! field `"simulate": {…}` of the request's body, the script set for the model
//! through `POST /control/script`, the model's own behaviour. This is so in
//! every format.
//!
//! | path | what it does |
//! |---|---|
//! | `GET /v1/models` | lists the models, with a `name` and a `description`; as Anthropic does when the request has the header `anthropic-version` |
//! | `POST /v1/chat/completions` | OpenAI: answers, streaming or not |
//! | `POST /v1/responses` | OpenAI's Responses: answers, streaming or not |
//! | `POST /v1/messages` | Anthropic: answers, streaming or not; needs the header `anthropic-version` |
//! | `GET /v1beta/models`, `GET /v1beta/models/{model}` | Gemini: lists the models, shows one |
//! | `POST /v1beta/models/{model}:streamGenerateContent` | Gemini: streams events with `?alt=sse`, a JSON array without |
//! | `POST /v1beta/models/{model}:generateContent` | Gemini: answers in one piece |
//! | `POST /api/chat` | Ollama: answers in lines of JSON, unless `"stream": false` |
//! | `GET /api/tags`, `POST /api/show`, `GET /api/version` | Ollama: lists the models, shows one, names a version |
//! | `GET /stats` | [`Stats`] as JSON |
//! | `GET /control/requests` | the last 100 requests that were understood: `format`, `model`, `stream`, `messages` (`role`, `text`, `images` where there are any), `last_role`, `had_tools`, `parameters`; roles are `system`, `user`, `assistant` and `tool` in every format |
//! | `POST /control/script` | `{"model", "script"}`: what the model does when a request brings no script; makes the model known if it was not |
//! | `POST /control/reset` | forgets scripts, requests, the counts behind `times`, and the totals of the statistics |
//!
//! The one fault no server can play is a refused connection: bind a port, drop
//! the listener, and use its address.

mod answer;
mod anthropic;
mod clock;
mod control;
mod conversation;
mod demo;
mod format;
mod gemini;
mod limits;
mod ollama;
mod openai;
mod problem;
mod request;
mod responses;
mod script;
mod server;
mod sight;
mod speech;
mod sse;
mod state;
mod stats;
mod stream;
mod whole;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::http::Uri;
use axum::response::Response;

use format::Format;
use problem::Problem;

pub use script::{
    Continuation, Fault, FaultKind, Framing, RateLimit, Script, ToolCallScript, UsagePlace,
};
pub use server::{Simulator, serve};
pub use stats::{Counts, Stats};

/// The largest request body taken, in bytes.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// The simulator with a state of its own, to be served by any server. Served
/// otherwise than by [`serve`] or [`Simulator`], it cannot reset connections:
/// a reset is then a cut, and one before the headers a 500.
pub fn router() -> Router {
    router_with(Arc::default())
}

/// The simulator over a state that the caller shares.
fn router_with(state: Arc<state::State>) -> Router {
    Router::new()
        .merge(openai::routes())
        .merge(responses::routes())
        .merge(anthropic::routes())
        .merge(gemini::routes())
        .merge(ollama::routes())
        .merge(control::routes())
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(axum::extract::DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(state)
}

/// The answer to a path there is none of.
async fn unknown_path(uri: Uri) -> Response {
    let mut problem = Problem::new(404, "There is nothing at this path.");
    let format = Format::of_path(uri.path());
    if matches!(format, Format::OpenAi | Format::Responses) {
        problem = problem.with_code("unknown_url");
    }
    answer::refuse(format, &problem, &limits::request_id())
}

/// The answer to a method that a path does not take.
async fn wrong_method(uri: Uri) -> Response {
    let problem = Problem::new(405, "This path does not take this method.");
    let format = Format::of_path(uri.path());
    answer::refuse(format, &problem, &limits::request_id())
}
