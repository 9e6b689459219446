//! What is known of models: limits, abilities and prices. From a table that
//! comes with us, from an operator's file in its place, and from the
//! configuration over both.

mod date;
mod litellm;
mod names;
mod table;

use std::collections::HashMap;

use protocol::Price;

pub use litellm::FactsError;
pub use names::family_of;

/// Families whose models nobody else sells at another price, so that a
/// reseller who passes prices on, as OpenRouter does, asks theirs.
const SOLE_SELLERS: &[&str] = &["anthropic", "gemini", "openai", "xai"];

/// Families that make models. What they say of a name counts before what
/// others say who serve it.
const MAKERS: &[&str] = &[
    "openai",
    "anthropic",
    "gemini",
    "xai",
    "mistral",
    "deepseek",
];

/// What is known of a model: its window, abilities and price. `None` is
/// unknown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The most tokens of a request.
    pub context: Option<u64>,
    /// The most tokens of an answer.
    pub max_output: Option<u64>,
    /// Whether it sees images.
    pub images: Option<bool>,
    /// Whether it calls tools.
    pub tools: Option<bool>,
    /// Whether it thinks before it answers.
    pub thinking: Option<bool>,
    /// Whether it goes on from the beginning of its own answer.
    pub prefill: Option<bool>,
    /// Whether it answers in the shape of a JSON schema.
    pub json_schema: Option<bool>,
    /// Parameters it answers with an error, in the words of OpenAI's format.
    /// `a@b` is refused only beside `b`. See [`Facts::takes`].
    pub refuses: Vec<String>,
    /// What it costs.
    pub price: Option<Price>,
    /// Whether its provider's date for ending it has passed.
    pub deprecated: bool,
    /// How able it is, 0 to 1; by configuration only.
    pub strength: Option<f32>,
}

impl Facts {
    /// Whether a parameter can be sent, as far as known. `beside` are the
    /// parameters of the request; `reasoning_effort` is among them only where
    /// an effort other than none is asked for.
    #[must_use]
    pub fn takes(&self, parameter: &str, beside: &[&str]) -> bool {
        !self
            .refuses
            .iter()
            .any(|refused| match refused.split_once('@') {
                Some((name, other)) => name == parameter && beside.contains(&other),
                None => refused == parameter,
            })
    }

    /// These facts where `over` says nothing else.
    fn overlaid(&self, over: &Self) -> Self {
        Self {
            context: over.context.or(self.context),
            max_output: over.max_output.or(self.max_output),
            images: over.images.or(self.images),
            tools: over.tools.or(self.tools),
            thinking: over.thinking.or(self.thinking),
            prefill: over.prefill.or(self.prefill),
            json_schema: over.json_schema.or(self.json_schema),
            refuses: match over.refuses.is_empty() {
                true => self.refuses.clone(),
                false => over.refuses.clone(),
            },
            price: over.price.clone().or_else(|| self.price.clone()),
            deprecated: over.deprecated || self.deprecated,
            strength: over.strength.or(self.strength),
        }
    }
}

/// What is known of all models.
#[derive(Debug, Clone, Default)]
pub struct FactBook {
    families: HashMap<String, Family>,
    /// For each model the family to ask where none is known.
    anywhere: HashMap<String, String>,
    /// By the provider's name and the model's, with what they are laid over.
    overrides: HashMap<String, HashMap<String, Facts>>,
}

/// The models of a provider family.
#[derive(Debug, Clone, Default)]
struct Family {
    models: HashMap<String, Known>,
    /// For a name without its date the model to take for it.
    undated: HashMap<String, String>,
}

/// A model's facts, with and without the price.
#[derive(Debug, Clone)]
struct Known {
    priced: Facts,
    unpriced: Facts,
}

impl FactBook {
    /// The table that comes with us, `data/models.csv`.
    #[must_use]
    pub fn built_in() -> Self {
        // A test reads it all.
        table::read(table::BUILT_IN, table::AS_OF).map_or_else(|_| Self::default(), Self::new)
    }

    /// A table in place of ours, in the format of LiteLLM's price map
    /// (`model_prices_and_context_window.json`). `as_of` says when its prices
    /// were read. What it does not state of a model that ours has, other than
    /// the price, is taken from ours.
    ///
    /// # Errors
    /// Names what cannot be read in the file, and where.
    pub fn from_litellm(json: &str, as_of: &str) -> Result<Self, FactsError> {
        let ours = Self::built_in();
        let mut rows = litellm::read(json, as_of)?;
        for (family, model, facts) in &mut rows {
            if let Some(known) = ours.lookup(family, model) {
                let deprecated = facts.deprecated;
                *facts = known.unpriced.overlaid(facts);
                facts.deprecated = deprecated;
            }
        }
        Ok(Self::new(rows))
    }

    /// What is known of a model. `provider` is its name in our configuration,
    /// `family` what [`family_of`] tells of it.
    ///
    /// What the configuration says comes first; then the family's model of
    /// that name, or of that name with another date or none; then, for a name
    /// like `anthropic/claude-x`, the maker's; then any family's model of
    /// exactly that name. The last two without a price, because others may
    /// ask another. Only OpenRouter passes prices on.
    #[must_use]
    pub fn find(&self, provider: &str, family: Option<&str>, model: &str) -> Option<&Facts> {
        let overrides = self.overrides.get(provider);
        overrides
            .and_then(|models| models.get(model))
            .or_else(|| self.known(family, model))
    }

    /// Lays what the configuration says over what is known so far: what it
    /// says nothing of stays.
    pub fn set(&mut self, provider: &str, family: Option<&str>, model: &str, facts: &Facts) {
        let known = self.find(provider, family, model);
        let merged = match known {
            Some(known) => known.overlaid(facts),
            None => facts.clone(),
        };
        let models = self.overrides.entry(provider.to_owned()).or_default();
        models.insert(model.to_owned(), merged);
    }

    fn new(rows: Vec<(String, String, Facts)>) -> Self {
        let mut book = Self::default();
        for (family, model, priced) in rows {
            let unpriced = Facts {
                price: None,
                ..priced.clone()
            };
            let known = Known { priced, unpriced };
            let family = book.families.entry(family).or_default();
            family.models.insert(model, known);
        }
        for family in book.families.values_mut() {
            family.undated = undated(family.models.keys());
        }
        let mut names: Vec<&String> = book.families.keys().collect();
        names.sort_by_key(|name| {
            let rank = MAKERS.iter().position(|maker| maker == name);
            (rank.unwrap_or(MAKERS.len()), *name)
        });
        for name in names {
            for model in book.families[name].models.keys() {
                let first = book.anywhere.entry(model.clone());
                first.or_insert_with(|| name.clone());
            }
        }
        book
    }

    fn known(&self, family: Option<&str>, model: &str) -> Option<&Facts> {
        let model = model.strip_prefix("models/").unwrap_or(model);
        if let Some(known) = family.and_then(|family| self.lookup(family, model)) {
            return Some(&known.priced);
        }
        // What a machine of one's own serves under a name is its own build.
        if family == Some(names::OLLAMA) {
            return None;
        }
        self.by_maker(family, model).or_else(|| {
            let family = self.families.get(self.anywhere.get(model)?)?;
            Some(&family.models.get(model)?.unpriced)
        })
    }

    /// A name like `anthropic/claude-opus-4.5:online`.
    fn by_maker(&self, family: Option<&str>, model: &str) -> Option<&Facts> {
        let (maker, model) = model.split_once('/')?;
        let maker = names::maker(maker);
        let (name, variant) = match model.split_once(':') {
            Some((name, variant)) => (name, Some(variant)),
            None => (model, None),
        };
        let known = self
            .lookup(maker, name)
            .or_else(|| self.lookup(maker, &name.replace('.', "-")))?;
        let passed_on = family == Some("openrouter") && SOLE_SELLERS.contains(&maker);
        Some(match passed_on && variant.is_none() {
            true => &known.priced,
            false => &known.unpriced,
        })
    }

    fn lookup(&self, family: &str, model: &str) -> Option<&Known> {
        let family = self.families.get(family)?;
        family.models.get(model).or_else(|| {
            let undated = names::undated(model).unwrap_or(model);
            family.models.get(family.undated.get(undated)?)
        })
    }
}

/// For each name without its date the model to take for it: the latest by
/// name, else the one without a date, else the newest.
fn undated<'a>(models: impl Iterator<Item = &'a String>) -> HashMap<String, String> {
    let mut best: HashMap<&str, &String> = HashMap::new();
    let rank = |model: &'a String| {
        let is_bare = names::undated(model).is_none();
        (model.ends_with("-latest"), is_bare, model)
    };
    for model in models {
        let name = names::undated(model).unwrap_or(model);
        let taken = best.entry(name).or_insert(model);
        if rank(model) > rank(taken) {
            *taken = model;
        }
    }
    let owned = |(name, model): (&str, &String)| (name.to_owned(), model.clone());
    best.into_iter().map(owned).collect()
}

#[cfg(test)]
mod tests;
