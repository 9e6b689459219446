//! Aliases, what is said of single models, and price lists.

use std::path::Path;

use anyhow::{Context, bail};
use gateway::{Alias, FactBook, Facts, ModelConfig};
use protocol::{Price, Usd};
use serde::Deserialize;

use super::time;

/// A name for one model or several, as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileAlias {
    name: String,
    models: Vec<String>,
    #[serde(default)]
    spread: bool,
}

impl From<FileAlias> for Alias {
    fn from(alias: FileAlias) -> Self {
        Self {
            name: alias.name,
            models: alias.models,
            spread: alias.spread,
        }
    }
}

/// What is said of a model, as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileModel {
    id: String,
    input_price: Option<Amount>,
    output_price: Option<Amount>,
    cached_input_price: Option<Amount>,
    cache_write_price: Option<Amount>,
    thinking_price: Option<Amount>,
    context_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    images: Option<bool>,
    tools: Option<bool>,
    json_schema: Option<bool>,
    thinking: Option<bool>,
    prefill: Option<bool>,
    #[serde(default)]
    refuses: Vec<String>,
    strength: Option<f32>,
    first_token_seconds: Option<u64>,
}

/// US dollars per million tokens, as a number or, to be safe, as a text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Amount {
    Whole(u32),
    /// Printed, it is the shortest text that means it: what was written.
    Number(f64),
    Text(String),
}

impl Amount {
    fn read(&self) -> anyhow::Result<Usd> {
        let text = match self {
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        };
        match text.parse::<Usd>() {
            Ok(usd) if usd >= Usd::ZERO => Ok(usd),
            _ => bail!("`{text}` is no price in US dollars per million tokens"),
        }
    }
}

impl FileModel {
    pub(super) fn check(self) -> anyhow::Result<ModelConfig> {
        let id = self.id;
        let price = |amount: &Option<Amount>| {
            let read = amount.as_ref().map(Amount::read).transpose();
            read.with_context(|| format!("a price of the model `{id}` is not right"))
        };
        let (input, output) = (price(&self.input_price)?, price(&self.output_price)?);
        let cached_input = price(&self.cached_input_price)?;
        let cache_write = price(&self.cache_write_price)?;
        let thinking = price(&self.thinking_price)?;
        let special = [cached_input, cache_write, thinking];
        let price = match (input, output) {
            (Some(input), Some(output)) => Some(Price {
                input,
                output,
                cached_input,
                cache_write,
                thinking,
                as_of: "configuration".to_owned(),
            }),
            (None, None) if special == [None; 3] => None,
            (None, None) => {
                bail!("the model `{id}` has a price but neither input_price nor output_price")
            }
            _ => bail!("the model `{id}` needs both input_price and output_price, or neither"),
        };
        if self.strength.is_some_and(|it| !(0.0..=1.0).contains(&it)) {
            bail!("the strength of the model `{id}` must be from 0 to 1");
        }
        let first_token = self.first_token_seconds.map(|given| {
            time("first_token_seconds", given, 1)
                .with_context(|| format!("the model `{id}` is not right"))
        });
        Ok(ModelConfig {
            facts: Facts {
                price,
                context: self.context_tokens,
                max_output: self.max_output_tokens,
                images: self.images,
                tools: self.tools,
                json_schema: self.json_schema,
                thinking: self.thinking,
                prefill: self.prefill,
                refuses: self.refuses,
                strength: self.strength,
                ..Facts::default()
            },
            first_token: first_token.transpose()?,
            id,
        })
    }
}

/// The prices and abilities in a file of LiteLLM's format.
pub(super) fn price_map(path: &Path) -> anyhow::Result<FactBook> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the price list {} cannot be read", path.display()))?;
    let name = path.file_name().unwrap_or(path.as_os_str());
    FactBook::from_litellm(&text, &name.to_string_lossy())
        .with_context(|| format!("the price list {} is not right", path.display()))
}
