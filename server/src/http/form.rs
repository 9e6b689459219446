//! Asking without JavaScript: a form comes in, the whole answer comes back.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use protocol::{Problem, ProblemKind, TurnId, api::{self, StartTurn}};
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
    let read = body::read(Request::from_parts(parts.clone(), request_body), state.body_limit());
    let bytes = match read.await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    let Ok(form) = serde_urlencoded::from_bytes::<Form>(&bytes) else {
        let problem = Problem::new(ProblemKind::BadRequest, "The form could not be read.");
        return HttpProblem(problem).into_response();
    };
    let conversation = form.conversation.parse().ok();
    let turn = StartTurn {
        // Forms end their lines with CR LF.
        text: form.text.replace("\r\n", "\n"),
        conversation,
        model: Some(form.model).filter(|model| !model.is_empty()),
        ..StartTurn::default()
    };
    match state.engine.start(turn).await {
        Ok(started) => {
            // Whatever becomes of it, the conversation's page shows it.
            let waited = tokio::time::timeout(PATIENCE, finished(&state, started.turn)).await;
            drop(waited);
            Redirect::to(&api::conversation_page(started.conversation)).into_response()
        }
        Err(problem) => {
            let request = Request::from_parts(parts, axum::body::Body::empty());
            let asked = PageRequest { conversation, problem: Some(problem), draft: form.text };
            page::render(&state, request, asked).await
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
