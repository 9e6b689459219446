//! Many measurements of one thing.

use std::time::Duration;

/// Times, in milliseconds, kept to ask for quantiles.
#[derive(Clone, Default)]
pub(crate) struct Samples(Vec<f32>);

impl Samples {
    /// Adds a time.
    pub(crate) fn add(&mut self, time: Duration) {
        self.add_ms(time.as_secs_f32() * 1e3);
    }

    /// Adds a time in milliseconds, perhaps negative.
    pub(crate) fn add_ms(&mut self, time: f32) {
        self.0.push(time);
    }

    /// Adds all of the other's.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Takes the smallest from all of them.
    pub(crate) fn count_from_smallest(&mut self) {
        let smallest = self.0.iter().copied().fold(f32::INFINITY, f32::min);
        for time in &mut self.0 {
            *time -= smallest;
        }
    }

    /// The time that this part of them, from 0 to 1, does not exceed; NaN
    /// where there are none.
    pub(crate) fn quantile(&mut self, part: f64) -> f64 {
        if self.0.is_empty() {
            return f64::NAN;
        }
        self.0.sort_unstable_by(f32::total_cmp);
        let rank = (part * self.0.len() as f64).ceil() as usize;
        f64::from(self.0[rank.clamp(1, self.0.len()) - 1])
    }

    pub(crate) fn p50(&mut self) -> f64 {
        self.quantile(0.5)
    }

    pub(crate) fn p99(&mut self) -> f64 {
        self.quantile(0.99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_measurements() {
        let mut samples = Samples((1..=200_u8).rev().map(f32::from).collect());
        assert_eq!(samples.p50(), 100.0);
        assert_eq!(samples.p99(), 198.0);
        assert_eq!(samples.quantile(1.0), 200.0);
        assert!(Samples::default().p50().is_nan());
    }
}
