//! How a model is asked where servers of one format differ in what they take:
//! guessed from the address, then learned from what is refused.

use reqwest::Url;

use crate::{ChatRequest, Error, Format, ollama, openai};

/// The variants of the formats that have any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) openai: openai::Dialect,
    pub(crate) ollama: ollama::Dialect,
}

impl Dialect {
    /// What a server at this address is asked with at first.
    pub(crate) fn first(base_url: &Url) -> Self {
        Self {
            openai: openai::Dialect::first(base_url.host_str().unwrap_or_default()),
            ollama: ollama::Dialect::default(),
        }
    }

    /// What to ask with instead, where the error is about the way of asking;
    /// `None` where asking again would not help.
    pub(crate) fn after(
        self,
        format: Format,
        error: &Error,
        request: &ChatRequest,
    ) -> Option<Self> {
        match format {
            Format::OpenAi => Some(Self {
                openai: self.openai.after(error, request)?,
                ..self
            }),
            Format::Ollama => Some(Self {
                ollama: self.ollama.after(error, request)?,
                ..self
            }),
            Format::Responses | Format::Anthropic | Format::Gemini => None,
        }
    }
}
