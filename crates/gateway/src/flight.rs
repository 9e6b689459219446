//! Requests that the cache may answer: replayed where the answer is known,
//! joined to an identical one that is on its way, or sent, and remembered.
//!
//! The call of a flight runs in a task of its own, because whoever began it
//! may leave while others wait for it. It ends with the last of them. One of
//! those aboard pays for all; who leaves before the end leaves that to the
//! next, so that the books hold every call once, and whole.

mod replay;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use async_trait::async_trait;
use protocol::{Outcome, Problem, ProblemKind, TurnId};
use tokio::{sync::watch, task::AbortHandle};

use self::replay::{free, remembered, steps, unpaid};
use crate::{
    Answer, AnswerRequest, Report, Step,
    cache::{Cache, CachedAnswer},
};

/// After how many more bytes of an answer its books are looked at.
const REPORT_EVERY: usize = 256;

/// How long it takes at most until a call that is made has been sent.
const SENDING: Duration = Duration::from_millis(20);

/// The flights that are on their way, by the keys of their requests.
pub(crate) type Flights = Mutex<HashMap<Key, Weak<Flight>>>;

/// What requests have in common that share a flight.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// The cache's.
    cache: String,
    /// Who cannot take text back must not be shown such an answer.
    may_replace: bool,
}

/// A call that several requests share.
pub(crate) struct Flight {
    log: Mutex<Log>,
    /// How many steps there are; the sender is the task's.
    length: watch::Receiver<usize>,
    task: Mutex<Option<AbortHandle>>,
}

#[derive(Default)]
struct Log {
    steps: Vec<Step>,
    /// The books as they stand.
    report: Report,
    /// Who is aboard, by the order of boarding.
    seats: Vec<u64>,
    boarded: u64,
    /// Who pays.
    payer: u64,
    /// Whether the last of them has left before the end: its books are closed.
    closed: bool,
}

impl Log {
    /// The end, where there is one.
    fn outcome(&self) -> Option<Outcome> {
        match self.steps.last()? {
            Step::Finished(_) => Some(Outcome::Finished),
            Step::Failed(_) => Some(Outcome::Failed),
            _ => None,
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }
}

/// A place in a flight, given up when dropped.
struct Seat {
    flight: Arc<Flight>,
    number: u64,
}

impl Seat {
    /// A place; `None` in a flight that is nothing to join.
    fn take(flight: Arc<Flight>) -> Option<Self> {
        let number = {
            let mut log = lock(&flight.log);
            if log.closed || log.outcome() == Some(Outcome::Failed) {
                return None;
            }
            log.boarded += 1;
            let number = log.boarded;
            if log.outcome().is_none() && !log.seats.contains(&log.payer) {
                log.payer = number;
            }
            log.seats.push(number);
            number
        };
        Some(Self { flight, number })
    }

    /// Gives it up. Whoever pays leaves that to the next, unless it is over.
    fn leave(&self, log: &mut Log) {
        log.seats.retain(|&number| number != self.number);
        log.closed |= log.seats.is_empty() && log.outcome().is_none();
        if log.payer == self.number
            && log.outcome().is_none()
            && let Some(&next) = log.seats.first()
        {
            log.payer = next;
        }
    }

    /// The books of whoever sits here.
    fn books(&self, log: &Log, turn: TurnId) -> Report {
        let mut report = log.report.clone();
        match &report.model {
            Some(model) if log.payer != self.number => {
                let outcome = log.outcome().unwrap_or(Outcome::Stopped);
                free(turn, model, report.usage, outcome)
            }
            _ => {
                // Who began it may have been another turn.
                let attempts = report.attempts.iter_mut();
                attempts.for_each(|attempt| attempt.turn = turn);
                report
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave(&mut lock(&self.flight.log));
    }
}

/// An answer through the cache.
pub(crate) struct Shared {
    cache: Arc<Cache>,
    key: Key,
    turn: TurnId,
    /// The model as it was asked for.
    asked: String,
    state: State,
}

enum State {
    /// Looks in the store first.
    Asking {
        flights: Arc<Flights>,
        make: Box<dyn Fn() -> Box<dyn Answer> + Send + Sync>,
    },
    Replaying {
        answer: Arc<CachedAnswer>,
        steps: std::vec::IntoIter<Step>,
    },
    Following {
        seat: Seat,
        at: usize,
        length: watch::Receiver<usize>,
    },
    Over,
}

impl Shared {
    /// An answer to this request, which has this key; `make` asks for it
    /// where it is not known.
    pub(crate) fn new(
        cache: Arc<Cache>,
        flights: Arc<Flights>,
        key: String,
        request: &AnswerRequest,
        make: impl Fn() -> Box<dyn Answer> + Send + Sync + 'static,
    ) -> Self {
        let known = cache.in_memory(&key);
        let mut shared = Self {
            cache,
            key: Key {
                cache: key,
                may_replace: request.options.may_replace,
            },
            turn: request.turn,
            asked: request.ask.model.clone(),
            state: State::Over,
        };
        match known {
            Some(answer) => shared.replay(answer),
            None => {
                shared.state = State::Asking {
                    flights,
                    make: Box::new(make),
                }
            }
        }
        shared
    }

    fn replay(&mut self, answer: Arc<CachedAnswer>) {
        self.cache.count_hit(answer.usage.cost);
        let steps = steps(&answer).into_iter();
        self.state = State::Replaying { answer, steps };
    }

    /// Joins the flight of this key, or begins one. One that has failed is
    /// nothing to join: it may be held by somebody who has yet to read that.
    fn board(&mut self) {
        let State::Asking { flights, make } = std::mem::replace(&mut self.state, State::Over)
        else {
            return;
        };
        let mut all = lock(&flights);
        let known = all.get(&self.key).and_then(Weak::upgrade);
        let seat = known.and_then(Seat::take).or_else(|| {
            self.cache.count_miss();
            all.retain(|_, flight| flight.strong_count() > 0);
            let key = self.key.cache.clone();
            let flight = begin(Arc::clone(&self.cache), key, self.asked.clone(), make());
            all.insert(self.key.clone(), Arc::downgrade(&flight));
            Seat::take(flight)
        });
        if let Some(seat) = seat {
            let length = seat.flight.length.clone();
            self.state = State::Following {
                seat,
                at: 0,
                length,
            };
        }
    }
}

/// Begins a flight.
fn begin(
    cache: Arc<Cache>,
    key: String,
    asked: String,
    mut answer: Box<dyn Answer>,
) -> Arc<Flight> {
    let (sender, length) = watch::channel(0);
    let flight = Arc::new(Flight {
        log: Mutex::default(),
        length,
        task: Mutex::default(),
    });
    let weak = Arc::downgrade(&flight);
    // The flight aborts it when its last reader leaves.
    let task = tokio::spawn(async move {
        let mut unreported = REPORT_EVERY;
        let mut sent = false;
        loop {
            // The books know of the call once it is sent, which no step tells.
            let step = tokio::select! {
                biased;
                step = answer.next() => step,
                () = tokio::time::sleep(SENDING), if !sent => {
                    sent = true;
                    if let Some(flight) = weak.upgrade() {
                        lock(&flight.log).report = answer.report();
                    }
                    continue;
                }
            };
            let Some(step) = step else { return };
            let Some(flight) = weak.upgrade() else { return };
            // The first text makes a difference, and so does what is no text.
            let text = match &step {
                Step::Text(text) | Step::Thinking(text) => Some(text.len()),
                _ => None,
            };
            unreported += text.unwrap_or(REPORT_EVERY);
            let report = (unreported >= REPORT_EVERY).then(|| answer.report());
            let mut kept = None;
            let length = {
                let mut log = lock(&flight.log);
                if let Some(report) = report {
                    unreported = text.map_or(REPORT_EVERY, |_| 0);
                    log.report = report;
                }
                if let Step::Finished(reason) = &step {
                    kept = remembered(&asked, &log.steps, reason, &log.report).map(Arc::new);
                }
                // Before anybody hears of the end: an identical request finds
                // the answer in the one place or in the other.
                if let Some(answer) = &kept {
                    cache.remember(&key, answer);
                }
                log.steps.push(step);
                log.steps.len()
            };
            sender.send_replace(length);
            if let Some(answer) = kept {
                cache.keep(&key, &answer).await;
            }
        }
    });
    *lock(&flight.task) = Some(task.abort_handle());
    flight
}

#[async_trait]
impl Answer for Shared {
    async fn next(&mut self) -> Option<Step> {
        loop {
            match &mut self.state {
                State::Asking { .. } => match self.cache.find(&self.key.cache).await {
                    Some(answer) => self.replay(answer),
                    None => self.board(),
                },
                State::Replaying { steps, .. } => return steps.next(),
                State::Following { seat, at, length } => {
                    let ended = {
                        let log = lock(&seat.flight.log);
                        if let Some(step) = log.steps.get(*at) {
                            *at += 1;
                            return Some(match step {
                                Step::Usage(usage) if log.payer != seat.number => {
                                    Step::Usage(unpaid(*usage))
                                }
                                step => step.clone(),
                            });
                        }
                        log.outcome().is_some()
                    };
                    if ended {
                        return None;
                    }
                    let seen = *at;
                    if length.wait_for(|length| *length > seen).await.is_err() {
                        crashed(&mut lock(&seat.flight.log));
                    }
                }
                State::Over => return None,
            }
        }
    }

    fn report(&self) -> Report {
        match &self.state {
            State::Replaying { answer, .. } => {
                free(self.turn, &answer.model, answer.usage, Outcome::Finished)
            }
            State::Following { seat, .. } => seat.books(&lock(&seat.flight.log), self.turn),
            State::Asking { .. } | State::Over => Report::default(),
        }
    }

    fn close(self: Box<Self>) -> Report {
        let State::Following { seat, .. } = &self.state else {
            return self.report();
        };
        // At one moment, so that of two who leave at once one pays.
        let report = {
            let mut log = lock(&seat.flight.log);
            seat.leave(&mut log);
            seat.books(&log, self.turn)
        };
        if report.cached {
            let saved = report.saving.as_ref().map(|it| it.usd);
            self.cache.count_joined(saved);
        }
        report
    }
}

/// The task ended without a word, as it does in a panic.
fn crashed(log: &mut Log) {
    if log.outcome().is_none() {
        let problem = Problem::new(
            ProblemKind::Internal,
            "The answer broke off inside Rivulet.",
        );
        log.steps.push(Step::Failed(problem.retryable()));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
