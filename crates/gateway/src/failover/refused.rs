//! An answer that there is nobody to ask for.

use super::*;

/// An answer that cannot be asked of anybody.
pub(crate) struct Refused(Option<Problem>);

impl Refused {
    pub(crate) fn new(problem: Problem) -> Self {
        Self(Some(problem))
    }
}

#[async_trait]
impl Answer for Refused {
    async fn next(&mut self) -> Option<Step> {
        self.0.take().map(Step::Failed)
    }

    fn report(&self) -> Report {
        Report::default()
    }

    fn close(self: Box<Self>) -> Report {
        Report::default()
    }
}
