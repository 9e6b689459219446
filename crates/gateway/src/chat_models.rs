//! Which of the models that a provider lists are shown, and in which order.

use std::cmp::Reverse;

use protocol::ModelInfo;
use providers::ListedModel;

/// Words of a model's id that say it does not chat. OpenAI lists all it has,
/// without telling which is for what; the others follow its habits.
const OTHER_TRADES: &[&str] = &[
    "audio",
    "babbage",
    "dall",
    "davinci",
    "embed",
    "embedding",
    "embeddings",
    "image",
    "moderation",
    "realtime",
    "sora",
    "transcribe",
    "tts",
    "whisper",
];

/// The longest description the picker shows, in characters.
const DESCRIPTION_LIMIT: usize = 160;

/// A provider's chat models as the picker shows them: aliases before dated
/// snapshots, newer before older, else in the provider's order. The demo's
/// list is shown as it is.
pub(crate) fn shown(
    provider: &str,
    simulated: bool,
    mut listed: Vec<ListedModel>,
) -> Vec<ModelInfo> {
    if !simulated {
        listed.retain(|model| can_chat(&model.id));
        listed.sort_by_key(|model| (is_snapshot(&model.id), Reverse(model.created)));
    }
    let mut models: Vec<ModelInfo> = Vec::with_capacity(listed.len());
    for model in listed {
        let id = format!("{provider}/{}", model.id);
        if model.id.is_empty() || models.iter().any(|other| other.id == id) {
            continue;
        }
        models.push(ModelInfo {
            id,
            name: model.name.unwrap_or(model.id),
            description: model.description.as_deref().and_then(first_line),
            ..ModelInfo::default()
        });
    }
    models
}

/// A model known by its id alone.
pub(crate) fn named(provider: &str, model: &str) -> ModelInfo {
    ModelInfo {
        id: format!("{provider}/{model}"),
        name: model.to_owned(),
        ..ModelInfo::default()
    }
}

fn can_chat(id: &str) -> bool {
    let id = id.to_ascii_lowercase();
    // The one completion model whose name is like that of many chat models.
    !id.starts_with("gpt-3.5-turbo-instruct")
        && !id
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| OTHER_TRADES.contains(&word))
}

/// Whether the id ends in a date, as in `-2026-08-07` or `-0613`.
pub(crate) fn is_snapshot(id: &str) -> bool {
    let digits =
        |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = id.rsplit('-');
    match parts.next() {
        Some(last) if digits(last, 4) || digits(last, 8) => true,
        Some(last) if digits(last, 2) => {
            parts.next().is_some_and(|part| digits(part, 2))
                && parts.next().is_some_and(|part| digits(part, 4))
        }
        _ => false,
    }
}

fn first_line(description: &str) -> Option<String> {
    let line = description
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())?;
    Some(match line.char_indices().nth(DESCRIPTION_LIMIT) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(simulated: bool, listed: &[(&str, Option<i64>)], expected: &[&str]) {
        let listed = listed
            .iter()
            .map(|&(id, created)| ListedModel {
                id: id.to_owned(),
                created,
                ..ListedModel::default()
            })
            .collect();
        let shown = shown("p", simulated, listed);
        let names: Vec<_> = shown.iter().map(|model| model.name.as_str()).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn models_of_another_trade_are_left_out() {
        let all = [
            "gpt-5.2",
            "gpt-image-1",
            "text-embedding-3-small",
            "nomic-embed-text:latest",
            "whisper-1",
            "gpt-4o-mini-tts",
            "tts-1-hd",
            "dall-e-3",
            "omni-moderation-latest",
            "gpt-4o-realtime-preview",
            "gpt-4o-audio-preview",
            "gpt-4o-transcribe",
            "sora-2",
            "babbage-002",
            "davinci-002",
            "gpt-3.5-turbo-instruct",
            "meta-llama/Llama-3.3-70B-Instruct",
            "imaginary-7b",
            "gpt-5.2",
        ];
        let listed: Vec<_> = all.iter().map(|&id| (id, None)).collect();
        check(
            false,
            &listed,
            &[
                "gpt-5.2",
                "meta-llama/Llama-3.3-70B-Instruct",
                "imaginary-7b",
            ],
        );
    }

    #[test]
    fn aliases_and_newer_models_come_first() {
        let listed = [
            ("gpt-4-0613", Some(9)),
            ("gpt-4", Some(1)),
            ("gpt-5-2026-08-07", Some(9)),
            ("gpt-5", Some(3)),
        ];
        check(
            false,
            &listed,
            &["gpt-5", "gpt-4", "gpt-4-0613", "gpt-5-2026-08-07"],
        );
        check(true, &[("b", Some(1)), ("a", Some(2))], &["b", "a"]);
    }

    #[test]
    fn a_description_is_one_short_line() {
        assert_eq!(first_line("\n  One.  \nTwo."), Some("One.".to_owned()));
        assert_eq!(first_line(" \n"), None);
        assert_eq!(first_line(&"ä".repeat(500)).unwrap().chars().count(), 161);
    }
}
