//! What the list of models tells of each beside its name.

use std::sync::Arc;

use protocol::{ModelInfo, ModelList};

use crate::{
    AUTO, Facts,
    deployment::{Deployment, Deployments},
};

/// Settings of a request that a model may not take, in the words of
/// [`protocol::Settings`] and of OpenAI's format. Stop phrases are looked for
/// here, whatever the model takes.
const SETTINGS: [&str; 3] = ["temperature", "top_p", "max_tokens"];

impl Deployments {
    /// Adds to each model what is known of it.
    pub(crate) fn describe(&self, list: &mut ModelList) {
        let models = list.providers.iter_mut().flat_map(|it| &mut it.models);
        for model in models {
            match self.behind(&model.id) {
                Some(choice) => {
                    model.images = see_images(&choice);
                    model.refuses = refused(choice.iter().map(|it| &it.facts));
                }
                None => self.describe_one(model),
            }
        }
    }

    /// Whether what was named sees images; see [`crate::Gateway::sees_images`].
    pub(crate) fn sees_images(&self, model: &str) -> Option<bool> {
        match self.behind(model) {
            Some(choice) => see_images(&choice),
            None => self.get(model)?.facts.images,
        }
    }

    fn describe_one(&self, model: &mut ModelInfo) {
        let Some((source, name)) = self.catalogue.find(&model.id) else {
            return;
        };
        let facts = self.facts_of(source, name);
        model.images = facts.images;
        model.refuses = refused([&facts].into_iter());
        let known = self.known(&model.id);
        model.typical_tokens = known.and_then(|it| it.typical_tokens());
    }

    /// The deployments that `auto` or an alias chooses from; `None` where this
    /// is neither.
    fn behind(&self, model: &str) -> Option<Vec<Arc<Deployment>>> {
        if model == AUTO {
            return Some(self.candidates());
        }
        let alias = self.catalogue.alias(model)?;
        Some(alias.models.iter().filter_map(|id| self.get(id)).collect())
    }
}

/// Whether one of them does; unknown where that is not known of any that might.
fn see_images(choice: &[Arc<Deployment>]) -> Option<bool> {
    let sees = |what| choice.iter().any(|it| it.facts.images == what);
    match (sees(Some(true)), sees(None), sees(Some(false))) {
        (true, _, _) => Some(true),
        (false, false, true) => Some(false),
        _ => None,
    }
}

/// The settings that none of them takes.
fn refused<'a>(choice: impl Iterator<Item = &'a Facts> + Clone) -> Vec<String> {
    let takes = |name: &str| choice.clone().any(|facts| facts.takes(name, &[]));
    let is_empty = choice.clone().next().is_none();
    let refused = SETTINGS.iter().filter(|name| !is_empty && !takes(name));
    refused.map(|&name| name.to_owned()).collect()
}
