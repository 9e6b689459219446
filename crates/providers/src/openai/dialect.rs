//! How a server is asked.

use protocol::{ProblemKind, Role};

use crate::{ChatRequest, Error};

/// Which of the format's variants a server takes. OpenAI's newer models
/// refuse the older name of the token limit; many imitators know only that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Ask for token counts at the end of the stream.
    pub(super) usage: bool,
    /// Ask OpenAI not to pad each chunk with random text.
    pub(super) no_obfuscation: bool,
    /// Call the limit `max_completion_tokens` instead of `max_tokens`.
    pub(super) completion_limit: bool,
    /// Give earlier thinking back, as DeepSeek insists on where tools were
    /// called. Others refuse it, or never look at it.
    pub(super) thinking: bool,
}

impl Dialect {
    /// What a server of this name is asked with at first.
    pub(crate) fn first(host: &str) -> Self {
        let is_openai = host == "api.openai.com";
        Self {
            usage: true,
            no_obfuscation: is_openai,
            completion_limit: is_openai,
            thinking: host == "api.deepseek.com",
        }
    }

    /// What to ask with instead, where the error says that a parameter is not
    /// taken; `None` where asking again would not help.
    pub(crate) fn after(self, error: &Error, request: &ChatRequest) -> Option<Self> {
        if error.kind != ProblemKind::BadRequest || !matches!(error.status, Some(400 | 422)) {
            return None;
        }
        let message = error.message.to_ascii_lowercase();
        let names = |parameter| message.contains(parameter);
        if self.usage && (names("stream_options") || names("include_usage")) {
            return Some(Self {
                usage: false,
                no_obfuscation: false,
                ..self
            });
        }
        if self.no_obfuscation && names("include_obfuscation") {
            return Some(Self {
                no_obfuscation: false,
                ..self
            });
        }
        // Either it is missed or it is one too many.
        let has_answers = || {
            let mut messages = request.messages.iter();
            messages.any(|message| message.role == Role::Assistant)
        };
        if names("reasoning_content") && has_answers() {
            return Some(Self {
                thinking: !self.thinking,
                ..self
            });
        }
        let (ours, other) = match self.completion_limit {
            true => ("max_completion_tokens", "max_tokens"),
            false => ("max_tokens", "max_completion_tokens"),
        };
        // "max_tokens is too large" names it too, and is not about its name.
        let refused = error.code.as_deref() == Some("unsupported_parameter")
            || (names(other) && names(ours))
            || ["unsupported", "unknown", "unrecognized", "not permitted"]
                .into_iter()
                .any(names);
        (request.params.max_tokens.is_some() && names(ours) && refused).then_some(Self {
            completion_limit: !self.completion_limit,
            ..self
        })
    }
}
