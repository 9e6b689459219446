//! What is done when a call has failed.

use protocol::Role;

use super::*;

impl Failover {
    /// A call failed.
    pub(super) fn failed(&mut self, error: Error) {
        let fit = self.seam.take().and_then(Seam::broken);
        self.fit(fit);
        // What fitted may have come to a stop sequence.
        let State::Calling(call) = std::mem::replace(&mut self.state, State::Over) else {
            return;
        };
        let now = Instant::now();
        let (streamed, probe) = (call.running.streamed, call.probe);
        let began = call.running.output_bytes() > 0;
        let progressed = self.written.len() > call.from;
        let record = call
            .running
            .record(Outcome::Failed, Some(&error), call.stream.status());
        // What an adapter has no word for was never sent.
        let sent = call.stream.status().is_some() || error.kind != ProblemKind::BadRequest;
        drop(call);
        if sent {
            self.done.push(record);
        }
        self.log(&error);
        // What was held back; the next call goes on from what the reader has.
        self.stop = None;
        self.held.clear();
        // However often an answer breaks off, it goes on while it grows.
        if progressed {
            self.retries = 0;
        }

        let elsewhere = self.has_elsewhere(now);
        let decision = match self.may_go_on() {
            false => Decision::Fail,
            true => decide(
                &error,
                Situation {
                    retries: match self.deployment.source.config.simulated {
                        // The demo fails to be seen failing.
                        true => self.policy.retries,
                        false => self.retries,
                    },
                    elsewhere,
                    midway: self.has_grown(),
                    continuing: self.way != Way::Afresh,
                    prefilled: self.is_prefilled(),
                    streamed,
                    began,
                    // What we chose must not fail for how it was asked.
                    stands_in: self.stands_in || self.route.is_some(),
                },
                &self.policy,
            ),
        };
        self.note(&error, decision, probe, now);
        if decision == Decision::Next && progressed {
            self.return_later();
        }
        self.act(decision, error);
    }

    /// Whether the call was to go on from the model's own last words.
    fn is_prefilled(&self) -> bool {
        match self.way {
            Way::Prefill => true,
            Way::InWords => false,
            Way::Afresh => {
                let last = self.request.ask.messages.last();
                last.is_some_and(|message| message.role == Role::Assistant)
                    && self.deployment.takes_prefill()
            }
        }
    }

    /// Whether anything can be done at all. Tool calls that the reader has the
    /// half of cannot be taken back.
    fn may_go_on(&self) -> bool {
        !self.called && (self.done.len() as u32) < self.policy.attempts
    }

    /// Remembers what the failure says about the deployment.
    fn note(&self, error: &Error, decision: Decision, probe: bool, now: Instant) {
        let deployment = &self.deployment;
        if error.kind == ProblemKind::RateLimited {
            deployment.limiter.too_much();
        }
        match (&error.limits, error.retry_after) {
            // More exact than the limits' times, which may be whole seconds.
            (_, Some(wait)) if error.kind == ProblemKind::RateLimited => {
                deployment.limiter.hold(wait, now);
            }
            (Some(limits), _) => deployment.limiter.told(**limits, now),
            (None, _) => {}
        }
        // A model that is being loaded is not ailing.
        let cold = error.kind == ProblemKind::Timeout && deployment.source.config.is_local();
        let verdict = match cold {
            true => Verdict::Innocent,
            false => verdict(error),
        };
        let wait = wait_asked_for(error)
            .filter(|_| decision == Decision::Next && verdict == Verdict::Innocent);
        if deployment.failed(verdict, wait.map(bounded), probe, &self.policy, now) {
            match verdict {
                Verdict::Broken => tracing::error!(
                    provider.name = deployment.source.config.name,
                    error.kind = ?error.kind,
                    error.code = error.code,
                    "the provider's key or account does not work: nothing is asked of it for a \
                     minute at a time"
                ),
                _ => tracing::warn!(
                    provider.name = deployment.source.config.name,
                    model = deployment.model,
                    error.kind = ?error.kind,
                    "the model is left alone for a while"
                ),
            }
        }
    }

    fn act(&mut self, decision: Decision, error: Error) {
        let why = format!("{}: {}", self.deployment.id, error.message);
        let going_on = self.has_grown();
        let elsewhere = self.elsewhere();
        if decision != Decision::InWords {
            self.remember(error.clone());
            self.way = Way::Afresh;
        }
        match decision {
            Decision::Again(wait) => {
                self.retries += 1;
                self.reason = match going_on {
                    true => AttemptReason::Continuation,
                    false => AttemptReason::Retry,
                };
                self.waited += wait;
                let mut status = self.status(Phase::Retrying);
                status.reason = Some(why);
                status.retry_in_ms = Some(wait.as_millis() as u64);
                self.ready.push_back(Step::Status(status));
                self.state = State::Pausing(Box::pin(sleep(wait)));
            }
            Decision::InWords => {
                self.deployment.refused_prefill();
                self.reason = match going_on {
                    true => AttemptReason::Continuation,
                    false => AttemptReason::Retry,
                };
                self.way = match self.written.is_empty() {
                    true => Way::Afresh,
                    false => Way::InWords,
                };
                self.enter();
            }
            Decision::Unstreamed => {
                if error.kind != ProblemKind::Malformed {
                    self.deployment.refused_streaming(Instant::now());
                }
                self.reason = AttemptReason::Unstreamed;
                self.unstreamed = true;
                let mut status = self.status(Phase::Retrying);
                status.reason = Some(format!(
                    "{} does not stream: the answer comes in one piece",
                    self.deployment.id
                ));
                self.ready.push_back(Step::Status(status));
                self.enter();
            }
            Decision::Next => self.go_elsewhere(elsewhere, why),
            Decision::Larger => {
                let window = self.deployment.facts.context;
                let larger = |it: &Arc<Deployment>| it.facts.context > window.or(Some(0));
                self.plan.retain(|it| window.is_some() && larger(it));
                self.go_elsewhere(elsewhere, why);
            }
            Decision::Fail => self.give_up(),
        }
    }

    /// Keeps the failure that says most: what the first model met, unless
    /// only a later one tells what was wrong with the request.
    fn remember(&mut self, error: Error) {
        let final_word = matches!(
            error.kind,
            ProblemKind::ContentBlocked | ProblemKind::ContextTooLong
        );
        if self.failure.is_none() || final_word {
            self.failure = Some(error);
        }
    }

    /// Nobody is left to ask.
    pub(super) fn give_up(&mut self) {
        self.state = State::Over;
        let problem = match &self.failure {
            Some(error) => error.to_problem(),
            None => Problem::new(ProblemKind::Overloaded, "No model could be asked."),
        };
        let mut asked: Vec<_> = self
            .done
            .iter()
            .map(|done| (&done.provider, &done.model))
            .collect();
        asked.sort();
        asked.dedup();
        let problem = match asked.len() {
            0 | 1 => problem,
            several => Problem {
                advice: format!(
                    "{several} models were asked, and none could answer. {}",
                    problem.advice
                )
                .trim_end()
                .to_owned(),
                ..problem
            },
        };
        self.tell_usage();
        self.ready.push_back(Step::Failed(problem));
    }

    /// What another model wrote does not go with what was sent, and that
    /// cannot be taken back.
    pub(super) fn does_not_fit(&mut self) {
        let message = "The answer broke off, and what another model wrote did not continue it.";
        let error = own_error(ProblemKind::CutOff, &self.deployment, message.to_owned());
        if let State::Calling(call) = std::mem::replace(&mut self.state, State::Over) {
            let status = call.stream.status();
            self.done
                .push(call.running.record(Outcome::Stopped, None, status));
            if call.probe {
                self.deployment.abandoned();
            }
        }
        self.failure = Some(error);
        self.give_up();
    }

    fn log(&self, error: &Error) {
        tracing::warn!(
            turn.id = %self.request.turn,
            provider.name = self.deployment.source.config.name,
            model = self.deployment.model,
            attempt = self.done.len(),
            error.kind = ?error.kind,
            error.code = error.code,
            http.status = error.status,
            error.message = own_words(error),
            "an attempt failed"
        );
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

/// No provider is left alone for longer than this for a wait that it asked
/// for.
fn bounded(wait: Duration) -> Duration {
    wait.min(Duration::from_secs(300))
}
