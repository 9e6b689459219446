//! Winds up a turn: closes the upstream, stores the answer, and only then says
//! the last word.

use std::time::Duration;

use protocol::{Ending, Entry, Event, MessageState, Problem, Statistics, Transcript, Try, Usage};
use store::EndedTurn;

use crate::{
    engine::now_ms,
    problem,
    stop::End,
    turn::{Tally, Writer},
};

/// How long to wait before each further try to store an answer. All of it
/// fits into the time that a shutdown may take.
const RETRIES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1200),
];

impl Writer {
    /// Ends the turn, for this reason unless another came first.
    pub(crate) async fn conclude(mut self, end: End) {
        // Still there only after a fault in it: dropping closes it as well.
        if let Some(mut answer) = self.answer.take() {
            self.release(answer.held());
        }
        // What was gathered belongs to the answer, unless Stop sealed the log.
        // An answer that is too large is ending for that very reason.
        let _ = self.gather.flush(&self.turn.log);
        let _ = self.turn.end.set(end.clone());
        let end = self.turn.end.get().cloned().unwrap_or(end);

        let (transcript, mut last_words) = self.last_words(end);
        let ending = transcript.ending.clone().unwrap_or_default();
        let stored = self.store(transcript).await;
        let (mut outcome, mut problem) = (last_words.last().map(Event::name), ending.problem);
        if let (Err(unstored), Some(last)) = (&stored, last_words.last_mut()) {
            *last = Event::Failed(Ending {
                reason: problem::reason(unstored.kind),
                statistics: ending.statistics.clone(),
                problem: Some(unstored.clone()),
            });
            (outcome, problem) = (Some(last.name()), Some(unstored.clone()));
        }
        self.record(
            outcome.unwrap_or("interrupted"),
            &ending.statistics,
            problem.as_ref(),
        );

        let turn = &self.turn;
        self.shared.registry().ended(turn.ids.turn);
        turn.log.close(last_words);
        self.shared.changed(turn.ids.conversation);
        // Set here alone: the guard of the task looks first.
        let _ = turn.ended.set(stored);
    }

    /// What is to be stored, and the events that lead the log there. A server
    /// that shuts down says nothing: its watchers come back.
    fn last_words(&self, end: End) -> (Transcript, Vec<Event>) {
        let mut transcript = self.turn.log.transcript();
        let mut events = Vec::new();
        // Others may have been shown more than the one who pressed Stop.
        if let End::Stopped(Some(shown)) = end
            && transcript.text.chars().count() > shown
        {
            events.push(Event::Replace {
                keep: shown,
                text: String::new(),
            });
            apply(&mut transcript, &events);
        }
        let (reason, problem) = match &end {
            End::Finished(reason) => (reason.clone(), None),
            End::Stopped(_) => ("stopped by the reader".to_owned(), None),
            End::Phrase(_) => ("stop phrase".to_owned(), None),
            End::Unwatched => ("nobody was watching".to_owned(), None),
            End::Failed(problem) => (problem::reason(problem.kind), Some(problem.clone())),
            End::Interrupted => {
                let problem = problem::interrupted();
                (problem::reason(problem.kind), Some(problem))
            }
        };
        let ending = Ending {
            reason,
            statistics: Statistics {
                stop_phrase: match &end {
                    End::Phrase(phrase) => Some(phrase.clone()),
                    _ => None,
                },
                ..self
                    .tally
                    .statistics(&transcript, self.turn.accepted.elapsed())
            },
            problem,
        };
        events.push(match end {
            End::Finished(_) => Event::Finished(ending),
            End::Stopped(_) | End::Phrase(_) | End::Unwatched => Event::Stopped(ending),
            End::Failed(_) => Event::Failed(ending),
            End::Interrupted => {
                transcript.state = MessageState::Interrupted;
                transcript.ending = Some(ending);
                return (transcript, events);
            }
        });
        apply(&mut transcript, &events[events.len() - 1..]);
        (transcript, events)
    }

    async fn store(&mut self, transcript: Transcript) -> Result<(), Problem> {
        self.shared.checkpoints.finish(&self.turn).await;
        let ids = self.turn.ids;
        let mut end = EndedTurn {
            conversation: ids.conversation,
            answer: ids.answer,
            turn: ids.turn,
            transcript,
            attempts: std::mem::take(&mut self.tally.report.attempts),
            now_ms: now_ms(),
        };
        let mut waits = RETRIES.iter();
        loop {
            let Err(error) = self.shared.store.end_turn(&end).await else {
                return Ok(());
            };
            match (&error, waits.next()) {
                (store::Error::Unavailable(_), Some(wait)) => tokio::time::sleep(*wait).await,
                _ => {
                    tracing::error!(turn.id = %ids.turn, %error, "the answer could not be stored");
                    return Err(problem::of_store(&error));
                }
            }
            end.now_ms = now_ms();
        }
    }

    /// The one log line of a turn. It holds nothing of what was said.
    fn record(&self, outcome: &str, statistics: &Statistics, problem: Option<&Problem>) {
        tracing::info!(
            turn.id = %self.turn.ids.turn,
            model = statistics.model,
            outcome,
            problem = problem.map(|problem| problem::reason(problem.kind)),
            provider.status = problem.and_then(|problem| problem.status),
            first_token_ms = statistics.first_token_ms,
            duration_ms = statistics.duration_ms,
            tokens = statistics.usage.output,
            "turn ended"
        );
    }
}

/// Folds events in under the numbers they are going to have.
fn apply(transcript: &mut Transcript, events: &[Event]) {
    for event in events {
        transcript.apply(&Entry {
            id: transcript.last + 1,
            event: event.clone(),
        });
    }
}

impl Tally {
    fn statistics(&self, transcript: &Transcript, duration: Duration) -> Statistics {
        let report = &self.report;
        let model = report.model.as_ref().unwrap_or(&self.model);
        let provider = model.split_once('/').map(|(provider, _)| provider);
        let (begun, new) = self.part_new(&transcript.text);
        Statistics {
            provider: provider
                .filter(|_| report.model.is_some())
                .map(str::to_owned),
            model: Some(model.clone()),
            first_token_ms: self.first_token.map(|time| time.as_millis() as u64),
            duration_ms: duration.as_millis() as u64,
            chunks: self.chunks,
            characters: new.chars().count() as u64,
            words: new.split_whitespace().count() as u64,
            usage: self.usage(),
            attempts: report.attempts.len() as u32,
            tries: self.tries(),
            route: report.route.clone(),
            saving: report.saving.clone(),
            cached: report.cached,
            begun,
            stop_phrase: None,
        }
    }

    /// How many characters of the text are an earlier version's, and the rest.
    fn part_new<'a>(&self, text: &'a str) -> (u64, &'a str) {
        if self.begun == 0 {
            return (0, text);
        }
        let mut rest = text.chars();
        let begun = rest.by_ref().take(self.begun).count();
        (begun as u64, rest.as_str())
    }

    /// The attempts in short, where there was more than one.
    fn tries(&self) -> Vec<Try> {
        let attempts = &self.report.attempts;
        let tries = attempts.iter().filter(|_| attempts.len() > 1);
        tries
            .map(|attempt| Try {
                model: format!("{}/{}", attempt.provider, attempt.model),
                reason: attempt.reason,
                outcome: attempt.outcome,
                problem: attempt.problem,
                duration_ms: attempt.duration_ms,
            })
            .collect()
    }

    /// The books; what they lack of an answer that came is estimated, and the
    /// whole then marked.
    fn usage(&self) -> Usage {
        let mut usage = Some(self.report.usage)
            .filter(|usage| usage.output.is_some())
            .unwrap_or(self.usage);
        if usage.output.is_none() && self.received > 0 {
            usage.output = Some(Usage::estimate_tokens(self.received));
            usage.input = usage.input.or(Some(Usage::estimate_tokens(self.asked)));
            usage.estimated = true;
        }
        usage
    }
}
