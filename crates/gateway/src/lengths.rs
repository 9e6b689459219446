//! How long a deployment's answers have been lately.

use std::collections::VecDeque;

/// How many answers are looked at.
const LATELY: usize = 31;
/// Fewer of them tell nothing.
const ENOUGH: usize = 3;

/// The lengths of the latest answers, in tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lengths(VecDeque<u64>);

impl Lengths {
    /// There was another answer.
    pub(crate) fn add(&mut self, tokens: u64) {
        if self.0.len() == LATELY {
            self.0.pop_front();
        }
        self.0.push_back(tokens);
    }

    /// The median, so that one novel does not count for many short answers;
    /// `None` where there were too few.
    pub(crate) fn typical(&self) -> Option<u64> {
        let mut sorted: Vec<u64> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        (sorted.len() >= ENOUGH).then(|| sorted[sorted.len() / 2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typical_is_the_middle_of_the_latest() {
        let mut lengths = Lengths::default();
        lengths.add(10);
        lengths.add(9_000);
        assert_eq!(lengths.typical(), None);
        lengths.add(30);
        assert_eq!(lengths.typical(), Some(30));
        for _ in 0..LATELY {
            lengths.add(200);
        }
        assert_eq!(lengths.typical(), Some(200));
        assert_eq!(lengths.0.len(), LATELY);
    }
}
