//! What the steps of an answer add up to.

use protocol::{Entry, Event, ToolCall, Transcript};

use crate::Step;

/// An answer as far as it has come: steps folded by the fold of
/// [`Transcript`], so that all who add them up get the same.
#[derive(Debug, Clone, Default)]
pub struct Whole(Transcript);

impl Whole {
    /// Adds a step; those that are none of the answer change nothing.
    pub fn add(&mut self, step: Step) {
        let event = match step {
            Step::Text(delta) => Event::Text { delta },
            Step::Thinking(delta) => Event::Thinking { delta },
            Step::Replace { keep, text } => Event::Replace { keep, text },
            Step::Tool {
                index,
                id,
                name,
                arguments,
            } => Event::Tool {
                index,
                id,
                name,
                arguments_delta: arguments,
            },
            Step::Status(_) | Step::Usage(_) | Step::Finished(_) | Step::Failed(_) => return,
        };
        let id = self.0.last + 1;
        self.0.apply(&Entry { id, event });
    }

    /// How many bytes of text, thinking and arguments there are.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let arguments = self.0.tools.iter().map(|call| call.arguments.len());
        self.0.text.len() + self.0.thinking.len() + arguments.sum::<usize>()
    }

    /// The text, the thinking, and the tools it wants called.
    #[must_use]
    pub fn into_parts(self) -> (String, String, Vec<ToolCall>) {
        (self.0.text, self.0.thinking, self.0.tools)
    }
}
