//! Which deployments answer a request, and in which order.
//!
//! A named model is asked first, then its configured fallbacks, then, unless
//! that is switched off, the same model at other providers and whatever else
//! fits. `auto` weighs what the request needs, how hard it looks, and what each
//! deployment costs, how fast it has been and how healthy it is.

mod needs;

use std::sync::Arc;

use protocol::{Preference, Problem, Usd};
use providers::ChatMessage;
use tokio::time::Instant;

use self::needs::{Needs, nobody_fits, nobody_so_cheap};
use crate::{
    AUTO, AnswerRequest, Policy,
    breaker::Admission,
    chat_models,
    deployment::{Deployment, Deployments},
    difficulty::Difficulty,
};

/// How many deployments are asked at most for one answer.
const CHAIN: usize = 5;
/// How many models of a provider that nothing is known of are considered.
const UNKNOWN_MODELS: usize = 8;
/// What a right answer is worth, in dollars, when it is weighed against what
/// it costs.
const WORTH: f64 = 0.05;
/// What a second of waiting is worth, in dollars.
const SECOND: f64 = 0.000_2;
/// How strong a model is taken to be of which nothing is known.
const UNKNOWN_STRENGTH: f64 = 0.4;
/// The prices of output, in dollars per million tokens, between which strength
/// is read off: a price is the one thing that all providers tell of how strong
/// they think a model is.
const PRICES: (f64, f64) = (0.1, 50.0);

/// Whom to ask, in order.
pub(crate) struct Chain {
    pub(crate) first: Arc<Deployment>,
    pub(crate) others: Vec<Arc<Deployment>>,
    /// Why this one, in words, where it was chosen here.
    pub(crate) route: Option<String>,
    /// The strongest one that was not chosen.
    pub(crate) against: Option<Arc<Deployment>>,
}

impl Deployments {
    /// Whom to ask for this.
    ///
    /// # Errors
    /// Where nobody can be asked: `not_found`, or `bad_request` where the
    /// request's own limits leave nobody.
    pub(crate) fn chain(&self, request: &AnswerRequest, policy: &Policy) -> Result<Chain, Problem> {
        let needs = Needs::of(request);
        let model = request.ask.model.as_str();
        let (named, route, against) = if model == AUTO {
            self.choose(request, &needs)?
        } else if let Some(alias) = self.catalogue.alias(model) {
            let mut models = self.all(&alias.models);
            if alias.spread {
                // Of those that are equally busy, any.
                fastrand::shuffle(&mut models);
                let now = Instant::now();
                models.sort_by_key(|it| (it.limiter.held_for(now), it.limiter.in_flight()));
            }
            (models, None, None)
        } else {
            (self.get(model).into_iter().collect(), None, None)
        };
        let mut chain = Vec::new();
        add(&mut chain, named);
        if chain.is_empty() {
            return Err(self.catalogue.not_found(model));
        }
        // What it costs is known of a model that was named, or it is trusted to
        // be cheap enough by whoever named it.
        let most = request.options.max_cost;
        let dear = |it: &Arc<Deployment>| most.is_some() && needs.cost(it) > most;
        chain.retain(|it| !dear(it));
        if let (true, Some(most)) = (chain.is_empty(), most) {
            return Err(nobody_so_cheap(most));
        }
        let simulated = chain[0].source.config.simulated;
        // Whoever lists the fallbacks means these and no others.
        if request.options.fallbacks.is_some() && model == AUTO {
            chain.truncate(1);
        }
        for fallback in self.fallbacks(request, model) {
            add(
                &mut chain,
                fallback.into_iter().filter(|it| needs.fit(it)).collect(),
            );
        }
        let unasked = policy.automatic_fallback && request.options.fallbacks.is_none();
        // The demo's models show what they show, failures too.
        if unasked && model != AUTO && !simulated {
            let affordable = |it: &Arc<Deployment>| most.is_none() || needs.cost(it).is_some();
            let mut twins = self.twins(&chain[0]);
            twins.retain(|it| needs.fit(it) && affordable(it));
            add(&mut chain, twins);
            if let Ok((others, _, _)) = self.choose(request, &needs) {
                add(&mut chain, others);
            }
        }
        // The demo stands in for nobody, and nobody for the demo.
        let named = request.options.fallbacks.is_some();
        chain.retain(|it| (named || it.source.config.simulated == simulated) && !dear(it));
        chain.truncate(CHAIN);
        let mut chain = chain.into_iter();
        match chain.next() {
            Some(first) => Ok(Chain {
                first,
                others: chain.collect(),
                route,
                against,
            }),
            None => Err(self.catalogue.not_found(model)),
        }
    }

    /// The configured or requested fallbacks of a model.
    fn fallbacks(&self, request: &AnswerRequest, model: &str) -> Vec<Vec<Arc<Deployment>>> {
        let names = match &request.options.fallbacks {
            Some(names) => names.as_slice(),
            None => self.configured_fallbacks(model),
        };
        let meant = |name: &String| match self.catalogue.alias(name) {
            Some(alias) => self.all(&alias.models),
            None if name == AUTO => {
                let chosen = self.choose(request, &Needs::of(request));
                chosen.map(|(models, _, _)| models).unwrap_or_default()
            }
            None => {
                let id = self.catalogue.resolve(Some(name));
                id.ok().and_then(|id| self.get(&id)).into_iter().collect()
            }
        };
        names.iter().map(meant).collect()
    }

    fn all(&self, ids: &[String]) -> Vec<Arc<Deployment>> {
        ids.iter().filter_map(|id| self.get(id)).collect()
    }

    /// The same model at other providers.
    fn twins(&self, of: &Deployment) -> Vec<Arc<Deployment>> {
        let bare = |model: &str| model.rsplit('/').next().unwrap_or(model).to_owned();
        let same = bare(&of.model);
        self.catalogue
            .sources()
            .filter(|source| source.config.name != of.source.config.name)
            .flat_map(|source| {
                let models = source.names();
                let twin = models.into_iter().find(|model| bare(model) == same);
                twin.map(|model| format!("{}/{model}", source.config.name))
            })
            .filter_map(|id| self.get(&id))
            .collect()
    }

    /// All deployments that can do this, the fittest first, with the reason in
    /// words and the strongest of the others.
    #[expect(clippy::type_complexity, reason = "one caller takes it apart at once")]
    fn choose(
        &self,
        request: &AnswerRequest,
        needs: &Needs,
    ) -> Result<
        (
            Vec<Arc<Deployment>>,
            Option<String>,
            Option<Arc<Deployment>>,
        ),
        Problem,
    > {
        let question = request.ask.messages.iter().rev();
        let question = question
            .map(ChatMessage::said)
            .find(|said| !said.is_empty())
            .unwrap_or_default();
        let difficulty = Difficulty::of(&question);
        let prefer = request.options.prefer.unwrap_or_default();
        let now = Instant::now();
        let mut rated: Vec<Rated> = self
            .candidates()
            .into_iter()
            .filter(|it| needs.fit(it))
            .map(|it| Rated::new(it, needs, &difficulty, now))
            .collect();
        if rated.is_empty() {
            return Err(nobody_fits(needs));
        }
        if let Some(most) = request.options.max_cost {
            rated.retain(|it| it.cost.is_some_and(|cost| cost <= most));
            if rated.is_empty() {
                return Err(nobody_so_cheap(most));
            }
        }
        rated.sort_by(|a, b| {
            let key = |it: &Rated| it.open;
            key(a)
                .cmp(&key(b))
                .then(b.value(prefer).total_cmp(&a.value(prefer)))
        });
        let strongest = rated
            .iter()
            .skip(1)
            .filter(|it| it.strength > rated[0].strength)
            .max_by(|a, b| a.strength.total_cmp(&b.strength))
            .map(|it| Arc::clone(&it.deployment));
        let words = rated[0].words(prefer, &difficulty, rated.len());
        let models = rated.into_iter().map(|it| it.deployment).collect();
        Ok((models, Some(words), strongest))
    }

    /// The models that may be chosen unasked: those that something is known
    /// of, and of providers that know nothing but their own the first few.
    pub(crate) fn candidates(&self) -> Vec<Arc<Deployment>> {
        let any_real = self.catalogue.sources().any(|it| !it.config.simulated);
        let mut all = Vec::new();
        for source in self.catalogue.sources() {
            if source.config.simulated && any_real {
                continue;
            }
            let id = |model: &String| format!("{}/{model}", source.config.name);
            let models: Vec<_> = source
                .names()
                .iter()
                .filter(|model| source.config.models.is_some() || !chat_models::is_snapshot(model))
                .filter_map(|model| self.get(&id(model)))
                .filter(|it| !it.facts.deprecated)
                .collect();
            let known = |it: &Arc<Deployment>| it.facts.price.is_some();
            match source.config.models.is_some() {
                true => all.extend(models),
                false if models.iter().any(known) => {
                    all.extend(models.into_iter().filter(known));
                }
                false => all.extend(models.into_iter().take(UNKNOWN_MODELS)),
            }
        }
        all
    }
}

fn add(chain: &mut Vec<Arc<Deployment>>, more: Vec<Arc<Deployment>>) {
    for deployment in more {
        if !chain.iter().any(|known| known.id == deployment.id) {
            chain.push(deployment);
        }
    }
}

/// A deployment and how it fits.
struct Rated {
    deployment: Arc<Deployment>,
    /// 0 to 1.
    strength: f64,
    /// How likely it is to answer rightly, 0 to 1.
    chance: f64,
    cost: Option<Usd>,
    seconds: f64,
    failures: f64,
    /// Whether it is left alone at the moment.
    open: bool,
}

impl Rated {
    fn new(
        deployment: Arc<Deployment>,
        needs: &Needs,
        difficulty: &Difficulty,
        now: Instant,
    ) -> Self {
        let price = deployment.facts.price.as_ref();
        let cost = needs.cost(&deployment);
        let by_price = price.map(|price| {
            let dollars = price.output.picodollars() as f64 / 1e12;
            let (least, most) = (PRICES.0.ln(), PRICES.1.ln());
            ((dollars.max(PRICES.0).ln() - least) / (most - least)).clamp(0.0, 1.0)
        });
        let strength = match (deployment.facts.strength, by_price) {
            (Some(strength), _) => f64::from(strength).clamp(0.0, 1.0),
            (None, by_price) => by_price.unwrap_or(UNKNOWN_STRENGTH),
        };
        let speed = deployment.speed();
        let seconds = speed
            .expected_seconds(needs.output_tokens)
            // Nothing is known yet: larger models are slower.
            .unwrap_or(1.0 + strength + needs.output_tokens as f64 / (120.0 - 60.0 * strength));
        let surplus = strength - f64::from(difficulty.score);
        Self {
            chance: 1.0 / (1.0 + (-(1.5 + 6.0 * surplus)).exp()),
            cost,
            seconds,
            failures: speed.failures(),
            open: matches!(deployment.admission(now), Admission::Open(_)),
            strength,
            deployment,
        }
    }

    /// How well it serves; more is better.
    fn value(&self, prefer: Preference) -> f64 {
        // Of unknown price: dearer than most, so that it is not chosen for
        // what nobody knows.
        let dollars = self
            .cost
            .map_or(0.004, |cost| cost.picodollars() as f64 / 1e12);
        let reliable = 1.0 - 0.5 * self.failures;
        match prefer {
            Preference::Cheapest => -dollars + self.strength * 1e-6 - 0.01 * self.failures,
            Preference::Fastest => -self.seconds / reliable,
            Preference::Best => self.strength * reliable - dollars * 1e-3,
            Preference::Balanced => {
                self.chance * reliable * WORTH - dollars - self.seconds * SECOND
            }
        }
    }

    /// Why it was chosen.
    fn words(&self, prefer: Preference, difficulty: &Difficulty, of: usize) -> String {
        let id = &self.deployment.id;
        let request = difficulty.words();
        let models = match of {
            1 => "the only model that can do this".to_owned(),
            of => format!("of {of} models"),
        };
        match prefer {
            _ if of == 1 => format!("{request}: {id}, {models}"),
            Preference::Cheapest => format!("{request}: {id}, the cheapest {models}"),
            Preference::Fastest => format!("{request}: {id}, the fastest {models} lately"),
            Preference::Best => format!("{request}: {id}, the strongest {models}"),
            Preference::Balanced if self.chance >= 0.8 => {
                format!("{request}: {id} is strong enough and the best value {models}")
            }
            Preference::Balanced => format!("{request}: {id}, the best balance {models}"),
        }
    }
}
