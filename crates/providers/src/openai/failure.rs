//! What its errors mean: bodies of failed responses, and errors inside a
//! stream that began well.

use std::time::SystemTime;

use protocol::ProblemKind;
use reqwest::{
    StatusCode,
    header::{HeaderMap, LOCATION},
};
use serde_json::Value;

use crate::{
    Error,
    http::Upstream,
    wait_hint::{should_retry, wait_hint},
};

/// The error that a response with a failing status is.
pub(super) fn of_response(
    upstream: &Upstream,
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
        None => unexplained(upstream, status, headers, text.starts_with('<')),
    };
    Error {
        status: Some(status.as_u16()),
        retry_after: wait_hint(status, headers, SystemTime::now()),
        should_retry: should_retry(headers),
        code: told.code(upstream),
        ..upstream.error(told.category(Some(status.as_u16())), &message)
    }
}

/// The error that this object or text inside a stream is.
pub(super) fn within_stream(upstream: &Upstream, body: &Value) -> Error {
    let told = Told::by(body);
    let unexplained = format!("{} broke its answer off with an error.", upstream.name);
    let message = told.message.as_deref().unwrap_or(&unexplained);
    Error {
        code: told.code(upstream),
        ..upstream.error(told.category(None), message)
    }
}

/// Whether the value of an `error` field tells of an error: servers also send
/// null, false and empty ones.
pub(super) fn is_meant(error: &Value) -> bool {
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
    /// `type`.
    class: Option<String>,
}

impl Told {
    /// Reads OpenAI's envelope, its content without the envelope, a bare
    /// text, and FastAPI's `detail`.
    fn by(body: &Value) -> Self {
        let error = body
            .get("error")
            .filter(|error| is_meant(error))
            .unwrap_or(body);
        let text = |value: &Value| {
            let text = value.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let field = |name| error.get(name).and_then(text);
        let detail = || match error.get("detail")? {
            Value::Array(details) => details.first()?.get("msg").and_then(text),
            detail => text(detail),
        };
        Self {
            message: text(error).or_else(|| field("message")).or_else(detail),
            code: field("code"),
            number: error
                .get("code")
                .and_then(Value::as_u64)
                .and_then(|code| code.try_into().ok()),
            class: field("type"),
        }
    }

    /// The provider's code, else its word for the class of the error.
    fn code(&self, upstream: &Upstream) -> Option<String> {
        let number = self.number.map(|number| number.to_string());
        let code = self.code.clone().or(number).or_else(|| self.class.clone());
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
        kind
    }

    /// Imitators have no code for a conversation that is too long.
    fn mentions_context(&self) -> bool {
        const PHRASES: &[&str] = &[
            "context length",
            "context size",
            "context window",
            "maximum context",
            "prompt is too long",
        ];
        let message = self.message.as_deref().unwrap_or_default();
        let message = message.to_ascii_lowercase();
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
        ("content_filter", ProblemKind::ContentBlocked),
        ("moderation", ProblemKind::ContentBlocked),
        ("model_not_found", ProblemKind::NotFound),
        ("invalid_api_key", ProblemKind::Auth),
        ("overloaded", ProblemKind::Overloaded),
    ];
    lookup(WORDS, words)
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
        ("rate_limit", ProblemKind::RateLimited),
        ("authentication", ProblemKind::Auth),
        ("permission", ProblemKind::Auth),
        ("not_found", ProblemKind::NotFound),
        ("timeout", ProblemKind::Timeout),
        ("invalid", ProblemKind::BadRequest),
        ("badrequest", ProblemKind::BadRequest),
    ];
    lookup(WORDS, words)
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
    status: StatusCode,
    headers: &HeaderMap,
    is_page: bool,
) -> String {
    let name = &upstream.name;
    let location = headers.get(LOCATION).and_then(|to| to.to_str().ok());
    if let (true, Some(location)) = (status.is_redirection(), location) {
        return format!(
            "{name} has moved to {location}: put the new base address into the configuration."
        );
    }
    let without = match is_page {
        true => "with a web page instead of a reason",
        false => "without a reason",
    };
    let hint = match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            " Is its base address right? It usually ends in /v1."
        }
        _ => "",
    };
    format!("{name} answered \"{status}\" {without}.{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream() -> Upstream {
        let url = "http://127.0.0.1:9/v1".parse().unwrap();
        Upstream::new("acme", &url, Some("sk-secret".into()))
    }

    fn check(status: u16, body: &str, kind: ProblemKind, message: &str, code: Option<&str>) {
        let status = status.try_into().unwrap();
        let error = of_response(&upstream(), status, &HeaderMap::new(), body.as_bytes());
        assert_eq!(
            (error.kind, error.message.as_str(), error.code.as_deref()),
            (kind, message, code),
            "{status} {body}"
        );
    }

    #[test]
    fn statuses_and_codes_give_the_category() {
        use ProblemKind::*;
        let said = |kind: &str, code: &str| {
            format!(
                r#"{{"error":{{"message":"Sorry.","type":"{kind}","param":null,"code":{code}}}}}"#
            )
        };
        for (status, class, code, expected) in [
            (400, "invalid_request_error", "null", BadRequest),
            (
                400,
                "invalid_request_error",
                r#""context_length_exceeded""#,
                ContextTooLong,
            ),
            (
                400,
                "invalid_request_error",
                r#""content_policy_violation""#,
                ContentBlocked,
            ),
            (401, "invalid_request_error", r#""invalid_api_key""#, Auth),
            (403, "", "null", Auth),
            (402, "", "null", QuotaExhausted),
            (
                404,
                "invalid_request_error",
                r#""model_not_found""#,
                NotFound,
            ),
            (408, "", "null", Timeout),
            (409, "", "null", Overloaded),
            (413, "", "null", TooLarge),
            (429, "requests", r#""rate_limit_exceeded""#, RateLimited),
            (429, "rate_limit_error", r#""slow_down""#, RateLimited),
            (
                429,
                "insufficient_quota",
                r#""insufficient_quota""#,
                QuotaExhausted,
            ),
            (429, "", r#""credit_balance_exhausted""#, QuotaExhausted),
            (429, "", r#""enforced_spend_limit_reached""#, QuotaExhausted),
            (500, "server_error", "null", Overloaded),
            (
                503,
                "service_unavailable_error",
                r#""server_is_overloaded""#,
                Overloaded,
            ),
            (503, "", r#""slow_down""#, Overloaded),
            (504, "", "null", Timeout),
            (529, "", "529", Overloaded),
        ] {
            let body = said(class, code);
            let word = Some(code.trim_matches('"')).filter(|code| *code != "null");
            let word = word.or(Some(class).filter(|class| !class.is_empty()));
            check(status, &body, expected, "Sorry.", word);
        }
    }

    #[test]
    fn every_shape_of_body_gives_a_sentence() {
        use ProblemKind::*;
        check(
            400,
            r#"{"error":"plain text"}"#,
            BadRequest,
            "plain text",
            None,
        );
        check(
            404,
            r#"{"detail":"Not Found"}"#,
            NotFound,
            "Not Found",
            None,
        );
        check(
            422,
            r#"{"detail":[{"loc":["body"],"msg":"field required","type":"missing"}]}"#,
            BadRequest,
            "field required",
            None,
        );
        check(
            400,
            r#"{"object":"error","message":"This model's maximum context length is 8 tokens.","type":"BadRequestError","code":400}"#,
            ContextTooLong,
            "This model's maximum context length is 8 tokens.",
            Some("400"),
        );
        check(500, "went\n  wrong", Overloaded, "went wrong", None);
        check(
            502,
            "<html><h1>Bad Gateway</h1>",
            Overloaded,
            "acme answered \"502 Bad Gateway\" with a web page instead of a reason.",
            None,
        );
        check(
            404,
            "",
            NotFound,
            "acme answered \"404 Not Found\" without a reason. Is its base address right? It \
             usually ends in /v1.",
            None,
        );
    }

    #[test]
    fn messages_are_short_and_hold_no_key() {
        check(
            401,
            r#"{"error":{"message":"Incorrect key: sk-secret","code":"bad:sk-secret"}}"#,
            ProblemKind::Auth,
            "Incorrect key: [key]",
            Some("bad:[key]"),
        );
        let long = "x".repeat(10_000);
        let error = of_response(
            &upstream(),
            StatusCode::INTERNAL_SERVER_ERROR,
            &HeaderMap::new(),
            long.as_bytes(),
        );
        assert_eq!(error.message.chars().count(), 501);
    }

    #[test]
    fn errors_within_a_stream_are_told_by_their_words() {
        use ProblemKind::*;
        for (body, expected) in [
            (r#""the backend died""#, Overloaded),
            (
                r#"{"message":"Slow.","type":"rate_limit_error"}"#,
                RateLimited,
            ),
            (r#"{"message":"m","code":502}"#, Overloaded),
            (r#"{"message":"m","code":401}"#, Auth),
            (
                r#"{"error":{"message":"m","type":"invalid_request_error"}}"#,
                BadRequest,
            ),
            (
                r#"{"message":"the request exceeds the available context size"}"#,
                ContextTooLong,
            ),
            ("null", Overloaded),
        ] {
            let body = serde_json::from_str(body).unwrap();
            let error = within_stream(&upstream(), &body);
            assert_eq!(error.kind, expected, "{body}");
            assert!(!error.message.is_empty());
        }
    }
}
