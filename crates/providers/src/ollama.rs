//! Ollama's own chat API. Its imitation of OpenAI's hides errors inside a
//! stream and has no word for the size of the context.
//!
//! <https://docs.ollama.com/api/chat>, <https://docs.ollama.com/api/errors>

mod dialect;
mod mapper;
mod request;
mod wire;

pub(crate) use dialect::Dialect;
pub(crate) use mapper::Mapper;
pub(crate) use request::body;
