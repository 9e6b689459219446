//! The models a person may choose from.

use serde::Serialize;

use crate::fields::read_fields;

/// A model, as the picker shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModelInfo {
    /// How requests name it: `provider/model`.
    pub id: String,
    /// What the picker calls it.
    pub name: String,
    /// A line about it, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it sees images, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<bool>,
    /// The settings it does not take: names of [`crate::Settings`]' fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refuses: Vec<String>,
    /// How many tokens its answers typically have, by those of late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typical_tokens: Option<u64>,
}

read_fields!(ModelInfo { id, name } description, images, refuses, typical_tokens);

/// The models of one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderModels {
    /// The provider's name, the part of a model's id before the slash.
    pub provider: String,
    /// What the picker calls the provider.
    pub label: String,
    /// True for the built-in demo, which simulates and does not think.
    pub simulated: bool,
    /// Its models, in the order to show them.
    pub models: Vec<ModelInfo>,
    /// Why there are none, where the provider could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<crate::Problem>,
}

read_fields!(ProviderModels { provider, label, models } simulated, problem);

/// All models, grouped by provider, and which one answers when a request
/// names none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModelList {
    /// The default model's id; `None` when no provider offers any.
    pub default: Option<String>,
    /// The providers in the order of the configuration.
    pub providers: Vec<ProviderModels>,
}

read_fields!(ModelList { providers } default);

impl ModelList {
    /// The model with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(&ProviderModels, &ModelInfo)> {
        self.providers.iter().find_map(|provider| {
            provider
                .models
                .iter()
                .find(|model| model.id == id)
                .map(|model| (provider, model))
        })
    }
}
