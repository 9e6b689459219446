//! Anthropic's Messages.
//!
//! <https://platform.claude.com/docs/en/api/messages>,
//! <https://platform.claude.com/docs/en/build-with-claude/streaming>,
//! <https://platform.claude.com/docs/en/api/errors>,
//! <https://platform.claude.com/docs/en/about-claude/pricing>

mod conversation;
mod mapper;
mod request;
mod thinking;
mod wire;

#[cfg(test)]
mod request_tests;
#[cfg(test)]
mod tool_tests;

pub(crate) use mapper::Mapper;
pub(crate) use request::body;

/// The header `anthropic-version`: the shapes of what is asked and answered.
pub(crate) const VERSION: &str = "2023-06-01";
