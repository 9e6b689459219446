//! A provider: where it is, how it is asked, and what was learned about it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::{RequestBuilder, Url};
use secrecy::SecretString;

use crate::{
    ChatRequest, ChatStream, Clocks, Error, Format, ListedModel, dialect::Dialect, http::Upstream,
    models,
};

/// How many models are remembered that want to be asked in another way.
const LEARNED_LIMIT: usize = 1_000;

/// Where a provider is and how it is asked.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The provider's name, as errors and messages say it.
    pub name: String,
    /// The wire format it speaks.
    pub format: Format,
    /// The address, such as `https://api.openai.com/v1`. For OpenAI's formats
    /// up to and with the version; for the others with it or without.
    pub base_url: Url,
    /// The key; none is sent without it.
    pub key: Option<SecretString>,
    /// How long it may take.
    pub clocks: Clocks,
}

/// A provider. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Provider {
    pub(crate) client: reqwest::Client,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) upstream: Arc<Upstream>,
    /// How models want to be asked that refused the usual way, so that the
    /// refusal is met once.
    learned: Arc<Mutex<HashMap<String, Dialect>>>,
}

impl Provider {
    /// A provider at this endpoint. The client comes from
    /// [`crate::Clients::for_address`], which also takes the connect clock.
    #[must_use]
    pub fn new(client: reqwest::Client, endpoint: Endpoint) -> Self {
        let upstream = Upstream::new(&endpoint.name, &endpoint.base_url, endpoint.key.clone());
        Self {
            client,
            endpoint: Arc::new(endpoint),
            upstream: Arc::new(upstream),
            learned: Arc::default(),
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
    pub fn chat(&self, request: ChatRequest) -> ChatStream {
        self.chat_within(request, self.endpoint.clocks)
    }

    /// [`Provider::chat`] with clocks of its own.
    #[must_use]
    pub fn chat_within(&self, request: ChatRequest, clocks: Clocks) -> ChatStream {
        ChatStream::new(self.clone(), request, clocks)
    }

    /// The format it speaks.
    #[must_use]
    pub fn format(&self) -> Format {
        self.endpoint.format
    }

    pub(crate) fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        let key = self.endpoint.key.as_ref();
        self.endpoint.format.authorized(request, key)
    }

    /// How this model is asked at first.
    pub(crate) fn dialect(&self, model: &str) -> Dialect {
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let usual = || Dialect::first(&self.endpoint.base_url);
        learned.get(model).copied().unwrap_or_else(usual)
    }

    /// Remembers how this model wants to be asked.
    pub(crate) fn learn(&self, model: &str, dialect: Dialect) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        if learned.len() < LEARNED_LIMIT {
            learned.insert(model.to_owned(), dialect);
        }
    }
}
