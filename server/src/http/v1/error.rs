//! Problems in OpenAI's shape.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use gateway::Report;
use protocol::{Problem, ProblemKind};
use serde_json::{Value, json};

use super::books::describe;

/// A problem on its way to an OpenAI client.
#[derive(Debug)]
pub(crate) struct ApiError {
    problem: Box<Problem>,
    param: Option<&'static str>,
    headers: HeaderMap,
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            param: None,
            headers: HeaderMap::new(),
        }
    }
}

impl ApiError {
    /// A request that cannot be taken, because of this parameter.
    pub(super) fn parameter(param: &'static str, message: impl Into<String>) -> Self {
        Self {
            param: Some(param),
            ..Problem::new(ProblemKind::BadRequest, message).into()
        }
    }

    /// The same, with what is known of the attempts.
    pub(super) fn described(mut self, report: &Report) -> Self {
        describe(&mut self.headers, report, false);
        self
    }

    /// The status, OpenAI's type and code. Our own key and account are nothing
    /// that the caller could mend by another key of theirs.
    fn words(&self) -> (StatusCode, &'static str, Option<&'static str>) {
        use ProblemKind as Kind;
        let invalid = "invalid_request_error";
        match self.problem.kind {
            Kind::BadRequest | Kind::Conflict => (StatusCode::BAD_REQUEST, invalid, None),
            Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, invalid, None),
            Kind::NotFound => (StatusCode::NOT_FOUND, invalid, Some("model_not_found")),
            Kind::ContextTooLong => (
                StatusCode::BAD_REQUEST,
                invalid,
                Some("context_length_exceeded"),
            ),
            Kind::ContentBlocked => (
                StatusCode::BAD_REQUEST,
                invalid,
                Some("content_policy_violation"),
            ),
            Kind::RateLimited => (
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limit_error",
                Some("rate_limit_exceeded"),
            ),
            Kind::QuotaExhausted => (
                StatusCode::TOO_MANY_REQUESTS,
                "insufficient_quota",
                Some("insufficient_quota"),
            ),
            Kind::Auth => (
                StatusCode::BAD_GATEWAY,
                "upstream_error",
                Some("upstream_auth"),
            ),
            Kind::Overloaded | Kind::Storage | Kind::Interrupted => (
                StatusCode::SERVICE_UNAVAILABLE,
                "service_unavailable_error",
                Some("server_is_overloaded"),
            ),
            Kind::Timeout => (
                StatusCode::GATEWAY_TIMEOUT,
                "upstream_error",
                Some("timeout"),
            ),
            Kind::Unreachable => (
                StatusCode::BAD_GATEWAY,
                "upstream_error",
                Some("unreachable"),
            ),
            Kind::CutOff => (StatusCode::BAD_GATEWAY, "upstream_error", Some("cut_off")),
            Kind::Malformed => (StatusCode::BAD_GATEWAY, "upstream_error", Some("malformed")),
            Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", None),
        }
    }

    /// The body.
    pub(super) fn body(&self) -> Value {
        let (_, class, code) = self.words();
        body(&self.problem, class, code, self.param)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, ..) = self.words();
        let mut response = (status, axum::Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.extend(self.headers);
        if let Some(ms) = self.problem.retry_after_ms {
            headers.insert("retry-after-ms", HeaderValue::from(ms));
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        }
        // We have tried again already as often as it makes sense: without a
        // time to wait for, nothing is better at once.
        let again = self.problem.retry_after_ms.is_some();
        headers.insert(SHOULD_RETRY, should_retry(again));
        response
    }
}

const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

fn should_retry(again: bool) -> HeaderValue {
    HeaderValue::from_static(if again { "true" } else { "false" })
}

fn body(problem: &Problem, class: &str, code: Option<&str>, param: Option<&str>) -> Value {
    json!({"error": {
        "message": problem.to_string(),
        "type": class,
        "param": param,
        "code": code,
        "provider": problem.provider,
    }})
}

/// Gives OpenAI's shape to the problems that others than the handlers have
/// with a request below `/v1`: the routes, the checks before them, and whoever
/// catches a panic.
pub(crate) async fn in_openai_shape(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_ours = path == "/v1" || path.starts_with("/v1/");
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    if !is_ours {
        return response;
    }
    let status = response.status();
    let class = match status.is_server_error() {
        true => "server_error",
        false => "invalid_request_error",
    };
    let code = (status == StatusCode::NOT_FOUND).then_some("unknown_url");
    *response.body_mut() = Body::from(body(&problem, class, code, None).to_string());
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(SHOULD_RETRY, should_retry(false));
    response
}
