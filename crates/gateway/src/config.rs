//! What the gateway is told about its providers and how to use them.

use std::{collections::HashMap, time::Duration};

use providers::{Clocks, Format, Url};
use secrecy::SecretString;

use crate::{CacheConfig, FactBook, Facts};

/// One provider.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Its name: the part of a model's id before the slash.
    pub name: String,
    /// What the picker calls it.
    pub label: String,
    /// The wire format it speaks.
    pub format: Format,
    /// Its address: for OpenAI's formats up to and with the version.
    pub base_url: Url,
    /// Its key, where it wants one.
    pub key: Option<SecretString>,
    /// True for the built-in demo.
    pub simulated: bool,
    /// The models to offer, in this order, instead of asking the provider.
    pub models: Option<Vec<String>>,
    /// True where the provider was not configured but is only looked for,
    /// such as a local Ollama: it is hidden until it answers.
    pub optional: bool,
    /// How long it may take.
    pub clocks: Clocks,
}

impl ProviderConfig {
    /// Whether its list of models is all there is. Elsewhere a model may be
    /// used that is not listed: a fine-tuned one, or one just installed.
    pub(crate) fn is_list_complete(&self) -> bool {
        self.simulated || self.models.is_some()
    }

    /// Its address as it may be shown: a user's name and a query can hold
    /// secrets.
    #[must_use]
    pub fn shown_address(&self) -> String {
        let mut url = self.base_url.clone();
        // Refused where the address can have no such thing.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        url.to_string()
    }

    /// Whether it runs on hardware of our own, where tokens cost nothing that
    /// a price list knows.
    pub(crate) fn is_local(&self) -> bool {
        self.format == Format::Ollama
    }
}

/// Everything the gateway is told.
#[derive(Debug, Default)]
pub struct GatewayConfig {
    /// The providers, in the order to show them.
    pub providers: Vec<ProviderConfig>,
    /// The model that answers when none is named.
    pub default_model: Option<String>,
    /// Names for one model or several.
    pub aliases: Vec<Alias>,
    /// Which models to ask, in order, when one cannot answer: by
    /// `provider/model`, alias or, for all others, `*`.
    pub fallbacks: HashMap<String, Vec<String>>,
    /// What is said of single models, instead of what is known of them.
    pub models: Vec<ModelConfig>,
    /// What is known of models; `None` is the built-in table.
    pub facts: Option<FactBook>,
    /// How hard to try.
    pub policy: Policy,
    /// What to remember.
    pub cache: CacheConfig,
}

/// A name for several deployments.
#[derive(Debug, Clone)]
pub struct Alias {
    /// The name.
    pub name: String,
    /// The deployments as `provider/model`: the first is asked, the others
    /// when it cannot answer.
    pub models: Vec<String>,
    /// Whether they are the same model, so that requests are spread over them
    /// by how busy each is.
    pub spread: bool,
}

/// What is said of a single model.
#[derive(Debug, Clone, Default)]
pub struct ModelConfig {
    /// The model, as `provider/model`.
    pub id: String,
    /// What is known of it: what is said here counts before the table.
    pub facts: Facts,
    /// How long to wait for its first token where another could answer.
    pub first_token: Option<Duration>,
}

/// How hard to try.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How often the same deployment is asked again.
    pub retries: u32,
    /// The most calls for one answer.
    pub attempts: u32,
    /// How long to wait for a first token where another deployment could
    /// answer.
    pub first_token: Duration,
    /// How long a silence within an answer may last where another deployment
    /// could go on.
    pub stall: Duration,
    /// The longest wait that a provider may ask for where another deployment
    /// could answer.
    pub wait_elsewhere: Duration,
    /// The longest wait that a provider may ask for where none could.
    pub wait_alone: Duration,
    /// The first backoff; each further one may be twice as long.
    pub backoff: Duration,
    /// The longest backoff.
    pub backoff_limit: Duration,
    /// Whether models that nobody named may answer when the named one and its
    /// configured fallbacks cannot.
    pub automatic_fallback: bool,
    /// How long a deployment that keeps failing is left alone at first; each
    /// probe that fails doubles it.
    pub cooldown: Duration,
    /// The longest that it is left alone: whoever is back serves again within
    /// half a minute.
    pub cooldown_limit: Duration,
    /// How long one is left alone whose key or account does not work: nothing
    /// but the operator changes those.
    pub cooldown_broken: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            retries: 2,
            attempts: 10,
            first_token: Duration::from_secs(10),
            stall: Duration::from_secs(15),
            wait_elsewhere: Duration::from_secs(5),
            wait_alone: Duration::from_secs(60),
            backoff: Duration::from_millis(400),
            backoff_limit: Duration::from_secs(8),
            automatic_fallback: true,
            cooldown: Duration::from_secs(5),
            cooldown_limit: Duration::from_secs(20),
            cooldown_broken: Duration::from_secs(60),
        }
    }
}

/// What is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A name that could not be the part of a model's id before the slash.
    #[error("\"{0}\" cannot be a provider's name: it must be a word without a slash or a space")]
    Name(String),
    /// Two providers of one name.
    #[error("there are two providers named \"{0}\": rename one of them")]
    Duplicate(String),
    /// An address that is not HTTP's.
    #[error(
        "the base address of \"{name}\" is \"{address}\": it must begin with http:// or https://"
    )]
    Address {
        /// The provider.
        name: String,
        /// Its address.
        address: String,
    },
    /// TLS cannot be set up.
    #[error("no connection to \"{name}\" can be prepared: {reason}")]
    Client {
        /// The provider.
        name: String,
        /// Why.
        reason: String,
    },
    /// An alias that cannot be one.
    #[error("\"{0}\" cannot be an alias: it must be a word of its own without a slash or a space")]
    Alias(String),
    /// A model named somewhere whose provider there is none of.
    #[error("\"{model}\" in {place} names no provider: models are named provider/model")]
    Unknown {
        /// The model.
        model: String,
        /// Where it is named.
        place: String,
    },
}

/// Checks what can be checked without the network.
pub(crate) fn check(config: &GatewayConfig) -> Result<(), ConfigError> {
    let providers = &config.providers;
    for (at, provider) in providers.iter().enumerate() {
        let name = &provider.name;
        if name.is_empty() || name.contains(|c: char| c == '/' || c.is_whitespace()) {
            return Err(ConfigError::Name(name.clone()));
        }
        if providers[..at].iter().any(|other| other.name == *name) {
            return Err(ConfigError::Duplicate(name.clone()));
        }
        if !matches!(provider.base_url.scheme(), "http" | "https") {
            return Err(ConfigError::Address {
                name: name.clone(),
                address: provider.shown_address(),
            });
        }
    }
    let offered = |model: &str, place: &str| {
        let provider = model.split_once('/').map(|(provider, _)| provider);
        let known = providers
            .iter()
            .any(|it| Some(it.name.as_str()) == provider);
        known.then_some(()).ok_or_else(|| ConfigError::Unknown {
            model: model.to_owned(),
            place: place.to_owned(),
        })
    };
    let named = |model: &str, place: &str| {
        let alias = config.aliases.iter().any(|alias| alias.name == model);
        match alias || model == crate::AUTO {
            true => Ok(()),
            false => offered(model, place),
        }
    };
    for (at, alias) in config.aliases.iter().enumerate() {
        let name = &alias.name;
        let odd = name.is_empty()
            || name == crate::AUTO
            || name.contains(|c: char| c == '/' || c.is_whitespace())
            || config.aliases[..at].iter().any(|other| other.name == *name)
            || alias.models.is_empty();
        if odd {
            return Err(ConfigError::Alias(name.clone()));
        }
        for model in &alias.models {
            offered(model, &format!("the alias \"{name}\""))?;
        }
    }
    for said in &config.models {
        offered(&said.id, "[[models]]")?;
    }
    for (model, chain) in &config.fallbacks {
        if model != "*" {
            named(model, "the fallbacks")?;
        }
        for fallback in chain {
            named(fallback, "the fallbacks")?;
        }
    }
    Ok(())
}
