//! Problems as HTTP answers: RFC 9457 problem details.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::{Problem, ProblemKind};
use serde::Serialize;

/// A problem on its way out. The only place that gives our own statuses.
#[derive(Debug)]
pub(super) struct HttpProblem(pub(super) Problem);

impl From<Problem> for HttpProblem {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<store::Error> for HttpProblem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound(what) => {
                Problem::new(ProblemKind::NotFound, format!("There is no such {what}."))
                    .advice("It may have been deleted.")
            }
            // The store has logged the cause.
            store::Error::Unavailable(reason) => Problem::new(
                ProblemKind::Storage,
                format!("The database cannot be used: {reason}."),
            )
            .retryable(),
        }
        .into()
    }
}

impl HttpProblem {
    pub(super) fn status(&self) -> StatusCode {
        match self.0.kind {
            ProblemKind::BadRequest => StatusCode::BAD_REQUEST,
            ProblemKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ProblemKind::NotFound => StatusCode::NOT_FOUND,
            ProblemKind::Conflict => StatusCode::CONFLICT,
            ProblemKind::Auth => StatusCode::FORBIDDEN,
            ProblemKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ProblemKind::ContextTooLong | ProblemKind::ContentBlocked => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            ProblemKind::Overloaded | ProblemKind::Storage | ProblemKind::Interrupted => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ProblemKind::QuotaExhausted
            | ProblemKind::Unreachable
            | ProblemKind::CutOff
            | ProblemKind::Malformed => StatusCode::BAD_GATEWAY,
            ProblemKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer with a status that the kind alone does not tell.
    pub(super) fn with_status(self, status: StatusCode) -> Response {
        /// RFC 9457's members beside our own, for clients that know only those.
        #[derive(Serialize)]
        struct Details {
            r#type: &'static str,
            title: String,
            detail: String,
            #[serde(flatten)]
            problem: Problem,
        }
        let mut problem = self.0;
        problem.status = Some(status.as_u16());
        let wait = problem.retry_after_ms.map(|ms| ms.div_ceil(1000));
        let kept = problem.clone();
        let details = Details {
            r#type: "about:blank",
            title: problem.message.clone(),
            detail: problem.advice.clone(),
            problem,
        };
        let mut response = (status, Json(details)).into_response();
        // For those who say it in another shape.
        response.extensions_mut().insert(kept);
        let headers = response.headers_mut();
        let problem_json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem_json);
        if let Some(seconds) = wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for HttpProblem {
    fn into_response(self) -> Response {
        let status = self.status();
        self.with_status(status)
    }
}
