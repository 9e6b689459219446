//! The wire formats, and what differs between them around the body of a call:
//! addresses, keys, framing.

use std::sync::Arc;

use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    ChatRequest, Error, anthropic, dialect::Dialect, gemini, http::Upstream, mapper::Mapper,
    ollama, openai, responses,
};

/// How a provider wants to be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenAI's chat completions, and everyone who speaks the same: xAI,
    /// Mistral, DeepSeek, Groq, OpenRouter, vLLM, llama.cpp, …
    #[default]
    OpenAi,
    /// OpenAI's Responses.
    Responses,
    /// Anthropic's Messages.
    Anthropic,
    /// Google's Gemini API.
    Gemini,
    /// Ollama's own chat API.
    Ollama,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::OpenAi,
        Self::Responses,
        Self::Anthropic,
        Self::Gemini,
        Self::Ollama,
    ];

    /// The word for it in configuration files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Responses => "responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }

    /// Whether a stream is one JSON document a line, and not server-sent
    /// events.
    pub(crate) fn is_lines(self) -> bool {
        self == Self::Ollama
    }

    /// Whether an error may come as bare JSON at the end of an event stream.
    pub(crate) fn has_stray_errors(self) -> bool {
        self == Self::Gemini
    }

    pub(crate) fn mapper(self, upstream: Arc<Upstream>) -> Box<dyn Mapper> {
        match self {
            Self::OpenAi => Box::new(openai::Mapper::new(upstream)),
            Self::Responses => Box::new(responses::Mapper::new(upstream)),
            Self::Anthropic => Box::new(anthropic::Mapper::new(upstream)),
            Self::Gemini => Box::new(gemini::Mapper::new(upstream)),
            Self::Ollama => Box::new(ollama::Mapper::new(upstream)),
        }
    }

    /// The body of a call, as JSON.
    ///
    /// # Errors
    /// Where the request holds what the format has no word for.
    pub(crate) fn body(
        self,
        request: &ChatRequest,
        dialect: Dialect,
        upstream: &Upstream,
    ) -> Result<Vec<u8>, Error> {
        match self {
            Self::OpenAi => openai::body(request, dialect.openai, upstream),
            Self::Responses => responses::body(request, upstream),
            Self::Anthropic => anthropic::body(request, upstream),
            Self::Gemini => gemini::body(request, upstream),
            Self::Ollama => ollama::body(request, dialect.ollama, upstream),
        }
    }

    /// The address that answers are asked of.
    pub(crate) fn chat_url(self, base: &Url, request: &ChatRequest) -> Url {
        match self {
            Self::OpenAi => below(base, &["chat", "completions"]),
            Self::Responses => below(base, &["responses"]),
            Self::Anthropic => below(&versioned(base, "v1"), &["messages"]),
            Self::Gemini => gemini::chat_url(&versioned(base, "v1beta"), request),
            Self::Ollama => below(&unversioned(base), &["api", "chat"]),
        }
    }

    /// The address that lists the models.
    pub(crate) fn models_url(self, base: &Url) -> Url {
        match self {
            Self::OpenAi | Self::Responses => below(base, &["models"]),
            Self::Anthropic => {
                let mut url = below(&versioned(base, "v1"), &["models"]);
                url.query_pairs_mut().append_pair("limit", "1000");
                url
            }
            Self::Gemini => {
                let mut url = below(&versioned(base, "v1beta"), &["models"]);
                url.query_pairs_mut().append_pair("pageSize", "1000");
                url
            }
            Self::Ollama => below(&unversioned(base), &["api", "tags"]),
        }
    }

    /// What to say to someone whose base address may be wrong.
    pub(crate) fn address_hint(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Responses => " It usually ends in /v1.",
            // Found with the version or without.
            Self::Anthropic | Self::Gemini | Self::Ollama => "",
        }
    }

    /// The request with the key in the header that the format has for it.
    pub(crate) fn authorized(
        self,
        request: RequestBuilder,
        key: Option<&SecretString>,
    ) -> RequestBuilder {
        let request = match self {
            Self::Anthropic => request.header("anthropic-version", anthropic::VERSION),
            _ => request,
        };
        let Some(key) = key else {
            return request;
        };
        match self {
            Self::OpenAi | Self::Responses | Self::Ollama => {
                request.bearer_auth(key.expose_secret())
            }
            Self::Anthropic => request.header("x-api-key", key.expose_secret()),
            // In the address it would end up in logs.
            Self::Gemini => request.header("x-goog-api-key", key.expose_secret()),
        }
    }
}

/// The address of a path below the base address, whose query it keeps.
pub(crate) fn below(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    // An address without a path, such as `mailto:`, cannot be asked anyway and
    // fails with a sentence when it is.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// The base address with its version: people write it with and without.
fn versioned(base: &Url, version: &str) -> Url {
    let last = base.path().trim_end_matches('/').rsplit('/').next();
    match last {
        Some(last)
            if last.starts_with('v') && last[1..].starts_with(|c: char| c.is_ascii_digit()) =>
        {
            base.clone()
        }
        _ => below(base, &[version]),
    }
}

/// The base address without `/v1`, which only Ollama's imitation of OpenAI has.
fn unversioned(base: &Url) -> Url {
    let mut url = base.clone();
    if let Some(path) = base.path().trim_end_matches('/').strip_suffix("/v1") {
        url.set_path(path);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_from_what_people_write() {
        let request = ChatRequest {
            model: "m-1".into(),
            stream: true,
            ..ChatRequest::default()
        };
        for (format, base, chat) in [
            (
                Format::OpenAi,
                "http://a/v1",
                "http://a/v1/chat/completions",
            ),
            (
                Format::OpenAi,
                "http://a/v1/?k=1",
                "http://a/v1/chat/completions?k=1",
            ),
            (Format::Responses, "http://a/v1", "http://a/v1/responses"),
            (Format::Anthropic, "http://a", "http://a/v1/messages"),
            (Format::Anthropic, "http://a/v1/", "http://a/v1/messages"),
            (Format::Anthropic, "http://a/x", "http://a/x/v1/messages"),
            (
                Format::Gemini,
                "http://a",
                "http://a/v1beta/models/m-1:streamGenerateContent?alt=sse",
            ),
            (
                Format::Gemini,
                "http://a/v1beta",
                "http://a/v1beta/models/m-1:streamGenerateContent?alt=sse",
            ),
            (
                Format::Ollama,
                "http://a:11434/v1",
                "http://a:11434/api/chat",
            ),
            (Format::Ollama, "http://a:11434", "http://a:11434/api/chat"),
        ] {
            let url = format.chat_url(&base.parse().unwrap(), &request);
            assert_eq!(url.as_str(), chat, "{base}");
        }
        for format in Format::ALL {
            assert_eq!(Format::from_word(format.as_str()), Some(format));
        }
    }
}
