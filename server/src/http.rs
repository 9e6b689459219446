//! Routes and what all handlers share.

pub mod assets;
mod body;
mod conversations;
mod enrich;
mod form;
mod health;
mod origin;
mod page;
mod problem;
mod recorder;
mod turns;
mod v1;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use engine::Engine;
use gateway::Gateway;
use markdown::ServerEnricher;
use protocol::{Problem, ProblemKind, api};
use store::Store;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

pub use origin::Hosts;
use problem::HttpProblem;
pub use recorder::Recorder;

/// What handlers work with.
#[derive(Clone)]
pub struct AppState {
    engine: Engine,
    store: Arc<dyn Store>,
    gateway: Arc<dyn Gateway>,
    recorder: Recorder,
    enricher: Arc<ServerEnricher>,
    message_limit: usize,
    whole_turn: Duration,
    shutdown: CancellationToken,
    hosts: Hosts,
}

impl AppState {
    /// The state of a server that answers under any name; `config` is the
    /// engine's.
    pub fn new(
        engine: Engine,
        store: Arc<dyn Store>,
        gateway: Arc<dyn Gateway>,
        config: &engine::Config,
    ) -> Self {
        Self {
            engine,
            recorder: Recorder::new(Arc::clone(&store)),
            store,
            gateway,
            enricher: Arc::default(),
            message_limit: config.message_limit,
            whole_turn: config.whole_turn,
            shutdown: CancellationToken::new(),
            hosts: Hosts::Any,
        }
    }

    /// Ends the calls that are no turns when this is cancelled.
    #[must_use]
    pub fn until(self, shutdown: CancellationToken) -> Self {
        Self { shutdown, ..self }
    }

    /// What stores the records of calls that are no turns.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    /// Answers under these names.
    #[must_use]
    pub fn reached_as(self, hosts: Hosts) -> Self {
        Self { hosts, ..self }
    }

    /// The largest body a request may have: JSON writes a byte of text as six
    /// at worst.
    fn body_limit(&self) -> usize {
        self.message_limit
            .saturating_mul(6)
            .saturating_add(64 * 1024)
    }
}

/// All routes.
pub fn router(state: AppState) -> Router {
    // Leptos spawns through it; a second router finds it set.
    let set = any_spawner::Executor::init_tokio();
    drop(set);
    Router::new()
        .route("/", get(page::home))
        .route("/c/{conversation}", get(page::conversation))
        .route("/ask", post(form::ask).get(form::home))
        .route(api::CONVERSATIONS, get(conversations::list))
        .route(
            api::CONVERSATION,
            get(conversations::show)
                .patch(conversations::rename)
                .delete(conversations::delete),
        )
        .route(api::RESTORE, post(conversations::restore))
        .route(api::MODELS, get(conversations::models))
        .route(api::CACHE, get(conversations::cache))
        .route(api::TURNS, post(turns::start))
        .route(api::EVENTS, get(turns::events))
        .route(api::STOP, post(turns::stop))
        .route(api::ENRICH, post(enrich::enrich))
        .route("/v1/chat/completions", post(v1::complete))
        .route("/v1/models", get(v1::models))
        .route("/v1/models/{*model}", get(v1::model))
        .route("/v1", any(v1::unknown))
        .route("/v1/", any(v1::unknown))
        .route("/v1/{*path}", any(v1::unknown))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(assets::router())
        .fallback(page::not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(origin::same_site))
        .layer(middleware::from_fn_with_state(
            state.hosts.clone(),
            origin::known_host,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(v1::in_openai_shape))
        .layer(middleware::map_response(secure))
        .with_state(state)
}

/// Milliseconds since the Unix epoch.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

async fn method_not_allowed(method: Method, request: Request) -> Response {
    let message = format!("{} does not take {method} requests.", request.uri().path());
    HttpProblem(Problem::new(ProblemKind::BadRequest, message))
        .with_status(axum::http::StatusCode::METHOD_NOT_ALLOWED)
}

async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let cause = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    tracing::error!(cause, "a request handler panicked");
    HttpProblem(
        Problem::new(ProblemKind::Internal, "Something went wrong on our side.")
            .advice("Try again; if it happens again, the server's log says more."),
    )
    .into_response()
}
