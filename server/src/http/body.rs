//! Reading what a request carries, with a reason for each refusal.

use std::str::FromStr;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use protocol::{Problem, ProblemKind};
use serde::de::DeserializeOwned;

use super::{AppState, HttpProblem};

/// A JSON body.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<AppState> for JsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.trim_start().starts_with("application/json"));
        if !is_json {
            let problem = Problem::new(ProblemKind::BadRequest, "The body must be JSON.")
                .advice("Send the header Content-Type: application/json.");
            return Err(HttpProblem(problem).with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bytes = read(request, state.body_limit())
            .await
            .map_err(IntoResponse::into_response)?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let message = format!("The body is not what this address takes: {error}.");
            HttpProblem(Problem::new(ProblemKind::BadRequest, message)).into_response()
        })
    }
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read(request: Request, limit: usize) -> Result<Bytes, HttpProblem> {
    axum::body::to_bytes(request.into_body(), limit)
        .await
        .map_err(|error| {
            // The limit is the only thing our own side objects to; otherwise the
            // caller has gone and reads no answer.
            tracing::debug!(%error, "a body could not be read");
            let message = format!("The request is larger than {limit} bytes.");
            HttpProblem(Problem::new(ProblemKind::TooLarge, message).advice("Send less at once."))
        })
}

/// An id in the path.
pub(super) struct IdPath<T>(pub(super) T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for IdPath<T> {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpProblem> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        text.and_then(|Path(text)| text.parse().ok())
            .map(Self)
            .ok_or_else(|| {
                HttpProblem(
                    Problem::new(ProblemKind::NotFound, "The address holds no valid id.")
                        .advice("Check the address."),
                )
            })
    }
}
