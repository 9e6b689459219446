//! Providers: one folder per wire format. Bytes become frames
//! ([`protocol::sse`]), frames become wire events, a pure mapper turns those
//! into [`Delta`]s. Only this crate knows upstream statuses.

mod anthropic;
mod call;
mod chat;
mod client;
mod clocks;
mod dialect;
mod ending;
mod error;
mod failure;
mod format;
mod gemini;
mod http;
mod limits;
mod mapper;
mod models;
mod ollama;
mod openai;
mod provider;
mod reader;
mod responses;
mod text;
mod wait_hint;

#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod property;

#[cfg(test)]
mod call_tests;
#[cfg(test)]
mod ending_tests;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod scripted_server;

pub use call::ChatStream;
pub use chat::{
    AnswerFormat, ChatMessage, ChatRequest, Delta, Effort, FinishReason, Image, Params, Part, Tool,
    ToolChoice,
};
pub use client::Clients;
pub use clocks::Clocks;
pub use error::{Error, Refusal};
pub use format::Format;
pub use limits::{RateLimits, Remaining};
pub use models::ListedModel;
pub use provider::{Endpoint, Provider};
/// The address type of [`Endpoint::base_url`].
pub use reqwest::Url;
