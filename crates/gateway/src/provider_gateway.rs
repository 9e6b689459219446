//! The gateway over real providers. Its policy: the chosen deployment, one
//! attempt.

use std::sync::Arc;

use async_trait::async_trait;
use protocol::{ModelList, Problem};
use providers::{ChatRequest, Clients, Endpoint, OpenAi};

use crate::{
    Answer, AnswerRequest, ConfigError, Gateway, ProviderConfig,
    catalogue::{Catalogue, Pace},
    config,
    provider_answer::{ProviderAnswer, Refusal},
};

/// Asks the providers it was given.
pub struct ProviderGateway {
    catalogue: Catalogue,
}

impl ProviderGateway {
    /// A gateway to these providers, which are asked for their models at once
    /// and in the background. `default_model` answers requests that name no
    /// model. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// Where the configuration cannot work; an unreachable provider is no
    /// error.
    pub fn new(
        providers: Vec<ProviderConfig>,
        default_model: Option<String>,
    ) -> Result<Arc<Self>, ConfigError> {
        Self::with_pace(providers, default_model, Pace::default())
    }

    pub(crate) fn with_pace(
        providers: Vec<ProviderConfig>,
        default_model: Option<String>,
        pace: Pace,
    ) -> Result<Arc<Self>, ConfigError> {
        config::check(&providers)?;
        let mut clients = Clients::default();
        let providers = providers
            .into_iter()
            .map(|config| {
                let provider = connect(&mut clients, &config)?;
                Ok((config, provider))
            })
            .collect::<Result<_, _>>()?;
        Ok(Arc::new(Self {
            catalogue: Catalogue::start(providers, default_model, pace),
        }))
    }
}

#[async_trait]
impl Gateway for ProviderGateway {
    async fn models(&self) -> ModelList {
        self.catalogue.list().await
    }

    fn resolve(&self, model: Option<&str>) -> Result<String, Problem> {
        self.catalogue.resolve(model)
    }

    fn answer(&self, request: AnswerRequest) -> Box<dyn Answer> {
        let Some((source, model)) = self.catalogue.find(&request.model) else {
            return Box::new(Refusal::new(self.catalogue.not_found(&request.model)));
        };
        let ask = ChatRequest {
            model: model.to_owned(),
            messages: request.messages,
            settings: request.settings,
        };
        Box::new(ProviderAnswer::new(
            request.turn,
            &source.config.name,
            &source.provider,
            &ask,
        ))
    }
}

fn connect(clients: &mut Clients, config: &ProviderConfig) -> Result<OpenAi, ConfigError> {
    let client = clients
        .for_address(&config.base_url, config.clocks.connect)
        .map_err(|reason| ConfigError::Client {
            name: config.name.clone(),
            reason: reason.to_string(),
        })?;
    let endpoint = Endpoint {
        name: config.name.clone(),
        base_url: config.base_url.clone(),
        key: config.key.clone(),
        clocks: config.clocks,
    };
    Ok(OpenAi::new(client, endpoint))
}
