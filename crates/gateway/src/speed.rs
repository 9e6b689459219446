//! How fast a deployment has been lately, as moving averages.

use std::time::Duration;

/// How much the newest observation counts.
const WEIGHT: f64 = 0.3;

/// What was observed of a deployment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Speed {
    /// Time to the first token, in seconds.
    first_token: Option<f64>,
    /// Output tokens per second after it.
    tokens_per_second: Option<f64>,
    /// The share of calls that failed.
    failures: f64,
}

impl Speed {
    /// A call gave an answer.
    pub(crate) fn answered(
        &mut self,
        first_token: Option<Duration>,
        whole: Duration,
        tokens: Option<u64>,
    ) {
        self.failures *= 1.0 - WEIGHT;
        let Some(first) = first_token else { return };
        average(&mut self.first_token, first.as_secs_f64());
        let writing = whole.saturating_sub(first).as_secs_f64();
        if let Some(tokens) = tokens.filter(|&tokens| tokens >= 20 && writing >= 0.05) {
            average(&mut self.tokens_per_second, tokens as f64 / writing);
        }
    }

    /// A call failed.
    pub(crate) fn failed(&mut self) {
        self.failures += WEIGHT * (1.0 - self.failures);
    }

    /// The share of recent calls that failed, 0 to 1.
    pub(crate) fn failures(&self) -> f64 {
        self.failures
    }

    /// How long an answer of so many tokens is thought to take, in seconds;
    /// `None` before the first observation.
    pub(crate) fn expected_seconds(&self, tokens: u64) -> Option<f64> {
        let first = self.first_token?;
        let speed = self.tokens_per_second.unwrap_or(50.0);
        Some(first + tokens as f64 / speed.max(0.1))
    }
}

fn average(kept: &mut Option<f64>, new: f64) {
    *kept = Some(match *kept {
        Some(old) => old + WEIGHT * (new - old),
        None => new,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_observations_count_most() {
        let mut speed = Speed::default();
        assert_eq!(speed.expected_seconds(100), None);
        let second = Duration::from_secs(1);
        speed.answered(Some(second), 3 * second, Some(100));
        assert_eq!(speed.expected_seconds(100), Some(3.0));
        for _ in 0..20 {
            speed.answered(Some(second / 2), second, Some(100));
        }
        let expected = speed.expected_seconds(100).unwrap();
        assert!((expected - 1.0).abs() < 0.1, "{expected}");
        speed.failed();
        assert!(speed.failures() > 0.2);
    }
}
