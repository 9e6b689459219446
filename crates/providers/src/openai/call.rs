//! The HTTP call for one answer.

use std::{collections::VecDeque, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use reqwest::Response;
use tokio::time::Instant;

use super::{
    OpenAi, failure,
    reader::Reader,
    request::{Body, Dialect},
};
use crate::{
    ChatRequest, Delta, Error,
    http::{Deadline, read_bounded},
};

/// How much of a failed response's body is read for its reason.
const ERROR_BODY_LIMIT: usize = 64 << 10;

/// An answer on its way. Dropping it closes the upstream connection.
pub struct ChatStream {
    provider: OpenAi,
    state: State,
    reader: Reader,
    status: Option<u16>,
    /// Deltas that came and were not asked for yet.
    ready: VecDeque<Delta>,
    /// The error behind them.
    failure: Option<Error>,
}

enum State {
    /// Nothing was sent.
    New(Box<ChatRequest>),
    Opening {
        call: BoxFuture<'static, Result<Response, Error>>,
        /// When the first byte must have come.
        deadline: Deadline,
    },
    Reading {
        response: Response,
        /// When the next byte must have come.
        deadline: Deadline,
        begun: bool,
    },
    Ended,
}

impl ChatStream {
    pub(super) fn new(provider: OpenAi, request: ChatRequest) -> Self {
        let reader = Reader::new(provider.upstream.clone());
        Self {
            provider,
            state: State::New(Box::new(request)),
            reader,
            status: None,
            ready: VecDeque::new(),
            failure: None,
        }
    }

    /// The next piece of the answer; sends the request when first called.
    /// `None` only after [`Delta::Finished`] or an error, one of which always
    /// comes. Cancel-safe: a call that was dropped has lost nothing.
    pub async fn next(&mut self) -> Option<Result<Delta, Error>> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                if matches!(delta, Delta::Finished(_)) {
                    self.failure = None;
                    self.close();
                }
                return Some(Ok(delta));
            }
            if let Some(failure) = self.failure.take() {
                self.state = State::Ended;
                return Some(Err(failure));
            }
            if matches!(self.state, State::Ended) {
                return None;
            }
            if let Err(failure) = self.advance().await {
                self.failure = Some(failure);
            }
        }
    }

    /// The HTTP status, once one came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Takes one step: opens the call, waits for its response, or reads on.
    async fn advance(&mut self) -> Result<(), Error> {
        let clocks = self.provider.endpoint.clocks;
        let upstream = &self.provider.upstream;
        match &mut self.state {
            State::New(request) => {
                let request = std::mem::take(&mut **request);
                self.state = State::Opening {
                    call: open(self.provider.clone(), request).boxed(),
                    deadline: Deadline::at(Instant::now() + clocks.first_byte),
                };
            }
            State::Opening { call, deadline } => {
                let mut response = match deadline.limit(call).await {
                    Some(Ok(response)) => response,
                    Some(Err(failure)) => {
                        self.status = failure.status;
                        return Err(failure);
                    }
                    None => return Err(upstream.no_first_byte(clocks.first_byte)),
                };
                self.status = Some(response.status().as_u16());
                // They are slices of the connection's first buffer, which they
                // would hold as long as the answer takes.
                response.headers_mut().clear();
                let deadline = Deadline::at(deadline.instant());
                self.state = State::Reading {
                    response,
                    deadline,
                    begun: false,
                };
            }
            State::Reading {
                response,
                deadline,
                begun,
            } => match deadline.limit(response.chunk()).await {
                Some(Ok(Some(bytes))) => {
                    *begun = true;
                    let was_finishing = self.reader.mapper.is_finishing();
                    self.reader.push(&bytes, &mut self.ready)?;
                    let mapper = &self.reader.mapper;
                    let now = Instant::now();
                    deadline.set(match (was_finishing, mapper.is_finishing()) {
                        (_, false) => now + clocks.silence,
                        (false, true) => now + clocks.silence.min(end_clock(mapper.has_usage())),
                        // Pings do not put the end off.
                        (true, true) => {
                            (deadline.instant()).min(now + end_clock(mapper.has_usage()))
                        }
                    });
                }
                Some(Ok(None)) => self.reader.end(&mut self.ready)?,
                // The answer is whole; what is missing is only its end mark.
                Some(Err(_)) | None if self.reader.mapper.is_finishing() => {
                    self.reader.mapper.end(&mut self.ready)?;
                }
                Some(Err(broken)) => return Err(upstream.cut_off(Some(&broken))),
                None if *begun => return Err(upstream.silent(clocks.silence)),
                None => return Err(upstream.no_first_byte(clocks.first_byte)),
            },
            State::Ended => {}
        }
        Ok(())
    }

    /// Ends a whole answer. The body's end usually came together with the end
    /// mark; taking note of it lets the connection serve the next request.
    fn close(&mut self) {
        if let State::Reading { response, .. } = &mut self.state {
            let _ = response.chunk().now_or_never();
        }
        self.state = State::Ended;
    }
}

/// How long the end mark, and the token counts before it, may take after the
/// finish reason. A server that never sends them has still given the whole
/// answer.
fn end_clock(has_usage: bool) -> Duration {
    Duration::from_millis(if has_usage { 100 } else { 1_000 })
}

/// Sends the request, once more where the server does not take a parameter.
async fn open(provider: OpenAi, request: ChatRequest) -> Result<Response, Error> {
    let mut dialect = Dialect::first(provider.is_openai());
    let mut tries = 0;
    loop {
        let failure = match send(&provider, &Body::new(&request, dialect)).await {
            Ok(response) => return Ok(response),
            Err(failure) => failure,
        };
        // As many as there are parameters that may be refused.
        tries += 1;
        match dialect.after(&failure, &request) {
            Some(other) if tries <= 3 => dialect = other,
            _ => return Err(failure),
        }
    }
}

async fn send(provider: &OpenAi, body: &Body<'_>) -> Result<Response, Error> {
    let upstream = &provider.upstream;
    let clocks = provider.endpoint.clocks;
    let request = provider
        .client
        .post(provider.url(&["chat", "completions"]))
        .header(reqwest::header::ACCEPT, "text/event-stream")
        .json(body);
    let mut response = provider
        .authorized(request)
        .send()
        .await
        .map_err(|error| upstream.unanswered(&error, clocks.connect))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    // A reason that cannot be read in full is no reason to lose the status.
    let body = read_bounded(&mut response, ERROR_BODY_LIMIT)
        .await
        .unwrap_or_default();
    let headers = response.headers();
    Err(failure::of_response(upstream, status, headers, &body))
}
