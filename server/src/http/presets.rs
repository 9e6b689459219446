//! Settings under names.

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, request::Parts},
};
use protocol::{ConversationSettings, LONGEST_NAME, Preset, Problem, ProblemKind};

use super::{AppState, HttpProblem, body::JsonBody};

pub(super) async fn list(State(state): State<AppState>) -> Result<Json<Vec<Preset>>, HttpProblem> {
    Ok(Json(state.store.presets().await?))
}

pub(super) async fn keep(
    State(state): State<AppState>,
    PresetName(name): PresetName,
    JsonBody(settings): JsonBody<ConversationSettings>,
) -> Result<StatusCode, HttpProblem> {
    settings.check(state.message_limit)?;
    state.store.keep_preset(&name, &settings).await?;
    state.changes.presets();
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn remove(
    State(state): State<AppState>,
    PresetName(name): PresetName,
) -> Result<StatusCode, HttpProblem> {
    state.store.remove_preset(&name).await?;
    state.changes.presets();
    Ok(StatusCode::NO_CONTENT)
}

/// The name in the path.
pub(super) struct PresetName(String);

impl<S: Send + Sync> FromRequestParts<S> for PresetName {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpProblem> {
        // What is no UTF-8 once decoded is no name.
        let name = Path::<String>::from_request_parts(parts, state).await.ok();
        name.and_then(|Path(name)| checked(&name))
            .map(Self)
            .ok_or_else(|| {
                let message = format!("The name of a preset has 1 to {LONGEST_NAME} characters.");
                let problem = Problem::new(ProblemKind::BadRequest, message);
                problem.advice("Choose a shorter name, in one line.").into()
            })
    }
}

/// The name without blanks around it, where it can be one.
pub(super) fn checked(name: &str) -> Option<String> {
    let name = name.trim();
    let length = name.chars().count();
    let right = (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control);
    right.then(|| name.to_owned())
}
