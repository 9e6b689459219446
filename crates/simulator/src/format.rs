//! The formats, and what each of them does in its own way.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::problem::{Objection, Problem};
use crate::request::text_of;
use crate::whole::Answer;
use crate::wire::{Setting, Wire};
use crate::{anthropic, gemini, ollama, openai, responses};

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// OpenAI's chat completions.
    OpenAi,
    /// OpenAI's Responses.
    Responses,
    /// Anthropic's Messages.
    Anthropic,
    /// Google's Gemini.
    Gemini,
    /// Ollama's own.
    Ollama,
}

impl Format {
    /// Its name in the statistics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Responses => "responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// The format whose errors a path answers with.
    pub(crate) fn of_path(path: &str) -> Self {
        let is_below = |root: &str| path.starts_with(root);
        if is_below("/v1/messages") {
            Self::Anthropic
        } else if is_below("/v1/responses") {
            Self::Responses
        } else if is_below("/v1beta/") {
            Self::Gemini
        } else if is_below("/api/") {
            Self::Ollama
        } else {
            Self::OpenAi
        }
    }

    /// The key a request brings, where the format looks for it.
    pub(crate) fn key_of(self, headers: &HeaderMap, query: &str) -> Option<String> {
        let bearer = || {
            let value = text_of(headers, "authorization")?;
            let (scheme, key) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
        };
        let key = match self {
            Self::OpenAi | Self::Responses | Self::Ollama => bearer(),
            Self::Anthropic => text_of(headers, "x-api-key").or_else(bearer),
            Self::Gemini => text_of(headers, "x-goog-api-key").or_else(|| {
                let mut pairs = query.split('&');
                pairs.find_map(|pair| pair.strip_prefix("key="))
            }),
        };
        key.map(str::to_owned)
    }

    /// The content type of a stream.
    pub(crate) fn stream_type(self, array: bool) -> &'static str {
        match self {
            Self::Ollama => "application/x-ndjson",
            Self::Gemini if array => "application/json; charset=UTF-8",
            Self::Gemini => "text/event-stream",
            _ => "text/event-stream; charset=utf-8",
        }
    }

    /// What writes a stream.
    pub(crate) fn wire(self, setting: &Setting<'_>) -> Box<dyn Wire> {
        match self {
            Self::OpenAi => Box::new(openai::Chunks::new(setting)),
            Self::Responses => Box::new(responses::Events::new(setting)),
            Self::Anthropic => Box::new(anthropic::Events::new(setting)),
            Self::Gemini => Box::new(gemini::Chunks::new(setting)),
            Self::Ollama => Box::new(ollama::Lines::new(setting)),
        }
    }

    /// An answer in one piece.
    pub(crate) fn whole(self, setting: &Setting<'_>, answer: Answer) -> Value {
        match self {
            Self::OpenAi => openai::whole(setting, answer),
            Self::Responses => responses::whole(setting, answer),
            Self::Anthropic => anthropic::whole(setting, answer),
            Self::Gemini => gemini::whole(setting, answer),
            Self::Ollama => ollama::whole(setting, answer),
        }
    }

    /// Whether content is refused in an answer rather than in an error.
    pub(crate) fn refuses_in_its_answer(self) -> bool {
        matches!(self, Self::Anthropic | Self::Gemini)
    }

    /// An objection in the provider's words.
    pub(crate) fn words(self, objection: &Objection) -> Problem {
        match self {
            Self::OpenAi | Self::Responses => openai::words(objection),
            Self::Anthropic => anthropic::words(objection),
            Self::Gemini => gemini::words(objection),
            Self::Ollama => ollama::words(objection),
        }
    }

    /// The body of an error, as JSON. `request_id` is for those that repeat it
    /// there.
    pub(crate) fn error_body(self, problem: &Problem, request_id: &str) -> Vec<u8> {
        let body = match self {
            Self::OpenAi | Self::Responses => openai::error(problem),
            Self::Anthropic => anthropic::error(problem, Some(request_id)),
            // Google indents its JSON.
            Self::Gemini => return gemini::indented(&gemini::error(problem)),
            Self::Ollama => ollama::error(problem),
        };
        body.to_string().into_bytes()
    }

    /// The other shape of an error inside a 200, as JSON.
    pub(crate) fn plain_error(self, setting: &Setting<'_>, problem: &Problem) -> Vec<u8> {
        let body = match self {
            Self::OpenAi | Self::Anthropic | Self::Ollama => crate::wire::error_text(problem),
            Self::Responses => responses::failed(setting, problem),
            Self::Gemini => return gemini::indented(&gemini::error(problem)),
        };
        body.to_string().into_bytes()
    }

    /// The response to a request that is not answered.
    pub(crate) fn refuse(self, problem: &Problem, request_id: &str) -> Response {
        let status = StatusCode::from_u16(problem.status);
        let content_type = match self {
            Self::Gemini => "application/json; charset=UTF-8",
            Self::Ollama => "application/json; charset=utf-8",
            _ => "application/json",
        };
        let mut response = (
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            [(header::CONTENT_TYPE, content_type)],
            self.error_body(problem, request_id),
        )
            .into_response();
        if matches!(self, Self::OpenAi | Self::Responses | Self::Anthropic) {
            response.headers_mut().extend(wait_hints(problem));
        }
        response
    }
}

/// The headers that say when to try again.
fn wait_hints(problem: &Problem) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let milliseconds = problem.retry_after_ms.map(HeaderValue::from);
    let wait = problem.retry_after.as_deref();
    let wait = wait.and_then(|wait| HeaderValue::from_str(wait).ok());
    let in_milliseconds =
        milliseconds.map(|value| (HeaderName::from_static("retry-after-ms"), value));
    let wait = wait.map(|value| (header::RETRY_AFTER, value));
    in_milliseconds.into_iter().chain(wait)
}
