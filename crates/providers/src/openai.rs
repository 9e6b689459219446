//! OpenAI's chat completions, and everyone who speaks the same format.
//!
//! <https://platform.openai.com/docs/api-reference/chat>,
//! <https://platform.openai.com/docs/guides/error-codes>

mod call;
mod failure;
mod mapper;
mod models;
mod reader;
mod request;
mod wire;

#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod property;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod scripted_server;
#[cfg(test)]
mod upstream_tests;

use std::sync::Arc;

use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};

use crate::{ChatRequest, Clocks, Error, http::Upstream};

pub use call::ChatStream;
pub use models::ListedModel;

/// Where a provider is and how it is asked.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The provider's name, as errors and messages say it.
    pub name: String,
    /// The address up to and with the version, such as
    /// `https://api.openai.com/v1`.
    pub base_url: Url,
    /// The key, sent as a bearer token; none is sent without it.
    pub key: Option<SecretString>,
    /// How long it may take.
    pub clocks: Clocks,
}

/// A provider that speaks OpenAI's format. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OpenAi {
    client: reqwest::Client,
    endpoint: Arc<Endpoint>,
    upstream: Arc<Upstream>,
}

impl OpenAi {
    /// A provider at this endpoint. The client comes from
    /// [`crate::Clients::for_address`], which also takes the connect clock.
    #[must_use]
    pub fn new(client: reqwest::Client, endpoint: Endpoint) -> Self {
        let upstream = Upstream::new(&endpoint.name, &endpoint.base_url, endpoint.key.clone());
        Self {
            client,
            endpoint: Arc::new(endpoint),
            upstream: Arc::new(upstream),
        }
    }

    /// Asks which models there are, in the provider's order.
    ///
    /// # Errors
    /// Where the provider cannot be reached, refuses, or answers something
    /// else. Takes no longer than the connect and first-byte clocks together.
    pub async fn models(&self) -> Result<Vec<ListedModel>, Error> {
        models::list(self).await
    }

    /// Asks for an answer. Nothing is sent before the first
    /// [`ChatStream::next`].
    #[must_use]
    pub fn chat(&self, request: &ChatRequest) -> ChatStream {
        ChatStream::new(self.clone(), request.clone())
    }

    /// Whether this is OpenAI itself, which refuses parameters that its
    /// imitators need and takes some that they refuse.
    fn is_openai(&self) -> bool {
        self.endpoint.base_url.host_str() == Some("api.openai.com")
    }

    /// The address of a path below the base address, whose query it keeps.
    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.endpoint.base_url.clone();
        // An address without a path, such as `mailto:`, cannot be asked
        // anyway and fails with a sentence when it is.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.endpoint.key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        }
    }
}
