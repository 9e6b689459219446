//! The vocabulary that the server and the page share: ids, messages, events,
//! the transcript they fold into, problems, and the bodies and paths of the
//! API. Compiles to WebAssembly; does no I/O and reads no clock.

pub mod api;
mod attempt;
mod conversation;
mod event;
mod fields;
mod id;
mod model;
mod money;
mod problem;
pub mod sse;
mod transcript;
mod usage;

pub use api::{Preference, Settings};
pub use attempt::{Attempt, AttemptReason, Outcome};
pub use conversation::{
    Conversation, ConversationSummary, Message, MessageState, Role, title_from,
};
pub use event::{Ending, Entry, Event, Phase, Saving, Statistics, Status, Try};
pub use id::{AttemptId, ConversationId, MessageId, TurnId};
pub use model::{ModelInfo, ModelList, ProviderModels};
pub use money::{NotAnAmount, Price, Usd};
pub use problem::{Problem, ProblemKind};
pub use transcript::{ToolCall, Transcript};
pub use usage::Usage;
