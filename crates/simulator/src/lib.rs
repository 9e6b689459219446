//! A stand-in for language-model providers: an HTTP server that speaks their
//! wire formats with scripted words, speed and faults. It is also the demo
//! model, clearly labelled as a simulation.
//!
//! What is said, when, and what goes wrong is a [`Script`]; how that looks on
//! the wire is the business of one module per format, of which there is one
//! so far: OpenAI's chat completions.
//!
//! A script is chosen in this order: the header `x-simulate: <json>`, the
//! field `"simulate": {…}` of the request's body, the script set for the model
//! through `POST /control/script`, the model's own behaviour.
//!
//! | path | what it does |
//! |---|---|
//! | `GET /v1/models` | lists the models, with a `name` and a `description` |
//! | `POST /v1/chat/completions` | answers, streaming or not |
//! | `GET /stats` | [`Stats`] as JSON |
//! | `POST /control/script` | `{"model", "script"}`: what the model does when a request brings no script; makes the model known if it was not |
//! | `POST /control/reset` | forgets scripts, the counts behind `times`, and the totals of the statistics |
//!
//! The one fault no server can play is a refused connection: bind a port, drop
//! the listener, and use its address.

mod control;
mod demo;
mod openai;
mod script;
mod server;
mod speech;
mod state;
mod stats;
mod stream;

use std::sync::Arc;

use axum::Router;

pub use script::{Fault, FaultKind, Framing, Script, ToolCallScript, UsagePlace};
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
        .merge(control::routes())
        .fallback(openai::unknown_path)
        .method_not_allowed_fallback(openai::wrong_method)
        .layer(axum::extract::DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(state)
}
