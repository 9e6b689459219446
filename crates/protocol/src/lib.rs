//! The vocabulary that the server and the page share: ids, messages, events,
//! the transcript they fold into, problems, and the bodies and paths of the
//! API. Compiles to WebAssembly; does no I/O and reads no clock.

pub mod api;
mod attempt;
mod conversation;
mod event;
mod id;
mod model;
mod problem;
pub mod sse;
mod transcript;
mod usage;

pub use api::Settings;
pub use attempt::{Attempt, Outcome};
pub use conversation::{
    Conversation, ConversationSummary, Message, MessageState, Role, title_from,
};
pub use event::{Ending, Entry, Event, Phase, Statistics, Status};
pub use id::{AttemptId, ConversationId, MessageId, TurnId};
pub use model::{ModelInfo, ModelList, ProviderModels};
pub use problem::{Problem, ProblemKind};
pub use transcript::{ToolCall, Transcript};
pub use usage::Usage;
