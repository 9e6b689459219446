//! Google's Gemini API.
//!
//! <https://ai.google.dev/api/generate-content>,
//! <https://ai.google.dev/gemini-api/docs/troubleshooting>,
//! <https://ai.google.dev/gemini-api/docs/pricing>

mod mapper;
mod request;
mod schema;
mod wire;

use reqwest::Url;

pub(crate) use mapper::Mapper;
pub(crate) use request::body;

use crate::{ChatRequest, format::below};

/// The address that answers are asked of, below a base address with its
/// version. Model and method share a segment.
pub(crate) fn chat_url(base: &Url, request: &ChatRequest) -> Url {
    // Google's own lists say `models/gemini-…`, which people copy.
    let model = request.model.trim_start_matches("models/");
    let method = match request.stream {
        true => "streamGenerateContent",
        false => "generateContent",
    };
    let mut url = below(base, &["models", &format!("{model}:{method}")]);
    if request.stream {
        // Without it the stream is one JSON array.
        url.query_pairs_mut().append_pair("alt", "sse");
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_model_and_method() {
        for (model, stream, base, expected) in [
            (
                "gemini-9-pro",
                true,
                "https://a/v1beta",
                "https://a/v1beta/models/gemini-9-pro:streamGenerateContent?alt=sse",
            ),
            (
                "models/gemini-9-pro",
                false,
                "https://a/v1beta/?k=1",
                "https://a/v1beta/models/gemini-9-pro:generateContent?k=1",
            ),
            (
                "m",
                true,
                "https://a/v1?k=1",
                "https://a/v1/models/m:streamGenerateContent?k=1&alt=sse",
            ),
            (
                "../m?x",
                false,
                "https://a/v1",
                "https://a/v1/models/..%2Fm%3Fx:generateContent",
            ),
        ] {
            let request = ChatRequest {
                model: model.into(),
                stream,
                ..ChatRequest::default()
            };
            let url = chat_url(&base.parse().unwrap(), &request);
            assert_eq!(url.as_str(), expected);
        }
    }
}
