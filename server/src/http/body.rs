//! Reading what a request carries, with a reason for each refusal.

use std::{str::FromStr, time::Duration};

use axum::{
    body::{BodyDataStream, Bytes, HttpBody},
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use protocol::{Problem, ProblemKind};
use serde::de::DeserializeOwned;

use super::{AppState, HttpProblem};

/// How much of a body that is refused is read and thrown away, and for how
/// long. Whoever is still sending when the connection closes is told that it
/// broke, and never why.
const DRAIN: usize = 256 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(30);

/// How long nothing of a body may arrive: whoever lost the network would hold
/// for ever what their request has reserved.
const PAUSE: Duration = Duration::from_secs(60);

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

/// Reads a body of at most `limit` bytes, whose sender does not pause for longer
/// than a minute.
pub(super) async fn read(request: Request, limit: usize) -> Result<Bytes, HttpProblem> {
    let body = request.into_body();
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut chunks = body.into_data_stream();
    if announced > limit {
        drain(chunks).await;
        return Err(too_large(limit));
    }
    let mut bytes = Vec::with_capacity(announced);
    loop {
        let chunk = tokio::time::timeout(PAUSE, chunks.next());
        let Some(chunk) = chunk.await.map_err(|_| stalled())? else {
            break;
        };
        let chunk = chunk.map_err(|error| {
            // The caller has gone and reads no answer.
            tracing::debug!(%error, "a body could not be read");
            Problem::new(ProblemKind::BadRequest, "The request broke off.")
        })?;
        if chunk.len() > limit - bytes.len() {
            drop(bytes);
            drain(chunks).await;
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}

/// Throws away the body of a request that is refused for another reason.
pub(super) async fn refuse(request: Request) {
    drain(request.into_body().into_data_stream()).await;
}

async fn drain(mut chunks: BodyDataStream) {
    let drain = async {
        let mut drained = 0;
        while drained < DRAIN
            && let Some(Ok(chunk)) = chunks.next().await
        {
            drained += chunk.len();
        }
    };
    if tokio::time::timeout(DRAIN_TIME, drain).await.is_err() {
        tracing::debug!("a body that was refused took too long to send");
    }
}

fn stalled() -> Problem {
    let seconds = PAUSE.as_secs();
    let message =
        format!("The request was given up: nothing more of it arrived for {seconds} seconds.");
    Problem::new(ProblemKind::BadRequest, message)
        .advice("Check the network, then send it again.")
        .retryable()
}

fn too_large(limit: usize) -> HttpProblem {
    let message = format!("The request is larger than {limit} bytes.");
    HttpProblem(Problem::new(ProblemKind::TooLarge, message).advice("Send less at once."))
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

/// What follows the `?` of the address.
pub(super) struct QueryOf<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryOf<T> {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, HttpProblem> {
        let query = parts.uri.query().unwrap_or_default();
        serde_urlencoded::from_str(query)
            .map(Self)
            .map_err(|error| {
                let message = format!("What follows `?` in the address is not right: {error}.");
                Problem::new(ProblemKind::BadRequest, message).into()
            })
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures::stream;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_stops_sending_is_not_waited_for() {
        let slow = stream::iter(["a", "b", "c"]).then(async |piece| {
            tokio::time::sleep(Duration::from_secs(50)).await;
            Ok::<_, std::io::Error>(Bytes::from(piece))
        });
        let whole = Request::new(Body::from_stream(Box::pin(slow)));
        assert_eq!(read(whole, 10).await.unwrap(), "abc");

        let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from("a"))]);
        let stalled = Request::new(Body::from_stream(first.chain(stream::pending())));
        let HttpProblem(problem) = read(stalled, 10).await.unwrap_err();
        let words = "nothing more of it arrived for 60 seconds";
        assert!(problem.message.contains(words), "{problem}");
        assert!(problem.retryable);
    }
}
