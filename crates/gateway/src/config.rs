//! What the gateway is told about its providers.

use providers::{Clocks, Url};
use secrecy::SecretString;

/// One provider, which speaks OpenAI's format.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Its name: the part of a model's id before the slash.
    pub name: String,
    /// What the picker calls it.
    pub label: String,
    /// Its address up to and with the version: `https://api.openai.com/v1`.
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
}

/// Checks what can be checked without the network.
pub(crate) fn check(providers: &[ProviderConfig]) -> Result<(), ConfigError> {
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
                address: provider.base_url.to_string(),
            });
        }
    }
    Ok(())
}
