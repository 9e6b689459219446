//! One answer, whatever it takes: deployments are asked one after another
//! until the answer is whole, and what they wrote is joined.

use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{FutureExt, future::BoxFuture};
use protocol::{
    Attempt, AttemptReason, Outcome, Phase, Problem, ProblemKind, Saving, Status, Usage,
};
use providers::{ChatStream, Delta, Error, FinishReason};
use tokio::time::{Instant, Sleep, sleep, timeout_at};

use crate::{
    Answer, AnswerRequest, Policy, Report, Step,
    attempt::{Running, Why, total},
    breaker::Admission,
    cost::cost,
    deployment::Deployment,
    limiter::Permit,
    policy::{Decision, Situation, Verdict, decide, verdict, wait_asked_for},
    route::Chain,
    seals::{Seal, Seals},
    seam::{Fit, Seam},
    stop_phrases::{Shown, StopPhrases},
};

mod asking;
mod failing;
mod refused;
mod writing;

pub(crate) use refused::Refused;

/// How long a call waits for its place where another deployment could answer.
const QUEUE_ELSEWHERE: Duration = Duration::from_secs(2);
/// How long a local model may take to be loaded.
const LOCAL_FIRST_TOKEN: Duration = Duration::from_secs(120);
/// How long a model may think before its first word: most do not show it.
const THOUGHTFUL_FIRST_TOKEN: Duration = Duration::from_secs(60);

/// An answer by a chain of deployments.
pub(crate) struct Failover {
    request: AnswerRequest,
    policy: Arc<Policy>,
    seals: Arc<Seals>,
    /// Whom else to ask, in order.
    plan: VecDeque<Arc<Deployment>>,
    /// Who was put back into the plan.
    returned: Vec<Arc<Deployment>>,
    route: Option<String>,
    /// What the answer would have been asked of without a choice.
    against: Option<Arc<Deployment>>,
    /// Who is asked now.
    deployment: Arc<Deployment>,
    /// Whether in place of another.
    stands_in: bool,
    reason: AttemptReason,
    way: Way,
    /// Whether the present deployment is asked without streaming.
    unstreamed: bool,
    /// How often the present deployment was asked again.
    retries: u32,
    waited: Duration,
    done: Vec<Attempt>,
    state: State,
    ready: VecDeque<Step>,
    /// What the reader has of the answer.
    written: String,
    /// Whether the reader has a part of a tool call.
    called: bool,
    /// Who wrote the last of what the reader has.
    author: Option<Arc<Deployment>>,
    /// Which attempt's thinking the reader has.
    thinker: Option<usize>,
    /// The tool calls of the present call, where they are shown at the end.
    held: Vec<Step>,
    seam: Option<Seam>,
    stop: Option<StopPhrases>,
    told_at: usize,
    /// What was last told of tokens and cost.
    told: Usage,
    /// The failure that the reader is told of if all fails.
    failure: Option<Error>,
}

/// How the present deployment is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the beginning.
    Afresh,
    /// To go on, by prefill.
    Prefill,
    /// To go on, in words.
    InWords,
}

enum State {
    Begin,
    /// Backing off.
    Pausing(Pin<Box<Sleep>>),
    /// Waiting for a place among the deployment's calls.
    Queueing {
        place: BoxFuture<'static, Permit>,
        since: Instant,
    },
    Calling(Box<Call>),
    Over,
}

struct Call {
    stream: ChatStream,
    /// Whether it finds out how the deployment is.
    probe: bool,
    /// The thinking that came since the last seal, and what was sealed last.
    thought: String,
    sealed: Option<Arc<(String, String)>>,
    /// How long it may be silent once it writes.
    stall: Option<Duration>,
    /// How much the reader had when it began, in bytes.
    from: usize,
    /// Whether the request has been sent.
    sent: bool,
    running: Running,
    /// When the first token must have come.
    deadline: Option<Instant>,
    _permit: Permit,
}

impl Failover {
    pub(crate) fn new(
        request: AnswerRequest,
        chain: Chain,
        policy: Arc<Policy>,
        seals: Arc<Seals>,
    ) -> Self {
        let Chain {
            first,
            others,
            route,
            against,
        } = chain;
        Self {
            written: request.options.begun.clone(),
            request,
            policy,
            seals,
            plan: others.into(),
            returned: Vec::new(),
            route,
            against,
            deployment: first,
            stands_in: false,
            reason: AttemptReason::First,
            way: Way::Afresh,
            unstreamed: false,
            retries: 0,
            waited: Duration::ZERO,
            done: Vec::new(),
            state: State::Begin,
            ready: VecDeque::new(),
            called: false,
            author: None,
            thinker: None,
            held: Vec::new(),
            seam: None,
            stop: None,
            told_at: 0,
            told: Usage::default(),
            failure: None,
        }
    }

    /// Tokens and cost of all attempts so far.
    fn usage(&self) -> Usage {
        let running = match &self.state {
            State::Calling(call) => Some(call.running.usage(false)),
            _ => None,
        };
        total(self.done.iter().map(|done| done.usage).chain(running))
    }

    fn status(&self, phase: Phase) -> Status {
        let name = &self.deployment.source.config.name;
        Status {
            phase,
            provider: Some(name.clone()),
            model: Some(self.deployment.id.clone()),
            attempt: Some(self.done.len() as u32 + 1),
            expected_tokens: self.expected_tokens(),
            ..Status::default()
        }
    }

    /// How long the answer is thought to become: as the model's usually do, and
    /// no longer than it may. Of one that was begun before nobody knows how much
    /// is missing.
    fn expected_tokens(&self) -> Option<u64> {
        let most = self.request.ask.params.max_tokens.map(u64::from);
        let is_whole = self.request.options.begun.is_empty();
        let typical = self.deployment.typical_tokens().filter(|_| is_whole);
        typical.into_iter().chain(most).min()
    }

    /// Whether the reader has something of this answer that was not there when
    /// it was asked for.
    fn has_grown(&self) -> bool {
        self.written != self.request.options.begun
    }

    /// What the choice of the model is thought to have saved.
    fn saving(&self, usage: &Usage) -> Option<Saving> {
        let against = self.against.as_ref()?;
        let asked = |it: &Attempt| format!("{}/{}", it.provider, it.model) == against.id;
        if self.done.iter().any(asked) || self.deployment.id == against.id {
            return None;
        }
        let (cost_there, cost_here) = (cost(usage, against.facts.price.as_ref())?, usage.cost?);
        (cost_there > cost_here).then(|| Saving {
            usd: crate::cost::difference(cost_there, cost_here),
            against: Some(against.id.clone()),
        })
    }
}

#[async_trait]
impl Answer for Failover {
    async fn next(&mut self) -> Option<Step> {
        loop {
            if let Some(step) = self.ready.pop_front() {
                return Some(step);
            }
            match &mut self.state {
                State::Begin => self.begin(),
                State::Pausing(pause) => {
                    pause.await;
                    let status = self.status(Phase::Waiting);
                    self.ready.push_back(Step::Status(status));
                    self.enter();
                }
                State::Queueing { place, since } => {
                    let since = *since;
                    let place =
                        timeout_at(since + longest_queue(&self.policy, &self.plan), place).await;
                    self.waited += since.elapsed();
                    match place {
                        Ok(permit) => {
                            let status = self.status(Phase::Waiting);
                            self.ready.push_back(Step::Status(status));
                            self.call(permit);
                        }
                        Err(_) => self.crowded(None),
                    }
                }
                State::Calling(call) => {
                    call.sent = true;
                    let item = match call.deadline {
                        None => call.stream.next().await,
                        Some(deadline) => match timeout_at(deadline, call.stream.next()).await {
                            Ok(item) => item,
                            Err(_) => Some(Err(self.no_first_token())),
                        },
                    };
                    self.take(item);
                }
                State::Over => return None,
            }
        }
    }

    fn report(&self) -> Report {
        let mut attempts = self.done.clone();
        if let State::Calling(call) = &self.state
            && call.sent
        {
            attempts.push(
                call.running
                    .record(Outcome::Stopped, None, call.stream.status()),
            );
        }
        let usage = self.usage();
        Report {
            attempts,
            model: Some(self.author.as_ref().unwrap_or(&self.deployment).id.clone()),
            saving: self.saving(&usage),
            usage,
            route: self.route.clone(),
            cached: false,
        }
    }

    fn close(self: Box<Self>) -> Report {
        self.report()
    }
}

impl Drop for Failover {
    /// The place among the calls goes with the call; the probe has to be given
    /// back, also where nobody asks for the books.
    fn drop(&mut self) {
        if let State::Calling(call) = &self.state
            && call.probe
        {
            self.deployment.abandoned();
        }
    }
}

/// How long a call waits for its place.
fn longest_queue(policy: &Policy, plan: &VecDeque<Arc<Deployment>>) -> Duration {
    match plan.is_empty() {
        true => policy.wait_alone,
        false => QUEUE_ELSEWHERE.min(policy.wait_alone),
    }
}

/// An error that we and not the provider tell of.
fn own_error(kind: ProblemKind, deployment: &Deployment, message: String) -> Error {
    Error {
        kind,
        provider: deployment.source.config.name.clone(),
        message,
        status: None,
        code: None,
        retry_after: None,
        should_retry: None,
        refuses: None,
        limits: None,
    }
}
