//! Prices from a file in the format of LiteLLM's price map,
//! <https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json>:
//! an object of models with US dollars per token.

use std::{collections::BTreeMap, fmt};

use protocol::{Price, Usd};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Facts, date, names};

/// The entry that explains the others.
const EXAMPLE: &str = "sample_spec";

/// What the models that chat are there for.
const CHATTING: &[&str] = &["chat", "completion", "responses"];

/// What is wrong with a file of prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactsError {
    /// The line of the file, from 1.
    pub line: usize,
    /// The model it is about.
    pub model: Option<String>,
    /// The field it is about.
    pub field: Option<&'static str>,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for FactsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(model) = &self.model {
            write!(f, ", model \"{model}\"")?;
        }
        if let Some(field) = self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for FactsError {}

/// The file's models that chat: family, name and what is known.
pub(super) fn read(json: &str, as_of: &str) -> Result<Vec<(String, String, Facts)>, FactsError> {
    let entries: BTreeMap<String, &RawValue> =
        serde_json::from_str(json).map_err(|error| FactsError {
            line: error.line(),
            model: None,
            field: None,
            reason: without_place(&error),
        })?;
    let mut rows = Vec::new();
    for (name, raw) in entries {
        if name == EXAMPLE {
            continue;
        }
        let entry: Entry<'_> = serde_json::from_str(raw.get()).map_err(|error| FactsError {
            line: line_of(raw, json) + error.line().saturating_sub(1),
            model: Some(name.clone()),
            field: None,
            reason: without_place(&error),
        })?;
        if !entry.chats() {
            continue;
        }
        let facts = entry.facts(as_of).map_err(|mistake| FactsError {
            line: line_of(mistake.raw, json),
            model: Some(name.clone()),
            field: Some(mistake.field),
            reason: mistake.reason.to_owned(),
        })?;
        let family = match entry.litellm_provider.as_str() {
            "ollama_chat" => names::OLLAMA,
            family => family,
        };
        let prefix = format!("{}/", entry.litellm_provider);
        let model = name.strip_prefix(&prefix).unwrap_or(&name);
        rows.push((family.to_owned(), model.to_owned(), facts));
    }
    Ok(rows)
}

/// What we read of an entry. Numbers stay as they are written, so that none
/// is rounded on the way.
#[derive(Debug, Deserialize)]
struct Entry<'a> {
    #[serde(default)]
    litellm_provider: String,
    mode: Option<String>,
    #[serde(borrow, default)]
    input_cost_per_token: Option<&'a RawValue>,
    #[serde(borrow, default)]
    output_cost_per_token: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cache_read_input_token_cost: Option<&'a RawValue>,
    #[serde(borrow, default)]
    cache_creation_input_token_cost: Option<&'a RawValue>,
    #[serde(borrow, default)]
    output_cost_per_reasoning_token: Option<&'a RawValue>,
    #[serde(borrow, default)]
    max_input_tokens: Option<&'a RawValue>,
    #[serde(borrow, default)]
    max_output_tokens: Option<&'a RawValue>,
    #[serde(borrow, default)]
    max_tokens: Option<&'a RawValue>,
    supports_vision: Option<bool>,
    supports_function_calling: Option<bool>,
    supports_reasoning: Option<bool>,
    supports_assistant_prefill: Option<bool>,
    supports_response_schema: Option<bool>,
    deprecation_date: Option<String>,
}

/// A field that cannot be read.
struct Mistake<'a> {
    field: &'static str,
    raw: &'a RawValue,
    reason: &'static str,
}

impl<'a> Entry<'a> {
    fn chats(&self) -> bool {
        self.mode
            .as_deref()
            .is_none_or(|mode| CHATTING.contains(&mode))
    }

    fn facts(&self, as_of: &str) -> Result<Facts, Mistake<'a>> {
        // By the file's own words, that of the answer where it is known, else
        // that of the request.
        let all = tokens("max_tokens", self.max_tokens)?;
        let context = tokens("max_input_tokens", self.max_input_tokens)?;
        let max_output = tokens("max_output_tokens", self.max_output_tokens)?;
        Ok(Facts {
            context: context.or(all.filter(|_| max_output.is_none())),
            max_output: max_output
                .or(all.filter(|_| context.is_some_and(|most| Some(most) != all))),
            images: self.supports_vision,
            tools: self.supports_function_calling,
            thinking: self.supports_reasoning,
            prefill: self.supports_assistant_prefill,
            json_schema: self.supports_response_schema,
            refuses: Vec::new(),
            price: self.price(as_of)?,
            deprecated: self.deprecation_date.as_deref().is_some_and(date::has_come),
            strength: None,
        })
    }

    fn price(&self, as_of: &str) -> Result<Option<Price>, Mistake<'a>> {
        let input = dollars("input_cost_per_token", self.input_cost_per_token)?;
        let output = dollars("output_cost_per_token", self.output_cost_per_token)?;
        let cached_input = dollars(
            "cache_read_input_token_cost",
            self.cache_read_input_token_cost,
        )?;
        let cache_write = dollars(
            "cache_creation_input_token_cost",
            self.cache_creation_input_token_cost,
        )?;
        let thinking = dollars(
            "output_cost_per_reasoning_token",
            self.output_cost_per_reasoning_token,
        )?;
        // A machine of one's own is listed as free, which nobody knows.
        if self.litellm_provider.starts_with(names::OLLAMA) {
            return Ok(None);
        }
        Ok(input.zip(output).map(|(input, output)| Price {
            input,
            output,
            cached_input,
            // Nothing beyond the input, rather than nothing at all.
            cache_write: cache_write.filter(|&write| write != Usd::ZERO),
            thinking,
            as_of: as_of.to_owned(),
        }))
    }
}

/// Dollars per token as dollars per million tokens.
fn dollars<'a>(field: &'static str, raw: Option<&'a RawValue>) -> Result<Option<Usd>, Mistake<'a>> {
    read_number(field, raw, "not a price in US dollars per token", |text| {
        per_million(text).filter(|&price| price >= Usd::ZERO)
    })
}

fn tokens<'a>(field: &'static str, raw: Option<&'a RawValue>) -> Result<Option<u64>, Mistake<'a>> {
    read_number(field, raw, "not a number of tokens", |text| {
        let exact = || text.parse::<f64>().ok().filter(|n| n.fract() == 0.0);
        let limits = 0.0..=9e15;
        text.parse()
            .ok()
            .or_else(|| exact().filter(|n| limits.contains(n)).map(|n| n as u64))
    })
}

/// A number or a number in a string.
fn read_number<'a, T>(
    field: &'static str,
    raw: Option<&'a RawValue>,
    reason: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Mistake<'a>> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    let text = raw.get().trim_matches('"');
    match read(text) {
        Some(value) => Ok(Some(value)),
        None => Err(Mistake { field, raw, reason }),
    }
}

/// Exact where an amount has the digits for it. A longer number is one that
/// a binary fraction was written out as: the nearest amount is meant.
fn per_million(per_token: &str) -> Option<Usd> {
    let (mantissa, exponent) = match per_token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (per_token, 0),
    };
    let exact = format!("{mantissa}e{}", exponent.checked_add(6)?);
    exact.parse().ok().or_else(|| {
        let nearest = per_token.parse::<f64>().ok()? * 1e6;
        format!("{nearest:.12}").parse().ok()
    })
}

/// What serde says without where in its part of the file.
fn without_place(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

/// The line that a part of the file begins in.
fn line_of(part: &RawValue, file: &str) -> usize {
    let offset = (part.get().as_ptr() as usize).saturating_sub(file.as_ptr() as usize);
    let before = file.as_bytes().get(..offset).unwrap_or_default();
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> String {
        read(json, "2026-11-20").unwrap_err().to_string()
    }

    fn one(json: &str) -> (String, String, Facts) {
        let rows = read(json, "2026-11-20").unwrap();
        assert_eq!(rows.len(), 1);
        rows.into_iter().next().unwrap()
    }

    #[test]
    fn a_price_per_token_becomes_exactly_one_per_million() {
        for (per_token, per_million_tokens) in [
            ("1.5e-07", "0.15"),
            ("1.5E-7", "0.15"),
            ("0.0000025", "2.5"),
            ("3e-06", "3"),
            ("0.00015", "150"),
            ("1.25e-05", "12.5"),
            ("3.75e-08", "0.0375"),
            ("0", "0"),
            ("0.0", "0"),
            ("1e-18", "0.000000000001"),
            ("7.500000000000001e-07", "0.75"),
            ("1.9999999999999998e-06", "2"),
        ] {
            let price = per_million(per_token).map(|price| price.to_string());
            assert_eq!(price.as_deref(), Some(per_million_tokens), "{per_token}");
        }
        for text in ["", "free", "1e", "NaN", "1e300", "null", "[1]"] {
            assert_eq!(per_million(text), None, "{text}");
        }
    }

    #[test]
    fn an_entry_is_read() {
        let (family, model, facts) = one(r#"{
              "sample_spec": {"mode": "one of: chat, embedding", "max_tokens": "see below"},
              "xai/grok-x": {
                "litellm_provider": "xai", "mode": "chat",
                "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07,
                "cache_read_input_token_cost": 7.5e-08,
                "cache_creation_input_token_cost": 0,
                "output_cost_per_reasoning_token": 1e-06,
                "max_input_tokens": 1e6, "max_output_tokens": "8192", "max_tokens": 8192,
                "supports_vision": true, "supports_function_calling": true,
                "supports_reasoning": false, "supports_assistant_prefill": null,
                "deprecation_date": "2020-01-01", "source": "https://example.org",
                "search_context_cost_per_query": {"low": 0.01}
              },
              "text-embedding-x": {"litellm_provider": "openai", "mode": "embedding"}
            }"#);
        assert_eq!((family.as_str(), model.as_str()), ("xai", "grok-x"));
        let usd = |text: &str| text.parse::<Usd>().unwrap();
        let expected = Facts {
            context: Some(1_000_000),
            max_output: Some(8192),
            images: Some(true),
            tools: Some(true),
            thinking: Some(false),
            price: Some(Price {
                input: usd("0.15"),
                output: usd("0.6"),
                cached_input: Some(usd("0.075")),
                cache_write: None,
                thinking: Some(usd("1")),
                as_of: "2026-11-20".to_owned(),
            }),
            deprecated: true,
            ..Facts::default()
        };
        assert_eq!(facts, expected);
    }

    #[test]
    fn half_a_price_is_none_and_ones_own_machine_has_none() {
        let (.., facts) = one(r#"{"m": {"litellm_provider": "p", "input_cost_per_token": 1e-6}}"#);
        assert_eq!(facts.price, None);
        let (family, model, facts) = one(
            r#"{"ollama/m": {"litellm_provider": "ollama", "max_tokens": 4096,
                "input_cost_per_token": 0.0, "output_cost_per_token": 0.0}}"#,
        );
        assert_eq!((family.as_str(), model.as_str()), ("ollama", "m"));
        assert_eq!(facts.price, None);
        assert_eq!((facts.context, facts.max_output), (Some(4096), None));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        assert_eq!(
            error("{\n \"a\": {},\n \"m\": {\n  \"input_cost_per_token\":\n   \"dear\"}}"),
            "line 5, model \"m\", input_cost_per_token: not a price in US dollars per token"
        );
        assert_eq!(
            error("{\"m\": {\"output_cost_per_token\": -1e-6}}"),
            "line 1, model \"m\", output_cost_per_token: not a price in US dollars per token"
        );
        assert_eq!(
            error("{\n\"m\": {\"max_input_tokens\": 1.5}}"),
            "line 2, model \"m\", max_input_tokens: not a number of tokens"
        );
        let wrong_type = error("{\n\"m\": {\n\"supports_vision\": \"yes\"}}");
        assert!(
            wrong_type.starts_with("line 3, model \"m\": "),
            "{wrong_type}"
        );
        let cut_off = error("{\n\"m\": {");
        assert!(cut_off.starts_with("line 2: "), "{cut_off}");
        assert!(error("[]").starts_with("line 1: "));
    }
}
