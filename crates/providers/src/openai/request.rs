//! What we send.

use protocol::{ProblemKind, Role};
use serde::Serialize;

use crate::{ChatRequest, Error};

/// Which of the format's variants a server takes. OpenAI's newer models
/// refuse the older name of the token limit; many imitators know only that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Ask for token counts at the end of the stream.
    usage: bool,
    /// Ask OpenAI not to pad each chunk with random text.
    no_obfuscation: bool,
    /// Call the limit `max_completion_tokens` instead of `max_tokens`.
    completion_limit: bool,
}

impl Dialect {
    /// What a server is asked with at first.
    pub(super) fn first(is_openai: bool) -> Self {
        Self {
            usage: true,
            no_obfuscation: is_openai,
            completion_limit: is_openai,
        }
    }

    /// What to ask with instead, where the error says that a parameter is not
    /// taken; `None` where asking again would not help.
    pub(super) fn after(self, error: &Error, request: &ChatRequest) -> Option<Self> {
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
        (request.settings.max_tokens.is_some() && names(ours) && refused).then_some(Self {
            completion_limit: !self.completion_limit,
            ..self
        })
    }
}

/// The body of a request for a streamed answer.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_obfuscation: Option<bool>,
}

impl<'a> Body<'a> {
    pub(super) fn new(request: &'a ChatRequest, dialect: Dialect) -> Self {
        let settings = &request.settings;
        let system = settings.system.as_deref().map(|content| Message {
            role: "system",
            content,
        });
        let said = request.messages.iter().map(|message| Message {
            role: match message.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            },
            content: &message.text,
        });
        let limit = |completion| {
            settings
                .max_tokens
                .filter(|_| dialect.completion_limit == completion)
        };
        Self {
            model: &request.model,
            messages: system.into_iter().chain(said).collect(),
            stream: true,
            stream_options: dialect.usage.then_some(StreamOptions {
                include_usage: true,
                include_obfuscation: dialect.no_obfuscation.then_some(false),
            }),
            temperature: settings.temperature,
            max_tokens: limit(false),
            max_completion_tokens: limit(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::Settings;
    use serde_json::{Value, json};

    use super::*;
    use crate::ChatMessage;

    fn request() -> ChatRequest {
        let message = |role, text: &str| ChatMessage {
            role,
            text: text.into(),
        };
        ChatRequest {
            model: "m".into(),
            messages: vec![
                message(Role::User, "Hi"),
                message(Role::Assistant, "Hello"),
                message(Role::User, "Why?"),
            ],
            settings: Settings {
                system: Some("Be brief.".into()),
                temperature: Some(0.7),
                max_tokens: Some(100),
            },
        }
    }

    fn sent(dialect: Dialect) -> Value {
        serde_json::to_value(Body::new(&request(), dialect)).unwrap()
    }

    #[test]
    fn imitators_get_the_common_parameters_alone() {
        let body = serde_json::to_string(&Body::new(&request(), Dialect::first(false))).unwrap();
        assert_eq!(
            body,
            r#"{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},{"role":"user","content":"Why?"}],"stream":true,"stream_options":{"include_usage":true},"temperature":0.7,"max_tokens":100}"#
        );
        let bare = ChatRequest::default();
        assert_eq!(
            serde_json::to_value(Body::new(&bare, Dialect::first(false))).unwrap(),
            json!({"model": "", "messages": [], "stream": true, "stream_options": {"include_usage": true}})
        );
    }

    #[test]
    fn openai_gets_its_own() {
        let body = sent(Dialect::first(true));
        assert_eq!(body["max_completion_tokens"], 100);
        assert_eq!(body["max_tokens"], Value::Null);
        assert_eq!(body["stream_options"]["include_obfuscation"], false);
    }

    #[test]
    fn a_refused_parameter_is_left_out_or_renamed_once() {
        let error = |message: &str| Error {
            kind: ProblemKind::BadRequest,
            provider: "p".into(),
            message: message.into(),
            status: Some(400),
            code: None,
            retry_after: None,
            should_retry: None,
        };
        let first = Dialect::first(false);
        let check = |dialect: Dialect, message: &str| dialect.after(&error(message), &request());

        let without = check(first, "Unknown field: stream_options").unwrap();
        assert_eq!(sent(without)["stream_options"], Value::Null);
        assert_eq!(check(without, "Unknown field: stream_options"), None);

        let refusal = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                       'max_completion_tokens' instead.";
        let renamed = check(first, refusal).unwrap();
        assert_eq!(sent(renamed)["max_completion_tokens"], 100);

        assert_eq!(check(first, "max_tokens is too large: 100"), None);
        assert_eq!(check(first, "messages: must not be empty"), None);
    }
}
