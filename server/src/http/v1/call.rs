//! A call on its way: its steps, the clocks that end it, and its books.

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, Instant},
};

use gateway::{Answer, Report, Step};
use protocol::{Problem, ProblemKind, TurnId};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::error::ApiError;
use crate::http::recorder::Recorder;

/// When the next request may find the server back after a restart.
const BACK_AFTER_MS: u64 = 1_000;

/// A call on its way. Dropped, whether the answer is whole or its reader has
/// gone, it closes the upstream and hands in the books.
pub(super) struct Call {
    turn: TurnId,
    began: Instant,
    answer: Option<Box<dyn Answer>>,
    recorder: Recorder,
    interruption: Pin<Box<dyn Future<Output = Problem> + Send>>,
    first_token: Option<Duration>,
    outcome: Option<&'static str>,
    problem: Option<ProblemKind>,
}

/// What ends a call before its answer is whole.
pub(super) struct Bounds {
    /// The longest it may take.
    pub(super) whole: Duration,
    /// The server's end.
    pub(super) shutdown: CancellationToken,
}

impl Call {
    pub(super) fn new(
        turn: TurnId,
        answer: Box<dyn Answer>,
        recorder: Recorder,
        bounds: Bounds,
    ) -> Self {
        Self {
            turn,
            began: Instant::now(),
            answer: Some(answer),
            recorder,
            interruption: Box::pin(interruption(bounds)),
            first_token: None,
            outcome: None,
            problem: None,
        }
    }

    /// The next step that a reader is told of. Nothing comes after
    /// [`Step::Finished`] or [`Step::Failed`], so none is asked for.
    /// Cancel-safe, as [`Answer::next`] is.
    pub(super) async fn next(&mut self) -> Step {
        let over = self.outcome.is_some();
        let Some(answer) = self.answer.as_mut().filter(|_| !over) else {
            return Step::Failed(cut_off());
        };
        loop {
            let step = tokio::select! {
                // An upstream that always has more ends in time, too.
                biased;
                problem = &mut self.interruption => Step::Failed(problem),
                step = answer.next() => step.unwrap_or_else(|| Step::Failed(cut_off())),
            };
            match &step {
                Step::Status(_) | Step::Usage(_) => continue,
                Step::Text(_) | Step::Thinking(_) | Step::Tool { .. } => {
                    if self.first_token.is_none() {
                        self.first_token = Some(self.began.elapsed());
                    }
                }
                Step::Finished(_) => self.outcome = Some("finished"),
                Step::Failed(problem) => {
                    self.outcome = Some("failed");
                    self.problem = Some(problem.kind);
                }
                Step::Replace { .. } => {}
            }
            return step;
        }
    }

    /// The first step.
    ///
    /// # Errors
    /// Where nobody could answer.
    pub(super) async fn first(&mut self) -> Result<Step, ApiError> {
        match self.next().await {
            Step::Failed(problem) => Err(self.failed(problem)),
            step => Ok(step),
        }
    }

    /// The error that this problem is, with what is known of the attempts. The
    /// call is over.
    pub(super) fn failed(&mut self, problem: Problem) -> ApiError {
        self.outcome = Some("failed");
        self.problem = Some(problem.kind);
        ApiError::from(problem).described(&self.report())
    }

    pub(super) fn report(&self) -> Report {
        let report = self.answer.as_ref().map(|answer| answer.report());
        report.unwrap_or_default()
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let Some(answer) = self.answer.take() else {
            return;
        };
        let report = answer.close();
        tracing::info!(
            turn.id = %self.turn,
            model = report.model,
            outcome = self.outcome.unwrap_or("closed by the caller"),
            problem = ?self.problem,
            attempts = report.attempts.len(),
            first_token_ms = self.first_token.map(|time| time.as_millis() as u64),
            duration_ms = self.began.elapsed().as_millis() as u64,
            tokens = report.usage.output,
            "completion ended"
        );
        self.recorder.record(report.attempts);
    }
}

async fn interruption(bounds: Bounds) -> Problem {
    tokio::select! {
        () = bounds.shutdown.cancelled() => Problem {
            retry_after_ms: Some(BACK_AFTER_MS),
            ..Problem::new(
                ProblemKind::Interrupted,
                "The server stopped while this answer was being written.",
            )
            .retryable()
        },
        () = sleep(bounds.whole) => Problem::new(
            ProblemKind::Timeout,
            format!(
                "The answer was not complete after {} s and was ended.",
                bounds.whole.as_secs_f32()
            ),
        )
        .advice("Ask for a shorter answer, or raise the setting `turn_seconds`."),
    }
}

pub(super) fn cut_off() -> Problem {
    Problem::new(
        ProblemKind::CutOff,
        "The answer ended before it was complete.",
    )
    .retryable()
}
