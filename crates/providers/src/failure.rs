//! What its errors mean: bodies of failed responses, and errors inside a
//! stream that began well.

use std::time::{Duration, SystemTime};

use protocol::ProblemKind;
use reqwest::{
    StatusCode,
    header::{HeaderMap, LOCATION},
};
use serde_json::Value;

use crate::{
    Error, Format, Refusal,
    http::{Upstream, shown},
    wait_hint::{seconds_word, should_retry, wait_hint},
};

/// The error that a response with a failing status is.
pub(crate) fn of_response(
    upstream: &Upstream,
    format: Format,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Error {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let told = match serde_json::from_str(text) {
        Ok(body) => Told::by(&body),
        Err(_) if text.starts_with('<') => Told::default(),
        Err(_) => Told {
            message: Some(text.to_owned()).filter(|text| !text.is_empty()),
            ..Told::default()
        },
    };
    let message = match &told.message {
        Some(message) => message.clone(),
        None => unexplained(upstream, format, status, headers, text.starts_with('<')),
    };
    Error {
        status: Some(status.as_u16()),
        retry_after: told
            .retry_after
            .or_else(|| wait_hint(status, headers, SystemTime::now())),
        should_retry: should_retry(headers),
        code: told.code(upstream),
        refuses: told.refuses(status.as_u16()),
        ..upstream.error(told.category(Some(status.as_u16())), &message)
    }
}

/// The error that this object or text inside a stream is.
pub(crate) fn within_stream(upstream: &Upstream, body: &Value) -> Error {
    let told = Told::by(body);
    let unexplained = format!("{} broke its answer off with an error.", upstream.name);
    let message = told.message.as_deref().unwrap_or(&unexplained);
    Error {
        code: told.code(upstream),
        retry_after: told.retry_after,
        ..upstream.error(told.category(None), message)
    }
}

/// Whether the value of an `error` field tells of an error: servers also send
/// null, false and empty ones.
pub(crate) fn is_meant(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Bool(true) | Value::Array(_) => true,
    }
}

/// What the provider says about its error.
#[derive(Debug, Default)]
struct Told {
    message: Option<String>,
    /// `code` where it is a word.
    code: Option<String>,
    /// `code` where it is a number: an HTTP status by custom.
    number: Option<u16>,
    /// `type`, or Google's `status`.
    class: Option<String>,
    /// Google's `RetryInfo`.
    retry_after: Option<Duration>,
}

impl Told {
    /// Reads OpenAI's envelope, which Anthropic and Google share, its content
    /// without the envelope, a bare text, xAI's text beside a code, FastAPI's
    /// `detail`, and any of them as the text that Ollama passes on.
    fn by(body: &Value) -> Self {
        let error = body
            .get("error")
            .filter(|error| is_meant(error))
            .unwrap_or(body);
        let within = error.as_str().filter(|text| text.starts_with('{'));
        let within = within.and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(within) = within {
            return Self::by(&within);
        }
        let text = |value: &Value| {
            let text = value.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let fields = if error.is_string() { body } else { error };
        let field = |name| fields.get(name).and_then(text);
        let detail = || match error.get("detail")? {
            Value::Array(details) => details.first()?.get("msg").and_then(text),
            detail => text(detail),
        };
        Self {
            message: text(error).or_else(|| field("message")).or_else(detail),
            code: field("code").or_else(|| error.get("details").and_then(reason)),
            number: error
                .get("code")
                .and_then(Value::as_u64)
                .and_then(|code| code.try_into().ok()),
            class: field("type")
                .filter(|class| class != "error")
                .or_else(|| field("status")),
            retry_after: error.get("details").and_then(retry_info),
        }
    }

    /// The provider's code, else its word for the class of the error.
    fn code(&self, upstream: &Upstream) -> Option<String> {
        let number = self.number.map(|number| number.to_string());
        let code = self.code.clone().or_else(|| self.class.clone()).or(number);
        code.map(|code| upstream.presentable(&code))
    }

    /// Words first: a 429 may mean that waiting helps, or that money is gone.
    fn category(&self, status: Option<u16>) -> ProblemKind {
        let words = [&self.code, &self.class]
            .into_iter()
            .flatten()
            .map(|word| word.to_ascii_lowercase())
            .collect::<Vec<_>>()
            .join(" ");
        let kind = by_exact_word(&words)
            .or_else(|| status.or(self.number).and_then(by_status))
            .or_else(|| by_broad_word(&words))
            .unwrap_or(ProblemKind::Overloaded);
        let unspecific = matches!(
            kind,
            ProblemKind::BadRequest | ProblemKind::TooLarge | ProblemKind::Overloaded
        );
        if unspecific && self.mentions_context() {
            return ProblemKind::ContextTooLong;
        }
        match (kind, status) {
            (ProblemKind::BadRequest, Some(400)) => by_phrase(&self.message()).unwrap_or(kind),
            _ => kind,
        }
    }

    /// The message, to be searched for words.
    fn message(&self) -> String {
        let message = self.message.as_deref().unwrap_or_default();
        message.to_ascii_lowercase()
    }

    /// What of the request it does not take, where another way of asking may
    /// be taken.
    fn refuses(&self, status: u16) -> Option<Refusal> {
        if !matches!(status, 400 | 405 | 415 | 422 | 501) {
            return None;
        }
        let message = self.message();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        let no = says(&[
            "not support",
            "unsupported",
            "not allowed",
            "not available",
            "disabled",
            "must end with",
            "cannot",
            "should be",
            "must be",
        ]);
        let prefill = says(&[
            "prefill",
            "conversation must end with",
            "last message",
            "last role",
        ]);
        if no && prefill {
            return Some(Refusal::Prefill);
        }
        (no && says(&["stream"]) && !says(&["stream_options"])).then_some(Refusal::Streaming)
    }

    /// Imitators have no code for a conversation that is too long.
    fn mentions_context(&self) -> bool {
        const PHRASES: &[&str] = &[
            "context length",
            "context size",
            "context window",
            "maximum context",
            "prompt is too long",
            "maximum prompt length",
            "input token count",
            "exceed context limit",
        ];
        let message = self.message();
        PHRASES.iter().any(|phrase| message.contains(phrase))
    }
}

/// The category that a code or type names whatever the status is.
fn by_exact_word(words: &str) -> Option<ProblemKind> {
    const WORDS: &[(&str, ProblemKind)] = &[
        ("insufficient_quota", ProblemKind::QuotaExhausted),
        ("insufficient_balance", ProblemKind::QuotaExhausted),
        ("insufficient_credits", ProblemKind::QuotaExhausted),
        ("credit_balance", ProblemKind::QuotaExhausted),
        ("spend_limit", ProblemKind::QuotaExhausted),
        ("billing", ProblemKind::QuotaExhausted),
        ("context_length", ProblemKind::ContextTooLong),
        ("exceed_context_size", ProblemKind::ContextTooLong),
        ("content_policy", ProblemKind::ContentBlocked),
        ("bio_policy", ProblemKind::ContentBlocked),
        ("cyber_policy", ProblemKind::ContentBlocked),
        ("content_filter", ProblemKind::ContentBlocked),
        ("moderation", ProblemKind::ContentBlocked),
        ("model_not_found", ProblemKind::NotFound),
        ("invalid_api_key", ProblemKind::Auth),
        ("api_key_invalid", ProblemKind::Auth),
        ("overloaded", ProblemKind::Overloaded),
        ("request_too_large", ProblemKind::TooLarge),
        ("prohibited_content", ProblemKind::ContentBlocked),
    ];
    lookup(WORDS, words)
}

/// The category that the message of a 400 names, where that is all there is:
/// Anthropic has no other status for an empty account, xAI none for a wrong
/// key.
fn by_phrase(message: &str) -> Option<ProblemKind> {
    const PHRASES: &[(&str, ProblemKind)] = &[
        ("credit balance is too low", ProblemKind::QuotaExhausted),
        ("specified api usage limits", ProblemKind::QuotaExhausted),
        ("incorrect api key", ProblemKind::Auth),
        ("invalid api key", ProblemKind::Auth),
        ("api key not valid", ProblemKind::Auth),
        ("api key expired", ProblemKind::Auth),
    ];
    lookup(PHRASES, message)
}

fn by_status(status: u16) -> Option<ProblemKind> {
    Some(match status {
        401 | 403 => ProblemKind::Auth,
        402 => ProblemKind::QuotaExhausted,
        404 => ProblemKind::NotFound,
        408 | 504 | 524 => ProblemKind::Timeout,
        // A conflict passes, as does a proxy that is not ready.
        409 | 425 => ProblemKind::Overloaded,
        413 => ProblemKind::TooLarge,
        429 => ProblemKind::RateLimited,
        300..=499 => ProblemKind::BadRequest,
        500..=599 => ProblemKind::Overloaded,
        _ => return None,
    })
}

/// The category that a code or type suggests where there is no status.
fn by_broad_word(words: &str) -> Option<ProblemKind> {
    const WORDS: &[(&str, ProblemKind)] = &[
        // Responses has a dozen words for images that cannot be used.
        ("image", ProblemKind::BadRequest),
        ("rate_limit", ProblemKind::RateLimited),
        ("authentication", ProblemKind::Auth),
        ("permission", ProblemKind::Auth),
        ("not_found", ProblemKind::NotFound),
        ("timeout", ProblemKind::Timeout),
        ("deadline_exceeded", ProblemKind::Timeout),
        ("resource_exhausted", ProblemKind::RateLimited),
        ("unauthenticated", ProblemKind::Auth),
        ("invalid", ProblemKind::BadRequest),
        ("badrequest", ProblemKind::BadRequest),
    ];
    lookup(WORDS, words)
}

/// The reason in Google's `ErrorInfo`, more exact than its status: a wrong key
/// is an `INVALID_ARGUMENT` as well.
fn reason(details: &Value) -> Option<String> {
    let mut reasons = details
        .as_array()?
        .iter()
        .filter_map(|detail| detail.get("reason"));
    reasons.find_map(Value::as_str).map(str::to_owned)
}

/// The wait that Google's `RetryInfo` asks for, such as `31s`.
fn retry_info(details: &Value) -> Option<Duration> {
    details
        .as_array()?
        .iter()
        .find_map(|detail| seconds_word(detail.get("retryDelay")?.as_str()?))
}

fn lookup(table: &[(&str, ProblemKind)], words: &str) -> Option<ProblemKind> {
    table
        .iter()
        .find(|(word, _)| words.contains(word))
        .map(|&(_, kind)| kind)
}

/// A sentence for a response that gives no reason.
fn unexplained(
    upstream: &Upstream,
    format: Format,
    status: StatusCode,
    headers: &HeaderMap,
    is_page: bool,
) -> String {
    let name = &upstream.name;
    let location = headers.get(LOCATION).and_then(|to| to.to_str().ok());
    if let (true, Some(location)) = (status.is_redirection(), location) {
        return format!(
            "{name} has moved to {}: put the new base address into the configuration.",
            shown(location)
        );
    }
    let without = match is_page {
        true => "with a web page instead of a reason",
        false => "without a reason",
    };
    let hint = match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            format!(" Is its base address right?{}", format.address_hint())
        }
        _ => String::new(),
    };
    format!("{name} answered \"{status}\" {without}.{hint}")
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
