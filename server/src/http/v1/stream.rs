//! A completion as a stream of events.

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{FutureExt, stream};
use gateway::Step;
use protocol::sse;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::{
    Identity,
    books::describe,
    call::{Call, cut_off},
    chunks::Chunks,
    error::ApiError,
};

/// How often a comment goes out, whether or not the stream is quiet.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long the response's head waits for the first word: clients and proxies
/// give up on a connection on which nothing comes.
const HEAD_WAITS: Duration = Duration::from_secs(10);
/// About how many bytes go out at once where more is there already.
const BITE: usize = 16 << 10;

/// Answers while the answer is being written.
///
/// # Errors
/// Where nobody could answer, and that is known soon.
pub(super) async fn respond(
    mut call: Call,
    identity: Identity,
    include_usage: bool,
) -> Result<Response, ApiError> {
    // The head tells who answers, so it waits for the first word. Until then a
    // failure still has a status of its own.
    let first = match timeout(HEAD_WAITS, call.first()).await {
        Ok(first) => Some(first?),
        Err(_) => None,
    };
    let report = call.report();
    let telling = Telling {
        call,
        identity,
        include_usage,
        chunks: None,
        beats: Box::pin(sleep(match first {
            Some(_) => HEARTBEAT,
            None => Duration::ZERO,
        })),
        first,
        ended: false,
    };
    let mut response = Body::from_stream(told(telling)).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        // With these a default nginx passes each event on at once.
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    describe(headers, &report, false);
    Ok(response)
}

/// A stream being told.
struct Telling {
    call: Call,
    identity: Identity,
    include_usage: bool,
    /// From the first step on, when it is known who answers.
    chunks: Option<Chunks>,
    first: Option<Step>,
    beats: Pin<Box<Sleep>>,
    ended: bool,
}

impl Telling {
    /// Writes a step.
    fn tell(&mut self, step: Step) {
        let chunks = self.chunks.get_or_insert_with(|| {
            let model = self.call.report().model.unwrap_or_default();
            Chunks::new(&self.identity, &model, self.include_usage)
        });
        self.ended = true;
        match step {
            Step::Finished(reason) => chunks.finish(&reason, &self.call.report()),
            Step::Failed(problem) => chunks.fail(&ApiError::from(problem)),
            // Not asked for: the caller may not take text back.
            Step::Replace { .. } => chunks.fail(&self.call.failed(cut_off())),
            step => {
                chunks.step(&step);
                self.ended = false;
            }
        }
    }

    fn is_full(&self) -> bool {
        self.chunks.as_ref().is_some_and(|it| it.len() >= BITE)
    }
}

/// The events of an answer.
fn told(telling: Telling) -> impl stream::Stream<Item = Result<Bytes, Infallible>> + Send {
    stream::unfold(telling, |mut it| async move {
        if it.ended {
            return None;
        }
        let step = match it.first.take() {
            Some(step) => step,
            None => tokio::select! {
                biased;
                step = it.call.next() => step,
                () = &mut it.beats => {
                    it.beats.as_mut().reset(Instant::now() + HEARTBEAT);
                    return Some((Ok(Bytes::from_static(sse::HEARTBEAT.as_bytes())), it));
                }
            },
        };
        // An upstream that always has more must not keep others waiting.
        tokio::task::consume_budget().await;
        it.tell(step);
        // What is there already goes along.
        while !it.ended && !it.is_full() {
            match it.call.next().now_or_never() {
                Some(step) => it.tell(step),
                None => break,
            }
        }
        let bytes = it.chunks.as_mut().map(Chunks::take).unwrap_or_default();
        Some((Ok(bytes), it))
    })
}
