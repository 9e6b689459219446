//! The books of one attempt while it runs, and of all of an answer's together.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use protocol::{Attempt, AttemptId, AttemptReason, Outcome, TurnId, Usage};
use providers::Error;
use uuid::Uuid;

use crate::{cost::cost, deployment::Deployment};

/// An attempt that runs.
pub(crate) struct Running {
    id: AttemptId,
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) reason: AttemptReason,
    pub(crate) streamed: bool,
    turn: TurnId,
    number: u32,
    waited: Duration,
    route: Option<String>,
    began: SystemTime,
    sent: Instant,
    pub(crate) first_token: Option<Duration>,
    pub(crate) answered_by: Option<String>,
    /// What the provider last reported.
    usage: Option<Usage>,
    input_bytes: usize,
    output_bytes: usize,
    /// We ended it: no final count will come.
    pub(crate) cut_short: bool,
}

/// What makes an attempt what it is.
pub(crate) struct Why {
    pub(crate) turn: TurnId,
    pub(crate) number: u32,
    pub(crate) reason: AttemptReason,
    pub(crate) streamed: bool,
    pub(crate) waited: Duration,
    pub(crate) route: Option<String>,
    /// Bytes of the request, for an estimate.
    pub(crate) input_bytes: usize,
}

impl Running {
    pub(crate) fn new(deployment: Arc<Deployment>, why: Why) -> Self {
        Self {
            id: AttemptId(Uuid::now_v7()),
            deployment,
            reason: why.reason,
            streamed: why.streamed,
            turn: why.turn,
            number: why.number,
            waited: why.waited,
            route: why.route,
            began: SystemTime::now(),
            sent: Instant::now(),
            first_token: None,
            answered_by: None,
            usage: None,
            input_bytes: why.input_bytes,
            output_bytes: 0,
            cut_short: false,
        }
    }

    /// Output came. Returns whether it was the first.
    pub(crate) fn wrote(&mut self, bytes: usize) -> bool {
        self.output_bytes += bytes;
        let first = self.first_token.is_none();
        if first {
            self.first_token = Some(self.elapsed());
        }
        first
    }

    pub(crate) fn output_bytes(&self) -> usize {
        self.output_bytes
    }

    /// The provider reported. Without a price of ours its own word counts.
    pub(crate) fn reported(&mut self, usage: Usage) {
        self.usage = Some(self.priced(usage));
    }

    /// Whether the provider has told what it wrote.
    pub(crate) fn is_counted(&self) -> bool {
        self.usage.is_some_and(|usage| usage.output.is_some())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.sent.elapsed()
    }

    /// Tokens and cost so far: the provider's count, or an estimate. What
    /// failed before its first token was not billed as an answer.
    pub(crate) fn usage(&self, whole: bool) -> Usage {
        match self.usage {
            // A count at the beginning tells what was read, and not what has
            // been written since.
            Some(usage)
                if usage.input.is_some()
                    && usage.output.is_some()
                    && (whole || usage.output >= Some(self.estimated_output())) =>
            {
                usage
            }
            // It has read, and written nothing.
            Some(usage) if self.output_bytes == 0 && !whole => self.priced(Usage {
                output: usage.output.or(Some(0)),
                ..usage
            }),
            reported => {
                if self.output_bytes == 0 && !whole {
                    return Usage::default();
                }
                let reported = reported.unwrap_or_default();
                self.priced(Usage {
                    input: reported
                        .input
                        .or(Some(Usage::estimate_tokens(self.input_bytes))),
                    output: Some(self.estimated_output().max(reported.output.unwrap_or(0))),
                    estimated: true,
                    cost: None,
                    ..reported
                })
            }
        }
    }

    fn estimated_output(&self) -> u64 {
        Usage::estimate_tokens(self.output_bytes)
    }

    fn priced(&self, usage: Usage) -> Usage {
        let price = self.deployment.facts.price.as_ref();
        Usage {
            cost: cost(&usage, price).or(usage.cost),
            ..usage
        }
    }

    /// The record of it, as it ended or as it stands.
    pub(crate) fn record(
        &self,
        outcome: Outcome,
        failure: Option<&Error>,
        status: Option<u16>,
    ) -> Attempt {
        let since_epoch = self.began.duration_since(UNIX_EPOCH).unwrap_or_default();
        Attempt {
            id: self.id,
            turn: self.turn,
            number: self.number,
            provider: self.deployment.source.config.name.clone(),
            model: self.deployment.model.clone(),
            answered_by: self.answered_by.clone(),
            started_ms: since_epoch.as_millis() as i64,
            first_token_ms: self.first_token.map(|after| after.as_millis() as u64),
            duration_ms: self.elapsed().as_millis() as u64,
            outcome,
            problem: failure.map(|error| error.kind),
            status: failure.and_then(|error| error.status).or(status),
            code: failure.and_then(|error| error.code.clone()),
            usage: self.usage(outcome == Outcome::Finished && !self.cut_short),
            price: self.deployment.facts.price.clone(),
            reason: self.reason,
            waited_ms: self.waited.as_millis() as u64,
            streamed: self.streamed,
            route: self.route.clone(),
        }
    }
}

/// Tokens and cost of several attempts together. A cost that one of them does
/// not know the sum does not know; one that never came to an answer counts for
/// nothing.
pub(crate) fn total(usages: impl Iterator<Item = Usage>) -> Usage {
    let counts = |usage: &Usage| usage.input.is_some() || usage.output.is_some();
    let add = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (None, other) | (other, None) => other,
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
    };
    usages
        .filter(counts)
        .reduce(|sum, next| Usage {
            input: add(sum.input, next.input),
            output: add(sum.output, next.output),
            cached: add(sum.cached, next.cached),
            cache_write: add(sum.cache_write, next.cache_write),
            thinking: add(sum.thinking, next.thinking),
            estimated: sum.estimated || next.estimated,
            cost: crate::cost::sum([sum.cost, next.cost]),
        })
        .unwrap_or_default()
}
