//! OpenAI's chat completions, and everyone who speaks the same format.
//!
//! <https://platform.openai.com/docs/api-reference/chat>,
//! <https://platform.openai.com/docs/guides/error-codes>

mod calls;
mod dialect;
mod mapper;
mod request;
mod wire;

pub(crate) use dialect::Dialect;
pub(crate) use mapper::Mapper;
pub(crate) use request::body;
