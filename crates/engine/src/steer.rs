//! Ends an answer at a stop phrase, on its way from the gateway to the log.

use std::collections::VecDeque;

use gateway::{Answer, Report, Step, StopPhrases};
use protocol::StopPhrase;

/// An answer that ends at a stop phrase, if there are any.
pub(crate) struct Steered {
    answer: Box<dyn Answer>,
    stop: Option<StopPhrases>,
    ready: VecDeque<Piece>,
}

/// What comes of it.
#[derive(Debug)]
pub(crate) enum Piece {
    /// A step, as the gateway gave it or without what is held back.
    Step(Step),
    /// The answer came to this phrase. Nothing follows.
    Met(StopPhrase),
}

impl Steered {
    pub(crate) fn new(answer: Box<dyn Answer>, stop: Option<StopPhrases>) -> Self {
        Self {
            answer,
            stop,
            ready: VecDeque::new(),
        }
    }

    /// The next piece; see [`Answer::next`]. Cancel-safe where the answer is.
    pub(crate) async fn next(&mut self) -> Option<Piece> {
        if let Some(piece) = self.ready.pop_front() {
            return Some(piece);
        }
        let step = self.answer.next().await?;
        let Some(stop) = &mut self.stop else {
            return Some(Piece::Step(step));
        };
        let shown = match step {
            Step::Text(text) => stop.push(&text),
            Step::Replace { keep, text } => stop.replace_characters(keep, &text),
            Step::Finished(_) | Step::Failed(_) => {
                let rest = stop.finish();
                if rest.is_empty() {
                    return Some(Piece::Step(step));
                }
                self.ready.push_back(Piece::Step(step));
                return Some(Piece::Step(Step::Text(rest)));
            }
            other => return Some(Piece::Step(other)),
        };
        if let Some(met) = shown.met {
            self.ready.push_back(Piece::Met(StopPhrase {
                phrase: met.phrase,
                at: met.at as u64,
            }));
        }
        let text = shown.text;
        Some(Piece::Step(match shown.keep {
            None => Step::Text(text),
            Some(keep) => Step::Replace {
                keep: stop.characters(keep),
                text,
            },
        }))
    }

    /// The text that was held back, where something else ends the answer.
    pub(crate) fn held(&mut self) -> String {
        self.stop
            .as_mut()
            .map(StopPhrases::finish)
            .unwrap_or_default()
    }

    /// Closes the upstream; see [`Answer::close`].
    pub(crate) fn close(self) -> Report {
        self.answer.close()
    }
}

impl Piece {
    /// Whether nothing follows.
    pub(crate) fn is_last(&self) -> bool {
        matches!(
            self,
            Self::Met(_) | Self::Step(Step::Finished(_) | Step::Failed(_))
        )
    }
}
