//! OpenAI's Responses, and those who speak the same: xAI, vLLM, LM Studio, …
//!
//! <https://platform.openai.com/docs/api-reference/responses>,
//! <https://platform.openai.com/docs/api-reference/responses-streaming>,
//! <https://platform.openai.com/docs/guides/error-codes>,
//! <https://platform.openai.com/docs/pricing>

mod mapper;
mod request;
mod wire;

#[cfg(test)]
mod request_tests;

pub(crate) use mapper::Mapper;
pub(crate) use request::body;
