//! Routes and what all handlers share.

pub mod assets;
mod attachments;
mod body;
mod changes;
mod conversations;
mod disposition;
mod enrich;
mod export;
mod form;
mod health;
mod import;
mod models;
mod origin;
mod page;
mod presets;
mod problem;
mod recorder;
mod search;
mod streams;
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
    routing::{any, get, post, put},
};
use engine::Engine;
use gateway::Gateway;
use markdown::ServerEnricher;
use protocol::{Problem, ProblemKind, api};
use store::Library;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

pub use changes::Changes;
pub use origin::Hosts;
use problem::HttpProblem;
pub use recorder::Recorder;

/// What handlers work with.
#[derive(Clone)]
pub struct AppState {
    engine: Engine,
    store: Arc<dyn Library>,
    gateway: Arc<dyn Gateway>,
    recorder: Recorder,
    enricher: Arc<ServerEnricher>,
    changes: Changes,
    importing: Arc<Semaphore>,
    message_limit: usize,
    limits: Limits,
    whole_turn: Duration,
    shutdown: CancellationToken,
    hosts: Hosts,
}

/// How large files may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most bytes of a file sent with a message; of text no more than a
    /// message may have.
    pub attachment_bytes: usize,
    /// The most bytes of a file of conversations to import.
    pub import_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attachment_bytes: 10_000_000,
            import_bytes: 200_000_000,
        }
    }
}

impl AppState {
    /// The state of a server that answers under any name; `config` is the
    /// engine's.
    pub fn new(
        engine: Engine,
        store: Arc<dyn Library>,
        gateway: Arc<dyn Gateway>,
        config: &engine::Config,
    ) -> Self {
        Self {
            engine,
            recorder: Recorder::new(store.clone()),
            store,
            gateway,
            enricher: Arc::default(),
            changes: Changes::new(),
            // One at a time.
            importing: Arc::new(Semaphore::new(1)),
            message_limit: config.message_limit,
            limits: Limits::default(),
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

    /// What tells pages of changes.
    pub fn changes(&self) -> Changes {
        self.changes.clone()
    }

    /// Answers under these names.
    #[must_use]
    pub fn reached_as(self, hosts: Hosts) -> Self {
        Self { hosts, ..self }
    }

    /// Takes files within these limits.
    #[must_use]
    pub fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The largest body of JSON a request may have, which writes a byte of
    /// text as six at worst. What is added is enough for ten thousand ids.
    fn body_limit(&self) -> usize {
        self.message_limit
            .saturating_mul(6)
            .saturating_add(512 * 1024)
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
                .patch(conversations::change)
                .delete(conversations::delete),
        )
        .route(api::RESTORE, post(conversations::restore))
        .route(api::CHANGE_MANY, post(conversations::change_many))
        .route(api::DELETE_MESSAGES, post(conversations::delete_messages))
        .route(api::RESTORE_MESSAGES, post(conversations::restore_messages))
        .route(api::EXPORT_ONE, get(export::one))
        .route(api::EXPORT, get(export::all))
        .route(api::IMPORT, post(import::import))
        .route(api::SEARCH, get(search::search))
        .route(api::PRESETS, get(presets::list))
        .route(api::PRESET, put(presets::keep).delete(presets::remove))
        .route(api::ATTACHMENTS, post(attachments::upload))
        .route(api::ATTACHMENT, get(attachments::download))
        .route(api::CHANGES, get(changes::changes))
        .route(api::MODELS, get(models::models))
        .route(api::CACHE, get(models::cache))
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
