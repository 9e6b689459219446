//! The vocabulary that the server and the page share: ids, messages, events,
//! the transcript they fold into, problems, and the bodies and paths of the
//! API. Compiles to WebAssembly; does no I/O and reads no clock.

pub mod api;
mod attempt;
mod conversation;
mod event;
mod fields;
mod id;
pub mod json;
mod model;
mod money;
mod problem;
mod settings;
pub mod sse;
mod transcript;
mod usage;

pub use attempt::{Attempt, AttemptReason, Outcome};
pub use conversation::{
    Attachment, Conversation, ConversationSummary, Message, MessageState, Role, title_from,
};
pub use event::{Ending, Entry, Event, Phase, Saving, Statistics, Status, StopPhrase, Try};
pub use id::{AttemptId, ConversationId, MessageId, TurnId};
pub use model::{ModelInfo, ModelList, ProviderModels};
pub use money::{NotAnAmount, Price, Usd};
pub use problem::{Problem, ProblemKind};
pub use settings::{
    ConversationSettings, FASTEST_TYPEWRITER, LONGEST_MODEL, LONGEST_NAME, LONGEST_PHRASE,
    MOST_PHRASES, Preference, Preset, Settings, Typing, Watch, check_text,
};
pub use transcript::{ToolCall, Transcript};
pub use usage::Usage;
