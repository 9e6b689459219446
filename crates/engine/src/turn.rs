//! The task of a turn: it takes the steps of the gateway's answer, writes them
//! to the log, and ends for exactly one reason.

use std::{collections::VecDeque, panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use futures::FutureExt as _;
use gateway::{ChatMessage, Report, Step};
use protocol::{Event, Problem, Usage, api::Started};
use store::NewTurn;
use tokio::{
    sync::{SetOnce, oneshot},
    time::Instant,
};

use crate::{
    checkpoint::Kept,
    engine::Shared,
    gather::Gather,
    log::{Full, Log},
    problem,
    start::Asked,
    steer::{Piece, Steered},
    stop::End,
};

/// A turn, as everybody sees it.
pub(crate) struct Turn {
    pub(crate) ids: Started,
    /// When it was accepted: its times count from here.
    pub(crate) accepted: Instant,
    pub(crate) log: Arc<Log>,
    pub(crate) kept: Kept,
    /// Set when its beginning is stored.
    pub(crate) begun: SetOnce<()>,
    /// Why it ends. Set by whoever comes first; the task then winds up.
    pub(crate) end: SetOnce<End>,
    /// Set when it has ended, with whether its answer is stored.
    pub(crate) ended: SetOnce<Result<(), Problem>>,
}

/// What the task of a turn works with.
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) turn: Arc<Turn>,
    pub(crate) answer: Option<Steered>,
    /// Pieces of the answer that came before the turn was stored.
    pub(crate) ahead: VecDeque<Piece>,
    pub(crate) gather: Gather,
    pub(crate) tally: Tally,
}

/// What is counted for the statistics while the answer comes.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// The model asked, as `provider/model`.
    pub(crate) model: String,
    /// Bytes of the request's messages.
    pub(crate) asked: usize,
    /// How many characters of the text are an earlier version's.
    pub(crate) begun: usize,
    /// Bytes of text, thinking and tool arguments.
    pub(crate) received: usize,
    pub(crate) chunks: u64,
    pub(crate) first_token: Option<Duration>,
    /// The provider's latest report.
    pub(crate) usage: Usage,
    /// The gateway's books, once closed.
    pub(crate) report: Report,
}

/// Runs a turn to its end. Tells over `stored` whether its beginning could be
/// kept; a turn of which nothing is stored leaves no trace.
pub(crate) async fn run(
    shared: Arc<Shared>,
    turn: Arc<Turn>,
    new: NewTurn,
    asked: Asked,
    stored: oneshot::Sender<Result<(), Problem>>,
) {
    let _guard = Guard(Arc::clone(&shared), Arc::clone(&turn));
    let Asked { request, stop } = asked;
    let asked = request.ask.messages.iter().map(ChatMessage::bytes);
    let tally = Tally {
        model: request.ask.model.clone(),
        asked: asked.sum::<usize>() + request.ask.system.as_ref().map_or(0, String::len),
        begun: request.options.begun.chars().count(),
        ..Tally::default()
    };
    let mut writer = Writer {
        gather: Gather::new(shared.config.gather),
        answer: Some(Steered::new(shared.gateway.answer(request), stop)),
        ahead: VecDeque::new(),
        shared,
        turn,
        tally,
    };
    if let Err(problem) = writer.begin(&new).await {
        writer.abandon(problem.clone());
        // Fails, here and below, only where whoever asked has gone away.
        let _ = stored.send(Err(problem));
        return;
    }
    drop(new);
    // Set here alone.
    let _ = writer.turn.begun.set(());
    writer.shared.changed(writer.turn.ids.conversation);
    // It may begin with text already.
    writer.shared.checkpoints.note(&writer.turn);
    let _ = stored.send(Ok(()));
    // A fault in the gateway must not take away what it had sent.
    let end = AssertUnwindSafe(writer.write())
        .catch_unwind()
        .await
        .unwrap_or_else(|_| End::Failed(problem::internal()));
    writer.conclude(end).await;
}

impl Writer {
    /// Stores the beginning of the turn, and meanwhile asks the model: what a
    /// disk takes is then not added to the time to the first token.
    async fn begin(&mut self, new: &NewTurn) -> Result<(), Problem> {
        let store = Arc::clone(&self.shared.store);
        let mut storing = pin!(store.begin_turn(new));
        let asking = AssertUnwindSafe(self.ask()).catch_unwind();
        let stored = tokio::select! {
            biased;
            stored = &mut storing => stored,
            asked = asking => {
                if asked.is_err() {
                    let failed = Step::Failed(problem::internal());
                    self.ahead.push_back(Piece::Step(failed));
                }
                storing.await
            }
        };
        stored.map_err(|error| problem::of_store(&error))
    }

    /// Takes the first steps of the answer, until it or the turn ends.
    async fn ask(&mut self) {
        let Some(answer) = &mut self.answer else {
            return;
        };
        loop {
            // As in `write`.
            tokio::task::consume_budget().await;
            let piece = tokio::select! {
                biased;
                _ = self.turn.end.wait() => break,
                piece = answer.next() => piece,
            };
            let Some(piece) = piece else { return };
            let (last, met) = (piece.is_last(), matches!(piece, Piece::Met(_)));
            self.ahead.push_back(piece);
            if met {
                break;
            }
            if last {
                return;
            }
        }
        if let Some(mut answer) = self.answer.take() {
            // It comes behind what has not been written yet.
            let held = answer.held();
            if !held.is_empty() {
                self.ahead.push_back(Piece::Step(Step::Text(held)));
            }
            self.tally.report = answer.close();
        }
    }

    /// Forgets a turn of which nothing could be stored.
    fn abandon(&mut self, problem: Problem) {
        self.close_upstream();
        self.shared.registry().remove(self.turn.ids.turn);
        self.turn.log.close(Vec::new());
        // Nobody else sets it before the turn has begun.
        let _ = self.turn.ended.set(Err(problem));
    }

    /// Writes the answer until something ends it. The upstream connection is
    /// closed on return.
    async fn write(&mut self) -> End {
        let turn = Arc::clone(&self.turn);
        let mut interruption = pin!(interruption(&turn, self.shared.config.whole_turn));
        let mut frame = pin!(tokio::time::sleep(Duration::ZERO));
        let end = loop {
            // An upstream that always has more must not keep others waiting.
            tokio::task::consume_budget().await;
            let due = self.gather.due();
            if let Some(due) = due
                && due != frame.deadline()
            {
                frame.as_mut().reset(due);
            }
            let written = tokio::select! {
                biased;
                end = &mut interruption => {
                    self.write_ahead();
                    break end;
                }
                () = &mut frame, if due.is_some() => {
                    self.gather.send(Instant::now(), &self.turn.log)
                }
                piece = next(&mut self.ahead, &mut self.answer) => {
                    match self.tally.event(piece, self.turn.accepted) {
                        Ok(event) => self.gather.add(event, Instant::now(), &self.turn.log),
                        Err(end) => match (self.gather.flush(&self.turn.log), &end) {
                            // What does not fit must not be missing from an
                            // answer that is called whole.
                            (Err(Full), End::Finished(_) | End::Phrase(_)) => Err(Full),
                            _ => break end,
                        },
                    }
                }
            };
            if self.gather.due().is_none() {
                self.shared.checkpoints.note(&self.turn);
            }
            if let Err(Full) = written {
                break End::Failed(problem::answer_too_large());
            }
        };
        self.close_upstream();
        end
    }

    /// Writes what came before the turn was stored, where something else ends
    /// it. Stop has sealed the log: then nothing of it is shown.
    fn write_ahead(&mut self) {
        while let Some(piece) = self.ahead.pop_front() {
            let event = self.tally.event(Some(piece), self.turn.accepted);
            let Ok(event) = event else { break };
            let added = self.gather.add(event, Instant::now(), &self.turn.log);
            if let Err(Full) = added {
                break;
            }
        }
    }

    fn close_upstream(&mut self) {
        if let Some(mut answer) = self.answer.take() {
            self.release(answer.held());
            self.tally.report = answer.close();
        }
    }

    /// Text that was held back belongs to the answer, unless Stop sealed the
    /// log.
    pub(crate) fn release(&mut self, held: String) {
        self.tally.received += held.len();
        let held = Event::Text { delta: held };
        // An answer that is too large is ending for that very reason.
        let _ = self.gather.add(held, Instant::now(), &self.turn.log);
    }
}

/// The next piece. Cancel-safe where the answer is.
async fn next(ahead: &mut VecDeque<Piece>, answer: &mut Option<Steered>) -> Option<Piece> {
    match ahead.pop_front() {
        Some(piece) => Some(piece),
        None => answer.as_mut()?.next().await,
    }
}

impl Tally {
    /// Counts a piece, and tells what it means: an event, or the end.
    fn event(&mut self, piece: Option<Piece>, accepted: Instant) -> Result<Event, End> {
        let step = match piece {
            Some(Piece::Step(step)) => Some(step),
            Some(Piece::Met(phrase)) => return Err(End::Phrase(phrase)),
            None => None,
        };
        let event = match step {
            Some(Step::Text(delta)) => {
                self.count(&delta, Some(accepted));
                Event::Text { delta }
            }
            Some(Step::Thinking(delta)) => {
                self.count(&delta, Some(accepted));
                Event::Thinking { delta }
            }
            Some(Step::Tool {
                index,
                id,
                name,
                arguments,
            }) => {
                self.count(&arguments, None);
                Event::Tool {
                    index,
                    id,
                    name,
                    arguments_delta: arguments,
                }
            }
            Some(Step::Replace { keep, text }) => {
                self.count(&text, None);
                self.begun = self.begun.min(keep);
                Event::Replace { keep, text }
            }
            Some(Step::Status(status)) => Event::Status(status),
            Some(Step::Usage(usage)) => {
                self.usage = usage;
                Event::Usage(usage)
            }
            Some(Step::Finished(reason)) => return Err(End::Finished(reason.as_str().to_owned())),
            Some(Step::Failed(problem)) => return Err(End::Failed(problem)),
            None => return Err(End::Failed(problem::cut_off())),
        };
        Ok(event)
    }

    /// Counts a delta; `accepted` where it may be the first token.
    fn count(&mut self, delta: &str, accepted: Option<Instant>) {
        self.chunks += 1;
        self.received += delta.len();
        if let Some(accepted) = accepted.filter(|_| !delta.is_empty()) {
            self.first_token.get_or_insert_with(|| accepted.elapsed());
        }
    }
}

/// Returns when something other than the upstream ends the turn.
async fn interruption(turn: &Turn, whole_turn: Duration) -> End {
    tokio::select! {
        biased;
        end = turn.end.wait() => end.clone(),
        () = turn.log.presence.absent() => End::Unwatched,
        () = tokio::time::sleep(whole_turn) => End::Failed(problem::too_long(whole_turn)),
    }
}

/// Sees to it that a turn ends, whatever happens to its task.
struct Guard(Arc<Shared>, Arc<Turn>);

impl Drop for Guard {
    fn drop(&mut self) {
        let Self(shared, turn) = self;
        if turn.ended.initialized() {
            return;
        }
        let problem = problem::internal();
        tracing::error!(turn.id = %turn.ids.turn, "the turn's task broke off");
        let ending = protocol::Ending {
            reason: problem::reason(problem.kind),
            problem: Some(problem.clone()),
            ..protocol::Ending::default()
        };
        shared.registry().ended(turn.ids.turn);
        turn.log.close(vec![Event::Failed(ending)]);
        // Checked above: nobody else sets it.
        let _ = turn.ended.set(Err(problem));
    }
}
