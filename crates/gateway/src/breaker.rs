//! A circuit breaker: a deployment that keeps failing is left alone for a
//! while, then one call finds out whether it is back.

use std::time::Duration;

use tokio::time::Instant;

use crate::Policy;

/// Failures in a row that open the circuit.
const FAILURES: u32 = 3;
/// After how long a probe that never told its end counts as gone.
const PROBE_LIMIT: Duration = Duration::from_secs(120);

/// The breaker of one deployment, or of a provider's key.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    cooldown: Duration,
    probe: Option<Instant>,
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// As usual.
    Closed,
    /// As the one that finds out. Not taken before [`Breaker::admit`].
    Probe,
    /// Not before this moment.
    Open(Instant),
}

impl Breaker {
    /// Whether a call may be made now.
    pub(crate) fn state(&self, now: Instant) -> Admission {
        match &self.open {
            None => Admission::Closed,
            Some(open) if now < open.until => Admission::Open(open.until),
            Some(open) => match open.probe {
                Some(since) if now < since + PROBE_LIMIT => Admission::Open(since + PROBE_LIMIT),
                _ => Admission::Probe,
            },
        }
    }

    /// Notes that a call is made. Returns whether it is the probe, as it is
    /// where the circuit is open.
    pub(crate) fn admit(&mut self, now: Instant) -> bool {
        match &mut self.open {
            Some(open) => {
                open.probe = Some(now);
                true
            }
            None => false,
        }
    }

    /// The deployment begins to answer: a probe need not be awaited to its end,
    /// but the next failure opens the circuit again.
    pub(crate) fn shows_life(&mut self) {
        if self.open.take().is_some() {
            self.failures = FAILURES - 1;
        }
    }

    /// The deployment has answered.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// It failed in a way that speaks against it. Returns whether that opened
    /// the circuit.
    pub(crate) fn failed(&mut self, now: Instant, policy: &Policy) -> bool {
        self.failures += 1;
        let cooldown = match &self.open {
            // Calls that began before it opened change nothing.
            Some(open) if open.probe.is_none() => return false,
            Some(open) => (open.cooldown * 2).min(policy.cooldown_limit),
            None if self.failures >= FAILURES => policy.cooldown,
            None => return false,
        };
        let newly = self.open.is_none();
        self.open_for(now, cooldown);
        newly
    }

    /// It failed in a way that only the operator can mend. Returns whether
    /// that opened the circuit.
    pub(crate) fn broken(&mut self, now: Instant, policy: &Policy) -> bool {
        let newly = self.open.is_none();
        self.open_for(now, policy.cooldown_broken);
        newly
    }

    /// It asked to be left alone for so long.
    pub(crate) fn asked_to_wait(&mut self, now: Instant, wait: Duration) {
        self.open_for(now, wait);
    }

    /// The probe told nothing: the reader stopped it, or what came back was
    /// about something else.
    pub(crate) fn abandoned(&mut self) {
        if let Some(open) = &mut self.open {
            open.probe = None;
        }
    }

    fn open_for(&mut self, now: Instant, cooldown: Duration) {
        self.open = Some(Open {
            until: now + cooldown,
            cooldown,
            probe: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_after_a_probe() {
        let start = Instant::now();
        let mut breaker = Breaker::default();
        assert!(!breaker.failed(start, &Policy::default()));
        breaker.succeeded();
        assert!(!breaker.failed(start, &Policy::default()));
        assert!(!breaker.failed(start, &Policy::default()));
        assert_eq!(breaker.state(start), Admission::Closed);
        assert!(breaker.failed(start, &Policy::default()));
        assert_eq!(breaker.state(at(start, 4)), Admission::Open(at(start, 5)));
        assert_eq!(breaker.state(at(start, 5)), Admission::Probe);
        breaker.admit(at(start, 5));
        assert_ne!(
            breaker.state(at(start, 6)),
            Admission::Probe,
            "one at a time"
        );
        breaker.failed(at(start, 6), &Policy::default());
        assert_eq!(breaker.state(at(start, 15)), Admission::Open(at(start, 16)));
        breaker.admit(at(start, 16));
        breaker.succeeded();
        assert_eq!(breaker.state(at(start, 17)), Admission::Closed);
    }

    #[test]
    fn whoever_is_back_serves_within_half_a_minute() {
        let start = Instant::now();
        let mut breaker = Breaker::default();
        let mut now = start;
        for _ in 0..3 {
            breaker.failed(now, &Policy::default());
        }
        for _ in 0..10 {
            let Admission::Open(until) = breaker.state(now) else {
                panic!("it is open")
            };
            assert!(until - now <= Duration::from_secs(30));
            now = until;
            breaker.admit(now);
            breaker.failed(now, &Policy::default());
        }
    }

    #[test]
    fn a_probe_that_was_stopped_leaves_room_for_the_next() {
        let start = Instant::now();
        let mut breaker = Breaker::default();
        assert!(breaker.broken(start, &Policy::default()));
        let later = at(start, 60);
        breaker.admit(later);
        breaker.abandoned();
        assert_eq!(breaker.state(later), Admission::Probe);
    }
}
