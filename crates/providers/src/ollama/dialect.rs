//! How a model is asked.

use crate::{ChatRequest, Error};

/// What a model was found to take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Say nothing about thinking: a model that cannot think refuses any word
    /// about how much, and some know only yes and no.
    pub(super) silent: bool,
}

impl Dialect {
    /// What to ask with instead, where the error is about the way of asking;
    /// `None` where asking again would not help.
    pub(crate) fn after(self, error: &Error, request: &ChatRequest) -> Option<Self> {
        let message = error.message.to_ascii_lowercase();
        let refused = error.status == Some(400)
            && message.contains("think")
            && message.contains("not support");
        (refused && !self.silent && request.params.effort.is_some())
            .then_some(Self { silent: true })
    }
}

#[cfg(test)]
mod tests {
    use protocol::ProblemKind;

    use super::*;
    use crate::{Effort, Params, http::Upstream};

    #[test]
    fn what_is_refused_is_asked_differently_once() {
        let url = "http://127.0.0.1:9".parse().unwrap();
        let error = |kind, message: &str| Error {
            status: Some(400),
            ..Upstream::new("p", &url, None).error(kind, message)
        };
        let thinking = ChatRequest {
            params: Params {
                effort: Some(Effort::Low),
                ..Params::default()
            },
            ..ChatRequest::default()
        };
        let first = Dialect::default();
        let refused = error(
            ProblemKind::BadRequest,
            r#""llama9:8b" does not support thinking"#,
        );
        let silent = first.after(&refused, &thinking).unwrap();
        assert!(silent.silent);
        assert_eq!(silent.after(&refused, &thinking), None);
        assert_eq!(first.after(&refused, &ChatRequest::default()), None);
        let other = error(ProblemKind::BadRequest, "it does not support tools");
        assert_eq!(first.after(&other, &thinking), None);
    }
}
