//! The list of models.

use serde::Deserialize;
use tokio::time::timeout;

use super::{OpenAi, failure};
use crate::{Error, http::read_bounded};

/// The largest list that is read; OpenRouter's has 500 KB.
const LIST_LIMIT: usize = 8 << 20;

/// A model as the provider lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedModel {
    /// How requests name it.
    pub id: String,
    /// A name for people, where the provider has one.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is, in the provider's words: a line or a page.
    #[serde(default)]
    pub description: Option<String>,
    /// When it was made, seconds since the Unix epoch.
    #[serde(default)]
    pub created: Option<i64>,
}

/// OpenAI's envelope, or the bare list that some imitators send. Ollama's
/// `data` is null where it has no model yet.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum List {
    Enveloped { data: Option<Vec<ListedModel>> },
    Bare(Vec<ListedModel>),
}

pub(super) async fn list(provider: &OpenAi) -> Result<Vec<ListedModel>, Error> {
    let clocks = provider.endpoint.clocks;
    let limit = clocks.connect.saturating_add(clocks.first_byte);
    match timeout(limit, ask(provider)).await {
        Ok(listed) => listed,
        Err(_) => Err(provider.upstream.no_first_byte(clocks.first_byte)),
    }
}

async fn ask(provider: &OpenAi) -> Result<Vec<ListedModel>, Error> {
    let upstream = &provider.upstream;
    let request = provider.client.get(provider.url(&["models"]));
    let mut response = provider
        .authorized(request)
        .send()
        .await
        .map_err(|error| upstream.unanswered(&error, provider.endpoint.clocks.connect))?;
    let body = read_bounded(&mut response, LIST_LIMIT)
        .await
        .map_err(|error| upstream.cut_off(Some(&error)))?;
    let status = response.status();
    if !status.is_success() {
        let headers = response.headers();
        return Err(failure::of_response(upstream, status, headers, &body));
    }
    match serde_json::from_slice(&body) {
        Ok(List::Enveloped { data }) => Ok(data.unwrap_or_default()),
        Ok(List::Bare(models)) => Ok(models),
        Err(_) => {
            let message = format!(
                "{} answered its list of models with something else. Is its base address right? \
                 It usually ends in /v1.",
                upstream.name
            );
            Err(upstream.error(protocol::ProblemKind::Malformed, &message))
        }
    }
}
