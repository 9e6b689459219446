//! Turns whose log is gone: the stored message serves.

use std::sync::Arc;

use protocol::{Ending, Event, Message, MessageState, Transcript};

use crate::{Watcher, log::Log, problem};

/// A watcher of an ended turn that has seen the events up to `after`. It is
/// told to show the stored text, and how the turn ended, under numbers above
/// all that were given before.
///
/// No event takes thinking or tool calls back, so they come only where nothing
/// had been seen: elsewhere they would show twice.
pub(crate) fn watch(message: Message, after: u64) -> Watcher {
    // Whatever a client claims, there are numbers above it.
    let after = after.min(u64::MAX / 2);
    let seen_all = message.last_event <= after;
    let base = message.last_event.max(after);
    // What was open when the server went down never had a terminal event.
    let interrupted = matches!(
        message.state,
        MessageState::Writing | MessageState::Interrupted
    );
    let mut events = Vec::new();
    if interrupted || !seen_all {
        if after == 0 {
            events.push(Event::Thinking {
                delta: message.thinking,
            });
            events.extend(message.tools.into_iter().map(|call| Event::Tool {
                index: call.index,
                id: Some(call.id),
                name: Some(call.name),
                arguments_delta: call.arguments,
            }));
        }
        events.push(Event::Replace {
            keep: 0,
            text: message.text,
        });
        let ending = Ending {
            reason: message.reason.unwrap_or_default(),
            statistics: message.statistics.unwrap_or_default(),
            problem: message.problem,
        };
        events.push(match message.state {
            MessageState::Finished => Event::Finished(ending),
            MessageState::Stopped => Event::Stopped(ending),
            MessageState::Failed => Event::Failed(ending),
            MessageState::Writing | MessageState::Interrupted => {
                let problem = ending.problem.unwrap_or_else(problem::interrupted);
                Event::Failed(Ending {
                    reason: problem::reason(problem.kind),
                    statistics: ending.statistics,
                    problem: Some(problem),
                })
            }
        });
    }
    Arc::new(Log::of(base, events)).watch(base)
}

/// Brings a message stored as being written up to where its turn is now.
pub(crate) fn merge(message: &mut Message, transcript: Transcript) {
    message.text = transcript.text;
    message.thinking = transcript.thinking;
    message.tools = transcript.tools;
    message.last_event = transcript.last;
    message.state = transcript.state;
    if let Some(ending) = transcript.ending {
        message.reason = Some(ending.reason);
        message.statistics = Some(ending.statistics);
        message.problem = ending.problem;
    }
}

/// Marks a message that is stored as being written, and that nobody writes.
pub(crate) fn interrupt(message: &mut Message) {
    let problem = problem::interrupted();
    message.state = MessageState::Interrupted;
    message.reason = Some(problem::reason(problem.kind));
    message.problem = Some(problem);
}
