//! The list of models.

use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    Error, Format, Provider, failure,
    http::{read_bounded, read_reason},
};

/// The largest list that is read; OpenRouter's has 500 KB.
const LIST_LIMIT: usize = 8 << 20;

/// A model as the provider lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedModel {
    /// How requests name it.
    pub id: String,
    /// A name for people, where the provider has one.
    pub name: Option<String>,
    /// What it is, in the provider's words: a line or a page.
    pub description: Option<String>,
    /// When it was made, seconds since the Unix epoch.
    pub created: Option<i64>,
    /// The size of its context window, in tokens, where the provider tells.
    pub context: Option<u64>,
}

/// OpenAI's envelope, which Anthropic shares, or the bare list that some
/// imitators send. Ollama's `data` is null where it has no model yet.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum List {
    Enveloped { data: Option<Vec<Value>> },
    Bare(Vec<Value>),
}

/// Google's list and Ollama's.
#[derive(Debug, Deserialize)]
struct Models {
    models: Option<Vec<Value>>,
}

/// The models in a provider's list. An entry that makes no sense is left out
/// and does not cost the others.
fn read(format: Format, body: &[u8]) -> serde_json::Result<Vec<ListedModel>> {
    let entries = match format {
        Format::OpenAi | Format::Responses | Format::Anthropic => {
            match serde_json::from_slice(body)? {
                List::Enveloped { data } => data,
                List::Bare(entries) => Some(entries),
            }
        }
        Format::Gemini | Format::Ollama => serde_json::from_slice::<Models>(body)?.models,
    };
    let entries = entries.unwrap_or_default();
    let listed = entries.iter().filter_map(|entry| match format {
        Format::OpenAi | Format::Responses | Format::Anthropic => listed(entry),
        Format::Gemini => listed_by_google(entry),
        Format::Ollama => Some(ListedModel {
            id: text(entry, &["name", "model"])?,
            ..ListedModel::default()
        }),
    });
    Ok(listed.collect())
}

/// An entry in OpenAI's list, or in one of its imitators', which call the
/// fields by several names and put numbers into strings.
fn listed(entry: &Value) -> Option<ListedModel> {
    Some(ListedModel {
        id: text(entry, &["id", "model"])?,
        name: text(entry, &["name", "display_name", "displayName"]),
        description: text(entry, &["description"]),
        created: number(entry, &["created"]),
        context: number(entry, &["context", "inputTokenLimit", "context_length"])
            .and_then(|tokens| tokens.try_into().ok()),
    })
}

/// An entry in Google's list, whose names are paths; nothing, where the model
/// does not chat.
fn listed_by_google(entry: &Value) -> Option<ListedModel> {
    let methods = entry.get("supportedGenerationMethods");
    let methods = methods.and_then(Value::as_array);
    let chats = methods.is_none_or(|all| all.iter().any(|it| it == "generateContent"));
    let listed = ListedModel {
        id: text(entry, &["name"])?
            .trim_start_matches("models/")
            .to_owned(),
        name: text(entry, &["displayName"]),
        description: text(entry, &["description"]),
        created: None,
        context: number(entry, &["inputTokenLimit"]).and_then(|tokens| tokens.try_into().ok()),
    };
    chats.then_some(listed)
}

/// The first of these fields that is a text.
fn text(entry: &Value, fields: &[&str]) -> Option<String> {
    let mut texts = fields.iter().filter_map(|field| entry.get(field)?.as_str());
    texts.find(|text| !text.is_empty()).map(str::to_owned)
}

/// The first of these fields that is a number, with or without quotes and a
/// fraction.
fn number(entry: &Value, fields: &[&str]) -> Option<i64> {
    let read = |value: &Value| match value {
        Value::String(digits) => digits.parse().ok(),
        value => value
            .as_i64()
            .or_else(|| value.as_f64().map(|number| number as i64)),
    };
    fields.iter().find_map(|field| read(entry.get(field)?))
}

pub(crate) async fn list(provider: &Provider) -> Result<Vec<ListedModel>, Error> {
    let clocks = provider.endpoint.clocks;
    let limit = clocks.connect.saturating_add(clocks.first_byte);
    match timeout(limit, ask(provider)).await {
        Ok(listed) => listed,
        Err(_) => Err(provider.upstream.no_first_byte(clocks.first_byte)),
    }
}

async fn ask(provider: &Provider) -> Result<Vec<ListedModel>, Error> {
    let upstream = &provider.upstream;
    let endpoint = &provider.endpoint;
    let request = provider
        .client
        .get(endpoint.format.models_url(&endpoint.base_url));
    let mut response = provider
        .authorized(request)
        .send()
        .await
        .map_err(|error| upstream.unanswered(&error, provider.endpoint.clocks.connect))?;
    let (format, status) = (endpoint.format, response.status());
    if !status.is_success() {
        let body = read_reason(&mut response).await;
        let headers = response.headers();
        return Err(failure::of_response(
            upstream, format, status, headers, &body,
        ));
    }
    let body = read_bounded(&mut response, LIST_LIMIT)
        .await
        .map_err(|error| upstream.cut_off(Some(&error)))?;
    read(format, &body).map_err(|_| {
        let message = format!(
            "{} answered its list of models with something else. Is its base address right?{}",
            upstream.name,
            format.address_hint()
        );
        upstream.error(protocol::ProblemKind::Malformed, &message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_lists_its_models() {
        for (format, body, expected) in [
            (Format::OpenAi, r#"{"data":[{"id":"a","created":1}]}"#, "a"),
            (Format::OpenAi, r#"[{"id":"a"}]"#, "a"),
            (Format::OpenAi, r#"{"data":null}"#, ""),
            (
                Format::Anthropic,
                r#"{"data":[{"type":"model","id":"claude-x","display_name":"Claude X"}],"has_more":false}"#,
                "claude-x",
            ),
            (
                Format::Gemini,
                r#"{"models":[{"name":"models/gemini-x","supportedGenerationMethods":["generateContent"]},{"name":"models/embed","supportedGenerationMethods":["embedContent"]}]}"#,
                "gemini-x",
            ),
            (
                Format::Ollama,
                r#"{"models":[{"name":"llama:8b","model":"llama:8b"}]}"#,
                "llama:8b",
            ),
            (Format::Ollama, r#"{"models":null}"#, ""),
        ] {
            let ids: Vec<_> = read(format, body.as_bytes())
                .unwrap()
                .into_iter()
                .map(|model| model.id)
                .collect();
            assert_eq!(ids.join(","), expected, "{body}");
        }
        assert!(read(Format::Ollama, b"<html>").is_err());
        assert!(read(Format::OpenAi, br#"{"data":"soon"}"#).is_err());
    }

    #[test]
    fn an_odd_entry_does_not_cost_the_others() {
        let odd = r#"null, 1, "x", {}, {"id": null}, {"id": 5}"#;
        for (format, list, expected) in [
            (Format::OpenAi, "data", r#"{"id": "a"}"#),
            (Format::Gemini, "models", r#"{"name": "models/a"}"#),
            (Format::Ollama, "models", r#"{"name": "a"}"#),
        ] {
            let body = format!(r#"{{"{list}": [{odd}, {expected}]}}"#);
            let listed = read(format, body.as_bytes()).unwrap();
            let ids: Vec<_> = listed.iter().map(|model| model.id.as_str()).collect();
            assert_eq!(ids, ["a"], "{body}");
        }
    }

    #[test]
    fn fields_are_read_as_imitators_write_them() {
        let body = r#"[{
            "id": "a", "model": "b", "name": null, "display_name": "A", "description": ["x"],
            "created": "1795200000", "context_length": "8192"
        }, {"id": "c", "created": 1795200000.5, "context": -1}, {"id": "d", "created": "today"}]"#;
        let model = |id: &str, created| ListedModel {
            id: id.into(),
            created,
            ..ListedModel::default()
        };
        assert_eq!(
            read(Format::OpenAi, body.as_bytes()).unwrap(),
            [
                ListedModel {
                    name: Some("A".into()),
                    context: Some(8_192),
                    ..model("a", Some(1_795_200_000))
                },
                model("c", Some(1_795_200_000)),
                model("d", None),
            ]
        );
    }
}
