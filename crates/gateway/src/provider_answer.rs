//! One answer by one attempt at one provider, and the record of it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use protocol::{Attempt, AttemptId, Outcome, Phase, Problem, ProblemKind, Status, TurnId, Usage};
use providers::{ChatRequest, ChatStream, Delta, Error, OpenAi};
use uuid::Uuid;

use crate::{Answer, Step};

/// An answer that the chosen provider gives.
pub(crate) struct ProviderAnswer {
    turn: TurnId,
    provider: String,
    /// As the provider names it.
    model: String,
    /// The most tokens asked for, where the request has a limit.
    limit: Option<u64>,
    /// Bytes of the request's texts, for the estimate.
    input_bytes: usize,
    stream: ChatStream,
    /// Whether the step that says who is asked was taken.
    announced: bool,
    /// When the request was sent; nothing was attempted without it.
    sent: Option<(SystemTime, Instant)>,
    first_token: Option<Duration>,
    answered_by: Option<String>,
    /// What the provider last reported.
    usage: Option<Usage>,
    output_bytes: usize,
    end: Option<End>,
    /// The terminal step, where an estimate of the tokens goes before it.
    last: Option<Step>,
}

/// How the attempt ended.
struct End {
    after: Duration,
    failure: Option<Error>,
}

impl ProviderAnswer {
    pub(crate) fn new(
        turn: TurnId,
        provider: &str,
        client: &OpenAi,
        request: &ChatRequest,
    ) -> Self {
        let settings = &request.settings;
        let system = settings.system.as_deref().unwrap_or_default();
        let said: usize = request
            .messages
            .iter()
            .map(|message| message.text.len())
            .sum();
        Self {
            turn,
            provider: provider.to_owned(),
            model: request.model.clone(),
            limit: settings.max_tokens.map(u64::from),
            input_bytes: system.len() + said,
            stream: client.chat(request),
            announced: false,
            sent: None,
            first_token: None,
            answered_by: None,
            usage: None,
            output_bytes: 0,
            end: None,
            last: None,
        }
    }

    fn waiting(&self) -> Step {
        Step::Status(Status {
            phase: Phase::Waiting,
            provider: Some(self.provider.clone()),
            model: Some(format!("{}/{}", self.provider, self.model)),
            attempt: Some(1),
            expected_tokens: self.limit,
            ..Status::default()
        })
    }

    /// The step that a delta is; `None` for one that only the record wants.
    fn step(&mut self, delta: Delta) -> Option<Step> {
        match delta {
            Delta::Started { model } => {
                self.answered_by = model;
                None
            }
            Delta::Text(text) => {
                self.wrote(text.len());
                Some(Step::Text(text))
            }
            Delta::Thinking(text) => {
                self.wrote(text.len());
                Some(Step::Thinking(text))
            }
            Delta::Tool {
                index,
                id,
                name,
                arguments,
            } => {
                self.output_bytes += arguments.len() + name.as_ref().map_or(0, String::len);
                Some(Step::Tool {
                    index,
                    id,
                    name,
                    arguments,
                })
            }
            Delta::Usage(usage) => {
                self.usage = Some(usage);
                Some(Step::Usage(usage))
            }
            Delta::Finished(reason) => Some(self.ended(None, Step::Finished(reason))),
        }
    }

    fn wrote(&mut self, bytes: usize) {
        self.output_bytes += bytes;
        if self.first_token.is_none() {
            self.first_token = Some(self.elapsed());
        }
    }

    fn failed(&mut self, error: Error) -> Step {
        tracing::warn!(
            turn.id = %self.turn,
            provider.name = self.provider,
            error.kind = ?error.kind,
            error.code = error.code,
            http.status = error.status,
            error.message = own_words(&error),
            "an attempt failed"
        );
        let problem = error.to_problem();
        self.ended(Some(error), Step::Failed(problem))
    }

    /// Notes the end. Where the provider never counted what it wrote, an
    /// estimate comes before the terminal step.
    fn ended(&mut self, failure: Option<Error>, terminal: Step) -> Step {
        let wrote = failure.is_none() || self.output_bytes > 0;
        self.end = Some(End {
            after: self.elapsed(),
            failure,
        });
        if self.usage.is_none() && wrote {
            self.last = Some(terminal);
            return Step::Usage(self.estimate());
        }
        terminal
    }

    fn estimate(&self) -> Usage {
        Usage {
            input: Some(Usage::estimate_tokens(self.input_bytes)),
            output: Some(Usage::estimate_tokens(self.output_bytes)),
            estimated: true,
            ..Usage::default()
        }
    }

    fn elapsed(&self) -> Duration {
        self.sent.map_or(Duration::ZERO, |(_, at)| at.elapsed())
    }

    /// The tokens of the record. A call that failed before the first token is
    /// not billed anywhere; one that we closed may be.
    fn recorded_usage(&self) -> Usage {
        let failed = self.end.as_ref().is_some_and(|end| end.failure.is_some());
        match self.usage {
            Some(usage) => usage,
            None if failed && self.output_bytes == 0 => Usage::default(),
            None => self.estimate(),
        }
    }
}

#[async_trait]
impl Answer for ProviderAnswer {
    async fn next(&mut self) -> Option<Step> {
        if !self.announced {
            self.announced = true;
            return Some(self.waiting());
        }
        if self.end.is_some() {
            return self.last.take();
        }
        if self.sent.is_none() {
            self.sent = Some((SystemTime::now(), Instant::now()));
        }
        loop {
            let step = match self.stream.next().await? {
                Ok(delta) => self.step(delta),
                Err(error) => Some(self.failed(error)),
            };
            if step.is_some() {
                return step;
            }
        }
    }

    fn close(self: Box<Self>) -> Vec<Attempt> {
        let Some((at, _)) = self.sent else {
            return Vec::new();
        };
        let failure = self.end.as_ref().and_then(|end| end.failure.as_ref());
        let outcome = match (&self.end, failure) {
            (None, _) => Outcome::Stopped,
            (Some(_), None) => Outcome::Finished,
            (Some(_), Some(_)) => Outcome::Failed,
        };
        let duration = self
            .end
            .as_ref()
            .map_or_else(|| self.elapsed(), |end| end.after);
        let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        vec![Attempt {
            id: AttemptId(Uuid::now_v7()),
            turn: self.turn,
            number: 1,
            started_ms: since_epoch.as_millis() as i64,
            first_token_ms: self.first_token.map(|after| after.as_millis() as u64),
            duration_ms: duration.as_millis() as u64,
            outcome,
            problem: failure.map(|error| error.kind),
            status: failure
                .and_then(|error| error.status)
                .or(self.stream.status()),
            code: failure.and_then(|error| error.code.clone()),
            usage: self.recorded_usage(),
            answered_by: self.answered_by.clone(),
            provider: self.provider.clone(),
            model: self.model.clone(),
        }]
    }
}

/// The message, where it is ours: a provider's may quote the prompt.
fn own_words(error: &Error) -> Option<&str> {
    let ours = matches!(
        error.kind,
        ProblemKind::Unreachable | ProblemKind::Timeout | ProblemKind::CutOff
    ) && error.status.is_none()
        && error.code.is_none();
    ours.then_some(error.message.as_str())
}

/// An answer that cannot be asked of anybody.
pub(crate) struct Refusal(Option<Problem>);

impl Refusal {
    pub(crate) fn new(problem: Problem) -> Self {
        Self(Some(problem))
    }
}

#[async_trait]
impl Answer for Refusal {
    async fn next(&mut self) -> Option<Step> {
        self.0.take().map(Step::Failed)
    }

    fn close(self: Box<Self>) -> Vec<Attempt> {
        Vec::new()
    }
}
