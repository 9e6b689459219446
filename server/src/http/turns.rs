//! Turns: start, watch, stop.

use std::convert::Infallible;

use axum::{
    Json,
    body::Body,
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use engine::{Bite, Watcher};
use futures::stream;
use protocol::{
    Event, Problem, ProblemKind, TurnId,
    api::{self, StartTurn, Stop},
    sse,
};
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    AppState, HttpProblem,
    body::{self, IdPath, JsonBody},
    streams::{self, HEARTBEAT},
};

/// How events are written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Sse,
    Ndjson,
    Text,
}

pub(super) async fn start(
    State(state): State<AppState>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<StartTurn>,
) -> Result<Response, HttpProblem> {
    let started = state.engine.start(request).await?;
    let Some(format) = Format::asked_for(&headers) else {
        let location = [(
            header::LOCATION,
            format!("{}/{}/events", api::TURNS, started.turn),
        )];
        return Ok((StatusCode::CREATED, location, Json(started)).into_response());
    };
    let watcher = state.engine.watch(started.turn, 0).await?;
    Ok(format.respond(watcher))
}

#[derive(Deserialize)]
pub(super) struct After {
    after: Option<u64>,
}

pub(super) async fn events(
    State(state): State<AppState>,
    IdPath(turn): IdPath<TurnId>,
    query: Result<Query<After>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let Ok(Query(After { after })) = query else {
        return Err(bad_position("`after`"));
    };
    // A browser that reconnects repeats the address and adds the header, which
    // is therefore the newer of the two.
    let after = last_event_id(&headers)?.or(after).unwrap_or(0);
    let format = Format::asked_for(&headers).unwrap_or(Format::Sse);
    let watcher = state.engine.watch(turn, after).await?;
    Ok(format.respond(watcher))
}

pub(super) async fn stop(
    State(state): State<AppState>,
    IdPath(turn): IdPath<TurnId>,
    request: Request,
) -> Result<StatusCode, HttpProblem> {
    let body = body::read(request, state.body_limit()).await?;
    // Stop must be easy to send: without a body everything received is kept.
    let stop = if body.is_empty() {
        Stop::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| {
            let message = format!("The body is not what this address takes: {error}.");
            Problem::new(ProblemKind::BadRequest, message)
        })?
    };
    state.engine.stop(turn, stop).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, HttpProblem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let number = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    number
        .map(Some)
        .ok_or_else(|| bad_position("`Last-Event-ID`"))
}

fn bad_position(name: &str) -> HttpProblem {
    let message = format!("{name} must be the number of an event, 0 or more.");
    Problem::new(ProblemKind::BadRequest, message).into()
}

impl Format {
    /// The first of our formats that `Accept` names.
    fn asked_for(headers: &HeaderMap) -> Option<Self> {
        let accept = headers.get(header::ACCEPT)?.to_str().ok()?;
        accept
            .split(',')
            .find_map(|part| match part.split(';').next()?.trim() {
                "text/event-stream" => Some(Self::Sse),
                "application/x-ndjson" => Some(Self::Ndjson),
                "text/plain" => Some(Self::Text),
                _ => None,
            })
    }

    fn respond(self, watcher: Watcher) -> Response {
        let content_type = match self {
            Self::Sse => "text/event-stream",
            Self::Ndjson => "application/x-ndjson",
            Self::Text => "text/plain; charset=utf-8",
        };
        let mut response = match self {
            Self::Text => Body::from_stream(text(watcher)),
            _ => Body::from_stream(self.stream(watcher)),
        }
        .into_response();
        streams::set_headers(response.headers_mut(), content_type);
        response
    }

    fn stream(
        self,
        watcher: Watcher,
    ) -> impl futures::Stream<Item = Result<Bytes, Infallible>> + Send {
        let heartbeat = match self {
            Self::Sse => sse::HEARTBEAT,
            _ => "\n",
        };
        // Beats whether or not the stream is quiet: a timer set anew for each
        // event would cost more than a comment every ten seconds.
        let beats = Box::pin(tokio::time::sleep(HEARTBEAT));
        stream::unfold(
            (watcher, beats),
            move |(mut watcher, mut beats)| async move {
                let bytes = tokio::select! {
                    biased;
                    bite = watcher.next() => self.encode(&bite?),
                    () = &mut beats => {
                        beats.as_mut().reset(Instant::now() + HEARTBEAT);
                        Bytes::from_static(heartbeat.as_bytes())
                    }
                };
                Some((Ok(bytes), (watcher, beats)))
            },
        )
    }

    fn encode(self, bite: &Bite) -> Bytes {
        if self == Self::Sse {
            return bite.sse();
        }
        // An entry is plain data, which always serialises.
        let mut line = serde_json::to_vec(bite.entry()).unwrap_or_default();
        line.push(b'\n');
        line.into()
    }
}

/// The bare text. It can take nothing back, so an answer that fails, that a
/// shutdown interrupts, or whose sent text is replaced, breaks off: the
/// connection ends without its mark, which the caller sees as an error and
/// never as a whole answer.
fn text(watcher: Watcher) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send {
    stream::unfold(Some((watcher, 0_usize)), |state| async move {
        let (mut watcher, mut sent) = state?;
        while let Some(bite) = watcher.next().await {
            let delta = match bite.event() {
                Event::Text { delta } => delta.clone(),
                Event::Replace { keep, text } if *keep >= sent => text.clone(),
                // Stop cut off what had been sent and not yet shown.
                Event::Replace { text, .. } if text.is_empty() => continue,
                Event::Replace { .. } | Event::Failed(_) => break,
                Event::Finished(_) | Event::Stopped(_) => return None,
                _ => continue,
            };
            if delta.is_empty() {
                continue;
            }
            sent += delta.chars().count();
            return Some((Ok(Bytes::from(delta)), Some((watcher, sent))));
        }
        // What was sent before leaves while this waits; the error itself would
        // take it along.
        tokio::task::yield_now().await;
        Some((Err(std::io::Error::other("the answer broke off")), None))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_chosen_by_accept() {
        for (accept, expected) in [
            ("text/event-stream", Some(Format::Sse)),
            ("application/x-ndjson, */*", Some(Format::Ndjson)),
            ("text/plain;q=0.9, text/event-stream", Some(Format::Text)),
            ("application/json", None),
            ("*/*", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(Format::asked_for(&headers), expected, "{accept}");
        }
    }
}
