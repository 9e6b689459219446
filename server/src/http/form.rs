//! Asking without JavaScript: a form comes in, the whole answer comes back.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use protocol::{
    Problem, ProblemKind, TurnId,
    api::{self, StartTurn, Started},
};
use serde::Deserialize;

use super::{
    AppState, HttpProblem, body,
    page::{self, PageRequest},
};

/// How long the answer is waited for. Longer ones are shown as far as they
/// are, on a page that asks for itself again: proxies give up after a minute
/// without a byte.
const PATIENCE: Duration = Duration::from_secs(45);

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    text: String,
    #[serde(default)]
    conversation: String,
    #[serde(default)]
    model: String,
}

pub(super) async fn ask(State(state): State<AppState>, request: Request) -> Response {
    let (parts, request_body) = request.into_parts();
    let read = body::read(
        Request::from_parts(parts.clone(), request_body),
        state.body_limit(),
    );
    let refused = match read.await {
        Ok(bytes) => match start(&state, &bytes).await {
            Ok(started) => {
                // Whatever becomes of it, the conversation's page shows it.
                let waited = tokio::time::timeout(PATIENCE, finished(&state, started.turn)).await;
                drop(waited);
                return Redirect::to(&api::conversation_page(started.conversation)).into_response();
            }
            Err(refused) => refused,
        },
        Err(HttpProblem(problem)) => PageRequest::refused(problem),
    };
    let request = Request::from_parts(parts, axum::body::Body::empty());
    page::render(&state, request, refused).await
}

/// Starts the form's turn, or says what the page shows instead.
async fn start(state: &AppState, form: &[u8]) -> Result<Started, PageRequest> {
    let form: Form = serde_urlencoded::from_bytes(form).map_err(|error| {
        let message = format!("The form could not be read: {error}.");
        PageRequest::refused(Problem::new(ProblemKind::BadRequest, message))
    })?;
    let conversation = match form.conversation.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| PageRequest {
            draft: form.text.clone(),
            ..PageRequest::refused(HttpProblem::from(store::Error::NotFound("conversation")).0)
        })?),
    };
    let turn = StartTurn {
        // Forms end their lines with CR LF.
        text: form.text.replace("\r\n", "\n"),
        conversation,
        model: Some(form.model).filter(|model| !model.is_empty()),
        ..StartTurn::default()
    };
    let started = state.engine.start(turn).await;
    started.map_err(|problem| PageRequest {
        conversation,
        draft: form.text,
        ..PageRequest::refused(problem)
    })
}

impl PageRequest {
    fn refused(problem: Problem) -> Self {
        Self {
            problem: Some(problem),
            ..Self::default()
        }
    }
}

async fn finished(state: &AppState, turn: TurnId) {
    if let Ok(mut watcher) = state.engine.watch(turn, 0).await {
        while let Some(bite) = watcher.next().await {
            if bite.is_terminal() {
                return;
            }
        }
    }
}

/// The address of a form that was answered with a page: opened by itself it
/// leads to the start.
pub(super) async fn home() -> Redirect {
    Redirect::to("/")
}
