//! The table that comes with us.

use protocol::{Price, Usd};
use serde::{Deserialize, Deserializer, de};

use super::Facts;

/// What comes with us; its head says where it is from.
pub(super) const BUILT_IN: &str = include_str!("../../data/models.csv");

/// When the prices in it were read.
pub(super) const AS_OF: &str = "2026-11-20";

/// The rows of a table: family, model and what is known of it.
pub(super) fn read(csv: &str, as_of: &str) -> csv::Result<Vec<(String, String, Facts)>> {
    csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(csv.as_bytes())
        .deserialize()
        .map(|row| row.map(|row: Row| row.facts(as_of)))
        .collect()
}

#[derive(Debug, Deserialize)]
struct Row {
    provider: String,
    model: String,
    input: Option<Usd>,
    cached_input: Option<Usd>,
    cache_write: Option<Usd>,
    output: Option<Usd>,
    thinking_output: Option<Usd>,
    context_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    #[serde(deserialize_with = "flag")]
    images: Option<bool>,
    #[serde(deserialize_with = "flag")]
    tools: Option<bool>,
    #[serde(deserialize_with = "flag")]
    thinking: Option<bool>,
    #[serde(deserialize_with = "flag")]
    prefill: Option<bool>,
    #[serde(deserialize_with = "flag")]
    json_schema: Option<bool>,
    deprecated_on: Option<String>,
    refuses: String,
}

impl Row {
    fn facts(self, as_of: &str) -> (String, String, Facts) {
        let price = self.input.zip(self.output).map(|(input, output)| Price {
            input,
            output,
            cached_input: self.cached_input,
            cache_write: self.cache_write,
            thinking: self.thinking_output,
            as_of: as_of.to_owned(),
        });
        let facts = Facts {
            context: self.context_tokens,
            max_output: self.max_output_tokens,
            images: self.images,
            tools: self.tools,
            thinking: self.thinking,
            prefill: self.prefill,
            json_schema: self.json_schema,
            refuses: self.refuses.split_whitespace().map(str::to_owned).collect(),
            price,
            deprecated: self
                .deprecated_on
                .as_deref()
                .is_some_and(super::date::has_come),
            strength: None,
        };
        (self.provider, self.model, facts)
    }
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Option::<u8>::deserialize(deserializer)? {
        None => Ok(None),
        Some(0) => Ok(Some(false)),
        Some(1) => Ok(Some(true)),
        Some(_) => Err(de::Error::custom("neither 1 nor 0")),
    }
}
