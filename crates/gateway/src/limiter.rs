//! How many calls a deployment takes at once, learned from what it refuses:
//! halved when it says it is too much, one more for each round that went well.

use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use providers::RateLimits;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

/// The longest that rate-limit headers hold calls back; what takes longer is
/// for the breaker.
const LONGEST_HOLD: Duration = Duration::from_secs(60);
/// How long it takes a limit to grow by one call by itself.
const GROWTH: Duration = Duration::from_secs(5);
/// A limit that has grown to this is no limit any more.
const NO_LIMIT: f64 = 256.0;

/// The limiter of one deployment.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    in_flight: u32,
    /// `None` until the deployment first refused for its rate.
    most: Option<f64>,
    /// When it last refused.
    refused: Option<Instant>,
    hold_until: Option<Instant>,
}

/// A place among the calls of a deployment, given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Limiter>);

impl Limiter {
    /// A place, if there is one now.
    pub(crate) fn try_enter(self: &Arc<Self>, now: Instant) -> Option<Permit> {
        let mut state = self.state();
        if state.hold_until.is_some_and(|until| now < until) {
            return None;
        }
        // A limit that nobody has met for a while has no reason to be low.
        let since = state.refused.map_or(Duration::ZERO, |at| now - at);
        let grown = since.as_secs_f64() / GROWTH.as_secs_f64();
        if state
            .most
            .is_some_and(|most| f64::from(state.in_flight) >= (most + grown).max(1.0))
        {
            return None;
        }
        state.in_flight += 1;
        Some(Permit(Arc::clone(self)))
    }

    /// A place, when there is one.
    pub(crate) async fn enter(self: Arc<Self>) -> Permit {
        loop {
            // Listens before it looks, so that no place comes free in between.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(permit) = self.try_enter(Instant::now()) {
                return permit;
            }
            let held = self.state().hold_until;
            match held.filter(|&until| Instant::now() < until) {
                Some(until) => sleep_until(until).await,
                None => drop(timeout(GROWTH, changed).await),
            }
        }
    }

    /// How long it lets nobody in.
    pub(crate) fn held_for(&self, now: Instant) -> Option<Duration> {
        self.state()
            .hold_until?
            .checked_duration_since(now)
            .filter(|wait| !wait.is_zero())
    }

    /// How many calls are open.
    pub(crate) fn in_flight(&self) -> u32 {
        self.state().in_flight
    }

    /// A call went well.
    pub(crate) fn went_well(&self) {
        let mut state = self.state();
        let grown = state.most.map(|most| most + 1.0 / most.max(1.0));
        state.most = grown.filter(|&most| most < NO_LIMIT);
        drop(state);
        self.changed.notify_one();
    }

    /// The deployment said that it is too much.
    pub(crate) fn too_much(&self) {
        let mut state = self.state();
        let open = f64::from(state.in_flight.max(1));
        let most = state.most.map_or(open, |most| most.min(open));
        state.most = Some((most / 2.0).max(1.0));
        state.refused = Some(Instant::now());
    }

    /// What a response said of the limits: where one is used up, nothing more
    /// is asked until it is whole again.
    pub(crate) fn told(&self, limits: RateLimits, now: Instant) {
        if let Some(wait) = limits.exhausted_for() {
            self.hold(wait, now);
        }
    }

    /// Lets nobody in for so long.
    pub(crate) fn hold(&self, wait: Duration, now: Instant) {
        let until = now + wait.min(LONGEST_HOLD);
        let mut state = self.state();
        state.hold_until = state.hold_until.max(Some(until));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use providers::Remaining;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_learns_what_is_too_much_and_forgets_it_again() {
        let limiter = Arc::new(Limiter::default());
        let now = Instant::now();
        let open: Vec<_> = (0..4).map(|_| limiter.try_enter(now).unwrap()).collect();
        limiter.too_much();
        drop(open);
        let first = limiter.try_enter(now).unwrap();
        let second = limiter.try_enter(now).unwrap();
        assert!(limiter.try_enter(now).is_none(), "two of four are left");
        let waiting = tokio::spawn(Arc::clone(&limiter).enter());
        tokio::task::yield_now().await;
        drop(first);
        let third = waiting.await.unwrap();
        assert_eq!(limiter.in_flight(), 2);
        for _ in 0..3 {
            limiter.went_well();
        }
        assert!(limiter.try_enter(now).is_some(), "it grows by one a round");
        drop((second, third));
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_is_used_up_holds_calls_until_it_is_whole() {
        let limiter = Arc::new(Limiter::default());
        let used_up = RateLimits {
            requests: Some(Remaining {
                remaining: 0,
                reset: Some(Duration::from_secs(2)),
            }),
            tokens: None,
        };
        let start = Instant::now();
        limiter.told(used_up, start);
        assert!(limiter.try_enter(start).is_none());
        let _permit = Arc::clone(&limiter).enter().await;
        assert_eq!(start.elapsed(), Duration::from_secs(2));
    }
}
