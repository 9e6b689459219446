//! The HTTP call for one answer.

use std::{
    collections::VecDeque,
    time::{Duration, SystemTime},
};

use futures::{FutureExt, future::BoxFuture};
use reqwest::Response;
use tokio::time::Instant;

use crate::{
    ChatRequest, Clocks, Delta, Error, Provider, RateLimits,
    dialect::Dialect,
    ending::Ending,
    failure,
    http::{Deadline, read_reason},
    reader::Reader,
};

/// An answer on its way. Dropping it closes the upstream connection.
pub struct ChatStream {
    provider: Provider,
    clocks: Clocks,
    state: State,
    reader: Reader,
    status: Option<u16>,
    limits: RateLimits,
    /// Not every format has a word for that only one tool may be called at
    /// once; whatever it is, no more than the first call is passed on.
    one_call: bool,
    /// Deltas that came and were not asked for yet.
    ready: VecDeque<Delta>,
    /// The error behind them.
    failure: Option<Error>,
}

enum State {
    /// Nothing was sent.
    New(Box<ChatRequest>),
    Opening {
        call: BoxFuture<'static, Result<(Response, RateLimits), Error>>,
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
    pub(crate) fn new(provider: Provider, request: ChatRequest, clocks: Clocks) -> Self {
        let reader = Reader::new(provider.format(), provider.upstream.clone());
        Self {
            provider,
            clocks,
            one_call: request.params.parallel_tool_calls == Some(false),
            state: State::New(Box::new(request)),
            reader,
            status: None,
            limits: RateLimits::default(),
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
                if self.one_call && matches!(delta, Delta::Tool { index: 1.., .. }) {
                    continue;
                }
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

    /// From now on, the longest silence between two bytes.
    pub fn expect_within(&mut self, silence: Duration) {
        self.clocks.silence = self.clocks.silence.min(silence);
        if let State::Reading { deadline, .. } = &mut self.state {
            deadline.set(deadline.instant().min(Instant::now() + silence));
        }
    }

    /// The HTTP status, once one came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// What the response's headers say of the provider's limits.
    #[must_use]
    pub fn limits(&self) -> RateLimits {
        self.limits
    }

    /// Takes one step: opens the call, waits for its response, or reads on.
    async fn advance(&mut self) -> Result<(), Error> {
        let clocks = self.clocks;
        let upstream = &self.provider.upstream;
        let ending = self.reader.ending();
        match &mut self.state {
            State::New(request) => {
                let request = std::mem::take(&mut **request);
                self.state = State::Opening {
                    call: open(self.provider.clone(), request, clocks).boxed(),
                    deadline: Deadline::at(Instant::now() + clocks.first_byte),
                };
            }
            State::Opening { call, deadline } => {
                let (mut response, limits) = match deadline.limit(call).await {
                    Some(Ok(response)) => response,
                    Some(Err(failure)) => {
                        self.status = failure.status;
                        self.limits = failure.limits.as_deref().copied().unwrap_or_default();
                        return Err(failure);
                    }
                    None => return Err(upstream.no_first_byte(clocks.first_byte)),
                };
                self.status = Some(response.status().as_u16());
                self.limits = limits;
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
                    let before = self.reader.ending();
                    self.reader.push(&bytes, &mut self.ready)?;
                    let now = Instant::now();
                    deadline.set(match (before, self.reader.ending()) {
                        // Pings do not put the end off.
                        (Ending::Due { .. }, Ending::Due { counted }) => {
                            deadline.instant().min(now + end_clock(counted))
                        }
                        (_, Ending::Due { counted }) => {
                            now + clocks.silence.min(end_clock(counted))
                        }
                        (_, Ending::Open | Ending::Claimed) => now + clocks.silence,
                    });
                }
                Some(Ok(None)) => self.reader.end(&mut self.ready)?,
                // The answer is whole; what is missing is only its end mark.
                Some(Err(_)) | None if matches!(ending, Ending::Due { .. }) => {
                    self.reader.end_early(&mut self.ready)?;
                }
                None if ending == Ending::Claimed => self.reader.end_early(&mut self.ready)?,
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
async fn open(
    provider: Provider,
    request: ChatRequest,
    clocks: Clocks,
) -> Result<(Response, RateLimits), Error> {
    let mut dialect = provider.dialect(&request.model);
    let mut tries = 0;
    loop {
        let failure = match send(&provider, &request, dialect, clocks).await {
            Ok(opened) => {
                if tries > 0 {
                    provider.learn(&request.model, dialect);
                }
                return Ok(opened);
            }
            Err(failure) => failure,
        };
        // As many as there are parameters that may be refused.
        tries += 1;
        match dialect.after(provider.format(), &failure, &request) {
            Some(other) if tries <= 3 => dialect = other,
            _ => return Err(failure),
        }
    }
}

async fn send(
    provider: &Provider,
    request: &ChatRequest,
    dialect: Dialect,
    clocks: Clocks,
) -> Result<(Response, RateLimits), Error> {
    let (endpoint, upstream) = (&provider.endpoint, &provider.upstream);
    let format = endpoint.format;
    let accept = match (request.stream, format.is_lines()) {
        (false, _) => "application/json",
        (true, true) => "application/x-ndjson",
        (true, false) => "text/event-stream",
    };
    let call = provider
        .client
        .post(format.chat_url(&endpoint.base_url, request))
        .header(reqwest::header::ACCEPT, accept)
        .header(reqwest::header::CONTENT_TYPE, "application/json")
        .body(format.body(request, dialect, upstream)?);
    let mut response = provider
        .authorized(call)
        .send()
        .await
        .map_err(|error| upstream.unanswered(&error, clocks.connect))?;
    let status = response.status();
    let limits = RateLimits::read(response.headers(), SystemTime::now());
    if status.is_success() {
        return Ok((response, limits));
    }
    let body = read_reason(&mut response).await;
    let headers = response.headers();
    Err(Error {
        limits: Some(Box::new(limits)),
        ..failure::of_response(upstream, format, status, headers, &body)
    })
}
