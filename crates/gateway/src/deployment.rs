//! A deployment: a model at a provider, with what is known of it and how it
//! has done.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use providers::Format;
use tokio::time::Instant;

use crate::{
    FactBook, Facts, ModelConfig, Policy,
    breaker::{Admission, Breaker},
    catalogue::{Catalogue, Source},
    lengths::Lengths,
    limiter::Limiter,
    policy::Verdict,
    speed::Speed,
};

/// For how long a deployment that refused to stream is asked without.
const UNSTREAMED_FOR: Duration = Duration::from_secs(600);
/// How many deployments are remembered: names come from requests.
const REMEMBERED: usize = 10_000;

/// A model at a provider.
pub(crate) struct Deployment {
    /// `provider/model`.
    pub(crate) id: String,
    pub(crate) source: Arc<Source>,
    /// As the provider names it.
    pub(crate) model: String,
    pub(crate) facts: Facts,
    /// How long to wait for its first token, where that is configured.
    pub(crate) first_token: Option<Duration>,
    pub(crate) limiter: Arc<Limiter>,
    health: Mutex<Health>,
}

#[derive(Debug, Default)]
struct Health {
    breaker: Breaker,
    speed: Speed,
    lengths: Lengths,
    no_prefill: bool,
    unstreamed_until: Option<Instant>,
}

impl Deployment {
    /// Whether it may be asked now.
    pub(crate) fn admission(&self, now: Instant) -> Admission {
        let key = lock(&self.source.key).state(now);
        let own = self.health().breaker.state(now);
        match (key, own) {
            (Admission::Open(a), Admission::Open(b)) => Admission::Open(a.max(b)),
            (Admission::Open(until), _) | (_, Admission::Open(until)) => Admission::Open(until),
            (Admission::Probe, _) | (_, Admission::Probe) => Admission::Probe,
            (Admission::Closed, Admission::Closed) => Admission::Closed,
        }
    }

    /// It is asked. Returns whether that is to find out how it is.
    pub(crate) fn admit(&self, now: Instant) -> bool {
        let for_key = lock(&self.source.key).admit(now);
        let for_itself = self.health().breaker.admit(now);
        for_key || for_itself
    }

    /// Its answer begins.
    pub(crate) fn began(&self) {
        lock(&self.source.key).succeeded();
        self.health().breaker.shows_life();
    }

    /// Its answer is whole.
    pub(crate) fn answered(&self, first: Option<Duration>, whole: Duration, tokens: Option<u64>) {
        self.limiter.went_well();
        lock(&self.source.key).succeeded();
        let mut health = self.health();
        health.breaker.succeeded();
        health.speed.answered(first, whole, tokens);
    }

    /// A call failed that was the `probe` or not; it may have asked to `wait`.
    /// Returns whether it will now be left alone.
    pub(crate) fn failed(
        &self,
        verdict: Verdict,
        wait: Option<Duration>,
        probe: bool,
        policy: &Policy,
        now: Instant,
    ) -> bool {
        let opened = match verdict {
            Verdict::Broken => lock(&self.source.key).broken(now, policy),
            Verdict::Barred => self.health().breaker.broken(now, policy),
            Verdict::Failing => {
                let mut health = self.health();
                health.speed.failed();
                health.breaker.failed(now, policy)
            }
            Verdict::Innocent => {
                if let Some(wait) = wait {
                    self.health().breaker.asked_to_wait(now, wait);
                }
                false
            }
        };
        // Of the key and the deployment, the failure tells of one at most.
        if probe {
            self.abandoned();
        }
        opened
    }

    /// The probe ended for a reason that says nothing about it.
    pub(crate) fn abandoned(&self) {
        lock(&self.source.key).abandoned();
        self.health().breaker.abandoned();
    }

    /// How fast and how reliable it has been.
    pub(crate) fn speed(&self) -> Speed {
        self.health().speed
    }

    /// An answer of so many tokens was all its own.
    pub(crate) fn wrote(&self, tokens: u64) {
        self.health().lengths.add(tokens);
    }

    /// How many tokens its answers have, typically.
    pub(crate) fn typical_tokens(&self) -> Option<u64> {
        self.health().lengths.typical()
    }

    /// Whether it goes on from its own last words. OpenAI's format has no such
    /// thing; its servers answer as if those words were finished.
    pub(crate) fn takes_prefill(&self) -> bool {
        let by_format = match self.source.config.format {
            Format::Anthropic | Format::Gemini | Format::Ollama => true,
            Format::OpenAi | Format::Responses => false,
        };
        by_format && self.facts.prefill != Some(false) && !self.health().no_prefill
    }

    /// It refused to.
    pub(crate) fn refused_prefill(&self) {
        self.health().no_prefill = true;
    }

    /// Whether it streams.
    pub(crate) fn streams(&self, now: Instant) -> bool {
        let until = self.health().unstreamed_until;
        until.is_none_or(|until| now >= until)
    }

    /// It refused to.
    pub(crate) fn refused_streaming(&self, now: Instant) {
        self.health().unstreamed_until = Some(now + UNSTREAMED_FOR);
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        lock(&self.health)
    }
}

/// All deployments that were asked or considered.
pub(crate) struct Deployments {
    pub(crate) catalogue: Catalogue,
    fallbacks: HashMap<String, Vec<String>>,
    facts: FactBook,
    /// Clocks for the first token, by `provider/model`.
    first_token: HashMap<String, Duration>,
    known: Mutex<HashMap<String, Arc<Deployment>>>,
}

impl Deployments {
    pub(crate) fn new(
        catalogue: Catalogue,
        mut facts: FactBook,
        said: Vec<ModelConfig>,
        fallbacks: HashMap<String, Vec<String>>,
    ) -> Self {
        let mut first_token = HashMap::new();
        for said in said {
            if let Some((source, model)) = catalogue.find(&said.id) {
                let name = &source.config.name;
                facts.set(name, source.family, model, &said.facts);
            }
            if let Some(clock) = said.first_token {
                first_token.insert(said.id, clock);
            }
        }
        Self {
            catalogue,
            fallbacks,
            facts,
            first_token,
            known: Mutex::default(),
        }
    }

    /// The models that the configuration names for when this one cannot
    /// answer.
    pub(crate) fn configured_fallbacks(&self, model: &str) -> &[String] {
        let chain = self
            .fallbacks
            .get(model)
            .or_else(|| self.fallbacks.get("*"));
        chain.map_or(&[], Vec::as_slice)
    }

    /// What is known of a provider's model. The demo's can be sent anything, and
    /// do not think.
    pub(crate) fn facts_of(&self, source: &Source, model: &str) -> Facts {
        let known = self.facts.find(&source.config.name, source.family, model);
        known
            .cloned()
            .unwrap_or_else(|| match source.config.simulated {
                true => Facts {
                    images: Some(true),
                    thinking: Some(false),
                    ..Facts::default()
                },
                false => Facts::default(),
            })
    }

    /// The deployment of this name, if it was asked or considered before.
    pub(crate) fn known(&self, id: &str) -> Option<Arc<Deployment>> {
        lock(&self.known).get(id).cloned()
    }

    /// The deployment of this name; `None` where no provider has it.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Deployment>> {
        let mut known = lock(&self.known);
        if let Some(deployment) = known.get(id) {
            return Some(Arc::clone(deployment));
        }
        let (source, model) = self.catalogue.find(id)?;
        let deployment = Arc::new(Deployment {
            id: id.to_owned(),
            model: model.to_owned(),
            facts: self.facts_of(source, model),
            first_token: self.first_token.get(id).copied(),
            limiter: Arc::default(),
            health: Mutex::default(),
            source: Arc::clone(source),
        });
        if known.len() < REMEMBERED {
            known.insert(id.to_owned(), Arc::clone(&deployment));
        }
        Some(deployment)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds one of these locks can panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
