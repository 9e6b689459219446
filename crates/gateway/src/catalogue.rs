//! Which models there are: each provider is asked in the background, and what
//! it last said is at hand.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::join_all;
use protocol::{ModelInfo, ModelList, Problem, ProblemKind, ProviderModels};
use providers::Provider;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};

use crate::{AUTO, Alias, ProviderConfig, breaker::Breaker, chat_models, facts};

/// How many models an error names.
const NAMED_LIMIT: usize = 5;

/// How often providers are asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How long a list stands before it is asked for again. A provider that
    /// failed is asked again by itself, another when somebody wants to know.
    pub(crate) refresh: Duration,
    /// How long after the start somebody who asks is kept waiting for
    /// providers that did not answer yet.
    pub(crate) first_wait: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(60),
            first_wait: Duration::from_secs(3),
        }
    }
}

/// The providers and their models. Dropping it ends the asking.
pub(crate) struct Catalogue {
    sources: Vec<Arc<Source>>,
    aliases: Vec<Alias>,
    default: Option<String>,
    patience_ends: Instant,
    _asking: JoinSet<()>,
}

/// One provider and what it said.
pub(crate) struct Source {
    pub(crate) config: ProviderConfig,
    pub(crate) provider: Provider,
    /// The family of models it serves, where its address tells.
    pub(crate) family: Option<&'static str>,
    /// Open while its key or its account is at fault.
    pub(crate) key: Mutex<Breaker>,
    listing: watch::Sender<Listing>,
    wanted: Notify,
}

/// What a provider last said. Neither models nor a problem: nothing yet.
#[derive(Debug, Clone, Default)]
struct Listing {
    /// Its models, when it last told; they stand while it cannot be asked.
    models: Option<Vec<ModelInfo>>,
    /// Why it could not be asked the last time.
    problem: Option<Problem>,
}

impl Catalogue {
    /// Begins to ask the providers. Needs a Tokio runtime.
    pub(crate) fn start(
        providers: Vec<(ProviderConfig, Provider)>,
        aliases: Vec<Alias>,
        default: Option<String>,
        pace: Pace,
    ) -> Self {
        let mut asking = JoinSet::new();
        let mut sources = Vec::new();
        for (config, provider) in providers {
            let fixed = config.models.as_ref().map(|models| {
                let named = |model: &String| chat_models::named(&config.name, model);
                models.iter().map(named).collect()
            });
            let ask = fixed.is_none();
            let listing = Listing {
                models: fixed,
                problem: None,
            };
            let host = config.base_url.host_str().unwrap_or_default();
            let source = Arc::new(Source {
                family: facts::family_of(host, config.format.as_str()),
                key: Mutex::default(),
                config,
                provider,
                listing: watch::Sender::new(listing),
                wanted: Notify::new(),
            });
            if ask {
                asking.spawn(keep_listed(source.clone(), pace.refresh));
            }
            sources.push(source);
        }
        Self {
            sources,
            aliases,
            default,
            patience_ends: Instant::now() + pace.first_wait,
            _asking: asking,
        }
    }

    /// The models as last heard. Waits for providers that said nothing yet,
    /// but only shortly after the start.
    pub(crate) async fn list(&self) -> ModelList {
        let answered = self.sources.iter().map(|source| async {
            source.wanted.notify_one();
            let mut listing = source.listing.subscribe();
            // Neither a timeout nor a closed channel changes what is known.
            let _ = listing.wait_for(|listing| !listing.is_pending()).await;
        });
        let _ = timeout_at(self.patience_ends, join_all(answered)).await;
        ModelList {
            default: self.default_model(),
            providers: self
                .chosen()
                .into_iter()
                .chain(self.sources.iter().filter_map(|source| source.shown()))
                .collect(),
        }
    }

    /// What can be named instead of a model: `auto`, where there is something
    /// to choose from, and the aliases.
    fn chosen(&self) -> Option<ProviderModels> {
        let real = self
            .sources
            .iter()
            .filter(|source| !source.config.simulated);
        let choice: usize = real
            .filter_map(|source| source.shown())
            .map(|provider| provider.models.len())
            .sum();
        let auto = (choice > 1).then(|| ModelInfo {
            id: AUTO.to_owned(),
            name: "Automatic".to_owned(),
            description: Some("Chooses a model for each message.".to_owned()),
            ..ModelInfo::default()
        });
        let aliases = self.aliases.iter().map(|alias| ModelInfo {
            id: alias.name.clone(),
            name: alias.name.clone(),
            description: Some(alias.models.join(", ")),
            ..ModelInfo::default()
        });
        let models: Vec<_> = auto.into_iter().chain(aliases).collect();
        (!models.is_empty()).then(|| ProviderModels {
            provider: String::new(),
            label: "Chosen by Rivulet".to_owned(),
            simulated: false,
            models,
            problem: None,
        })
    }

    /// All providers, the hidden ones too.
    pub(crate) fn all_sources(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.sources.iter()
    }

    /// The alias of this name.
    pub(crate) fn alias(&self, name: &str) -> Option<&Alias> {
        self.aliases.iter().find(|alias| alias.name == name)
    }

    /// The providers that are not hidden, in order.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.sources.iter().filter(|source| !source.is_hidden())
    }

    /// Which model a request means; see [`crate::Gateway::resolve`].
    ///
    /// `provider/model` is taken where the provider exists and lists the
    /// model, or has a list that need not be complete. Another name is taken
    /// where exactly one provider lists it. No name is the default model, or
    /// the first one shown.
    pub(crate) fn resolve(&self, model: Option<&str>) -> Result<String, Problem> {
        let Some(model) = model else {
            return self.default_model().ok_or_else(|| self.no_models());
        };
        if model == AUTO && self.sources().next().is_some() || self.alias(model).is_some() {
            return Ok(model.to_owned());
        }
        if let Some((source, name)) = self.find(model) {
            return match source.accepts(name) {
                true => Ok(model.to_owned()),
                false => Err(self.not_found(model)),
            };
        }
        let listing: Vec<String> = self
            .sources
            .iter()
            .map(|source| format!("{}/{model}", source.config.name))
            .zip(&self.sources)
            .filter(|(id, source)| source.lists(id))
            .map(|(id, _)| id)
            .collect();
        match listing.as_slice() {
            [] => Err(self.not_found(model)),
            [id] => Ok(id.clone()),
            several => {
                let message = format!("Several providers offer the model \"{model}\".");
                let advice = format!("Name one of them: {}.", several.join(", "));
                Err(Problem::new(ProblemKind::NotFound, message).advice(advice))
            }
        }
    }

    /// The provider that the part before the slash names, and the rest.
    pub(crate) fn find<'a>(&self, model: &'a str) -> Option<(&Arc<Source>, &'a str)> {
        let (provider, name) = model.split_once('/')?;
        let source = self
            .sources
            .iter()
            .find(|source| source.config.name == provider)?;
        Some((source, name))
    }

    /// The configured default where it can be asked, else the first model.
    fn default_model(&self) -> Option<String> {
        let configured = self.default.as_deref().and_then(|model| {
            let id = self.resolve(Some(model)).ok()?;
            if id == AUTO || self.alias(&id).is_some() {
                return Some(id);
            }
            let (source, _) = self.find(&id)?;
            (!source.is_hidden()).then_some(id)
        });
        configured.or_else(|| {
            let mut shown = self.sources.iter().filter_map(|source| source.shown());
            shown.find_map(|provider| Some(provider.models.first()?.id.clone()))
        })
    }

    pub(crate) fn not_found(&self, model: &str) -> Problem {
        let ids: Vec<String> = self
            .sources
            .iter()
            .filter_map(|source| source.shown())
            .flat_map(|provider| provider.models)
            .map(|model| model.id)
            .collect();
        if ids.is_empty() {
            return self.no_models();
        }
        let named = &ids[..ids.len().min(NAMED_LIMIT)];
        let more = match ids.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Problem::new(
            ProblemKind::NotFound,
            format!("No provider offers the model \"{model}\"."),
        )
        .advice(format!("There are {}{more}.", named.join(", ")))
    }

    fn no_models(&self) -> Problem {
        let problem = Problem::new(ProblemKind::NotFound, "No provider offers any model.");
        let shown = self.sources.iter().filter_map(|source| source.shown());
        match shown.filter_map(|provider| provider.problem).next() {
            Some(reason) => problem.advice(reason.to_string()).retryable(),
            None => problem.advice("Configure a provider, or start a local one."),
        }
    }
}

impl Source {
    fn accepts(&self, name: &str) -> bool {
        let id = format!("{}/{name}", self.config.name);
        let is_open = !self.config.is_list_complete() || self.listing.borrow().models.is_none();
        !name.is_empty() && (is_open || self.lists(&id))
    }

    /// The models that it lists, as it names them.
    pub(crate) fn names(&self) -> Vec<String> {
        let prefix = self.config.name.len() + 1;
        let listing = self.listing.borrow();
        let listed = listing.models.iter().flatten();
        listed.map(|model| model.id[prefix..].to_owned()).collect()
    }

    pub(crate) fn lists(&self, id: &str) -> bool {
        let listing = self.listing.borrow();
        listing.models.iter().flatten().any(|model| model.id == id)
    }

    /// A provider that is only looked for shows while it has models.
    fn is_hidden(&self) -> bool {
        let listing = self.listing.borrow();
        let has_models = listing.models.as_ref().is_some_and(|list| !list.is_empty());
        self.config.optional && (listing.problem.is_some() || !has_models)
    }

    fn shown(&self) -> Option<ProviderModels> {
        if self.is_hidden() {
            return None;
        }
        let Listing { models, problem } = self.listing.borrow().clone();
        let models = models.unwrap_or_default();
        let problem = match models.is_empty() {
            true => problem.or_else(|| Some(self.without_models())),
            false => None,
        };
        Some(ProviderModels {
            provider: self.config.name.clone(),
            label: self.config.label.clone(),
            simulated: self.config.simulated,
            models,
            problem,
        })
    }

    fn without_models(&self) -> Problem {
        let name = &self.config.name;
        let problem = match self.listing.borrow().is_pending() {
            true => {
                let message = format!("{name} has not told its models yet.");
                Problem::new(ProblemKind::Timeout, message).retryable()
            }
            false => Problem::new(
                ProblemKind::NotFound,
                format!("{name} lists no model that chats."),
            ),
        };
        Problem {
            provider: Some(name.clone()),
            ..problem
        }
    }

    /// Asks the provider once. Returns whether it told.
    async fn ask(&self) -> bool {
        let listed = self.provider.models().await;
        let was_failing = self.listing.borrow().problem.is_some();
        match listed {
            Ok(listed) => {
                let models = chat_models::shown(&self.config.name, self.config.simulated, listed);
                self.listing.send_replace(Listing {
                    models: Some(models),
                    problem: None,
                });
                true
            }
            Err(error) => {
                // Once until it works again; that one merely looked for is
                // not there is no news at all.
                if !was_failing && !self.config.optional {
                    tracing::warn!(
                        provider.name = self.config.name,
                        error.kind = ?error.kind,
                        http.status = error.status,
                        "the provider does not tell its models"
                    );
                }
                self.listing
                    .send_modify(|listing| listing.problem = Some(error.to_problem()));
                false
            }
        }
    }
}

impl Listing {
    fn is_pending(&self) -> bool {
        self.models.is_none() && self.problem.is_none()
    }
}

async fn keep_listed(source: Arc<Source>, refresh: Duration) {
    loop {
        let told = source.ask().await;
        sleep(refresh).await;
        if told {
            // Remembers that somebody asked in the meantime.
            source.wanted.notified().await;
        }
    }
}
