//! Providers: one folder per wire format. Bytes become frames
//! ([`protocol::sse`]), frames become wire events, a pure mapper turns those
//! into [`Delta`]s. Only this crate knows upstream statuses.

mod chat;
mod error;

pub use chat::{ChatMessage, ChatRequest, Delta, FinishReason};
pub use error::Error;
