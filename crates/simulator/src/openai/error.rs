//! OpenAI's error bodies.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::script::Fault;

/// An error as OpenAI words it.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    error: Body,
}

#[derive(Debug, Serialize)]
struct Body {
    message: String,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<&'static str>,
    code: Option<String>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: &'a Body,
}

impl ApiError {
    /// An error with the type and the code that go with its status.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let (kind, code) = match status.as_u16() {
            401 => ("invalid_request_error", Some("invalid_api_key")),
            404 => ("invalid_request_error", Some("model_not_found")),
            429 => ("rate_limit_error", Some("rate_limit_exceeded")),
            503 => ("service_unavailable_error", Some("server_is_overloaded")),
            500.. => ("server_error", None),
            _ => ("invalid_request_error", None),
        };
        Self {
            status,
            headers: Vec::new(),
            error: Body {
                message: message.into(),
                kind,
                param: None,
                code: code.map(str::to_owned),
            },
        }
    }

    /// A request that cannot be taken as it is.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A model nobody knows.
    pub(crate) fn unknown_model(model: &str) -> Self {
        let shown: String = model.chars().take(100).collect();
        let message = format!("The model `{shown}` does not exist.");
        Self::new(StatusCode::NOT_FOUND, message).with_param("model")
    }

    /// The error a script asks for.
    pub(crate) fn scripted(fault: &Fault) -> Self {
        let status = fault
            .status
            .and_then(|code| StatusCode::from_u16(code).ok());
        let message = fault.message("The simulator was told to fail.");
        let mut error = Self::new(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), message);
        if let Some(code) = fault.code.as_deref() {
            error = error.with_code(code);
        }
        let wait_ms = fault.retry_after_ms.map(HeaderValue::from);
        let wait = fault.retry_after();
        let wait = wait.and_then(|wait| HeaderValue::from_str(&wait).ok());
        error
            .headers
            .extend(wait_ms.map(|value| (HeaderName::from_static("retry-after-ms"), value)));
        error
            .headers
            .extend(wait.map(|value| (header::RETRY_AFTER, value)));
        error
    }

    /// The same about a parameter of the request.
    pub(crate) fn with_param(mut self, param: &'static str) -> Self {
        self.error.param = Some(param);
        self
    }

    /// The same with another code.
    pub(crate) fn with_code(mut self, code: &str) -> Self {
        self.error.code = Some(code.to_owned());
        self
    }

    /// The error object in its envelope, as JSON.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let envelope = Envelope { error: &self.error };
        serde_json::to_vec(&envelope).expect("strings always make JSON")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = self.to_json();
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "application/json")],
            body,
        )
            .into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}
