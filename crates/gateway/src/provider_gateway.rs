//! The gateway over real providers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::future::join_all;
use protocol::{ModelList, Problem};
use providers::{Clients, Endpoint, Error, Provider};

use crate::{
    Answer, AnswerRequest, CacheStatistics, CacheStore, ConfigError, FactBook, Gateway,
    GatewayConfig, Policy, ProviderConfig,
    cache::Cache,
    catalogue::{Catalogue, Pace},
    config,
    deployment::Deployments,
    failover::{Failover, Refused},
    flight::{Flights, Shared},
    seals::Seals,
};

/// Asks the providers it was given.
pub struct ProviderGateway {
    deployments: Arc<Deployments>,
    policy: Arc<Policy>,
    cache: Arc<Cache>,
    flights: Arc<Flights>,
    seals: Arc<Seals>,
}

/// What came of reaching for a provider.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The provider.
    pub provider: String,
    /// Its address.
    pub address: String,
    /// How many models it lists, or why it could not be asked.
    pub models: Result<usize, Error>,
    /// How long that took.
    pub took: Duration,
}

impl ProviderGateway {
    /// A gateway to these providers, which are asked for their models at once
    /// and in the background; answers are remembered in `store`, where there
    /// is one. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// Where the configuration cannot work; an unreachable provider is no
    /// error.
    pub fn new(
        config: GatewayConfig,
        store: Option<Arc<dyn CacheStore>>,
    ) -> Result<Arc<Self>, ConfigError> {
        Self::with_pace(config, store, Pace::default())
    }

    pub(crate) fn with_pace(
        config: GatewayConfig,
        store: Option<Arc<dyn CacheStore>>,
        pace: Pace,
    ) -> Result<Arc<Self>, ConfigError> {
        config::check(&config)?;
        let mut clients = Clients::default();
        let providers = config
            .providers
            .into_iter()
            .map(|config| {
                let provider = connect(&mut clients, &config)?;
                Ok((config, provider))
            })
            .collect::<Result<_, _>>()?;
        let catalogue = Catalogue::start(providers, config.aliases, config.default_model, pace);
        let facts = config.facts.unwrap_or_else(FactBook::built_in);
        Ok(Arc::new(Self {
            deployments: Arc::new(Deployments::new(
                catalogue,
                facts,
                config.models,
                config.fallbacks,
            )),
            policy: Arc::new(config.policy),
            cache: Arc::new(Cache::new(config.cache, store)),
            flights: Arc::default(),
            seals: Arc::default(),
        }))
    }

    /// Reaches for every provider, all at once.
    pub async fn check(&self) -> Vec<Checked> {
        let check = |source: Arc<crate::catalogue::Source>| async move {
            let began = Instant::now();
            let models = source.provider.models().await.map(|models| models.len());
            Checked {
                provider: source.config.name.clone(),
                address: source.config.base_url.to_string(),
                models,
                took: began.elapsed(),
            }
        };
        let sources = self.deployments.catalogue.all_sources();
        join_all(sources.cloned().map(check)).await
    }
}

#[async_trait]
impl Gateway for ProviderGateway {
    async fn models(&self) -> ModelList {
        let mut list = self.deployments.catalogue.list().await;
        self.deployments.describe(&mut list);
        list
    }

    fn resolve(&self, model: Option<&str>) -> Result<String, Problem> {
        self.deployments.catalogue.resolve(model)
    }

    fn answer(&self, request: AnswerRequest) -> Box<dyn Answer> {
        let Some(key) = self.cache.key(&request) else {
            return ask(&self.deployments, &self.policy, &self.seals, request);
        };
        let (cache, flights) = (Arc::clone(&self.cache), Arc::clone(&self.flights));
        let (deployments, policy) = (Arc::clone(&self.deployments), Arc::clone(&self.policy));
        let asked = request.clone();
        let seals = Arc::clone(&self.seals);
        let make = move || ask(&deployments, &policy, &seals, asked.clone());
        Box::new(Shared::new(cache, flights, key, &request, make))
    }

    fn sees_images(&self, model: &str) -> Option<bool> {
        self.deployments.sees_images(model)
    }

    fn cache_statistics(&self) -> CacheStatistics {
        self.cache.statistics()
    }
}

fn ask(
    deployments: &Deployments,
    policy: &Arc<Policy>,
    seals: &Arc<Seals>,
    request: AnswerRequest,
) -> Box<dyn Answer> {
    match deployments.chain(&request, policy) {
        Ok(chain) => Box::new(Failover::new(
            request,
            chain,
            Arc::clone(policy),
            Arc::clone(seals),
        )),
        Err(problem) => Box::new(Refused::new(problem)),
    }
}

fn connect(clients: &mut Clients, config: &ProviderConfig) -> Result<Provider, ConfigError> {
    let client = clients
        .for_address(&config.base_url, config.clocks.connect)
        .map_err(|reason| ConfigError::Client {
            name: config.name.clone(),
            reason: reason.to_string(),
        })?;
    let endpoint = Endpoint {
        name: config.name.clone(),
        format: config.format,
        base_url: config.base_url.clone(),
        key: config.key.clone(),
        clocks: config.clocks,
    };
    Ok(Provider::new(client, endpoint))
}
