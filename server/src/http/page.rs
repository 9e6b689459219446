//! The page, drawn by the server first.

use app::{PageData, ServerEnricher, Shell};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use leptos::prelude::*;
use protocol::{ConversationId, MessageState, Problem, ProblemKind};

use super::{AppState, HttpProblem, assets, body::IdPath, now_ms};

pub(super) async fn home(State(state): State<AppState>, request: Request) -> Response {
    render(&state, request, PageRequest::default()).await
}

pub(super) async fn conversation(
    State(state): State<AppState>,
    id: Result<IdPath<ConversationId>, HttpProblem>,
    request: Request,
) -> Response {
    let asked = match id {
        Ok(IdPath(id)) => PageRequest {
            conversation: Some(id),
            ..PageRequest::default()
        },
        Err(HttpProblem(problem)) => PageRequest {
            problem: Some(problem),
            ..PageRequest::default()
        },
    };
    render(&state, request, asked).await
}

/// An address that is none of ours: a page for a browser, a problem for
/// programs.
pub(super) async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let problem = Problem::new(ProblemKind::NotFound, "There is nothing at this address.");
    if !wants_page || request.uri().path().starts_with("/api/") {
        return HttpProblem(problem).into_response();
    }
    let problem = problem.advice("Start a new conversation, or choose one on the left.");
    render(
        &state,
        request,
        PageRequest {
            problem: Some(problem),
            ..PageRequest::default()
        },
    )
    .await
}

/// What the page shall show.
#[derive(Default)]
pub(super) struct PageRequest {
    pub(super) conversation: Option<ConversationId>,
    pub(super) problem: Option<Problem>,
    pub(super) draft: String,
}

/// Draws the page. Where something is wrong the page says so, with the status
/// to match.
pub(super) async fn render(state: &AppState, request: Request, asked: PageRequest) -> Response {
    let mut problem = asked.problem;
    let mut conversation = None;
    if let Some(id) = asked.conversation {
        match state.engine.conversation(id).await {
            Ok(found) => conversation = Some(found),
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    let conversations = match state.store.conversations().await {
        Ok(conversations) => conversations,
        Err(error) => {
            problem = problem.or(Some(HttpProblem::from(error).0));
            Vec::new()
        }
    };
    let refresh = conversation.as_ref().is_some_and(|conversation| {
        conversation
            .messages
            .iter()
            .any(|message| message.state == MessageState::Writing)
    });
    let status = problem
        .clone()
        .map_or(StatusCode::OK, |problem| HttpProblem(problem).status());
    let data = PageData {
        conversations,
        models: state.gateway.models().await,
        conversation,
        problem,
        draft: asked.draft,
        now_ms: now_ms(),
    };

    let nonce = leptos::nonce::Nonce::new();
    let policy = policy(&nonce);
    let enricher: ServerEnricher = state.enricher.clone();
    let draw = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(nonce.clone());
            provide_context(enricher.clone());
        },
        move || view! { <Shell data=data.clone() assets=assets::page_assets() refresh=refresh /> },
    );
    let mut response = draw(request).await;
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // It shows what is private and changes with each message.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.map(axum::body::Body::new)
}

/// Nothing from elsewhere, no script but ours: whatever a model writes can
/// load nothing and run nothing.
fn policy(nonce: &leptos::nonce::Nonce) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self'; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}
