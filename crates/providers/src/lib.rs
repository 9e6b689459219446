//! Providers: one folder per wire format. Bytes become frames
//! ([`protocol::sse`]), frames become wire events, a pure mapper turns those
//! into [`Delta`]s. Only this crate knows upstream statuses.

mod chat;
mod client;
mod clocks;
mod error;
mod http;
pub mod openai;
mod wait_hint;

pub use chat::{ChatMessage, ChatRequest, Delta, FinishReason};
pub use client::Clients;
pub use clocks::Clocks;
pub use error::Error;
pub use openai::{ChatStream, Endpoint, ListedModel, OpenAi};
/// The address type of [`Endpoint::base_url`].
pub use reqwest::Url;
