//! The names of provider families and models.

/// The family of Ollama, whose models run on a machine of one's own.
pub(super) const OLLAMA: &str = "ollama";

/// Hosts and the families behind them, named as LiteLLM's price map does.
const HOSTS: &[(&str, &str)] = &[
    ("api.openai.com", "openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gemini"),
    ("api.x.ai", "xai"),
    ("api.mistral.ai", "mistral"),
    ("api.deepseek.com", "deepseek"),
    ("api.groq.com", "groq"),
    ("openrouter.ai", "openrouter"),
    ("openai.azure.com", "azure"),
    ("services.ai.azure.com", "azure_ai"),
    ("api.cerebras.ai", "cerebras"),
    ("api.cohere.ai", "cohere_chat"),
    ("api.cohere.com", "cohere_chat"),
    ("api.deepinfra.com", "deepinfra"),
    ("api.fireworks.ai", "fireworks_ai"),
    ("api.moonshot.ai", "moonshot"),
    ("api.perplexity.ai", "perplexity"),
    ("api.sambanova.ai", "sambanova"),
    ("api.together.ai", "together_ai"),
    ("api.together.xyz", "together_ai"),
    ("integrate.api.nvidia.com", "nvidia_nim"),
];

/// Makers as the names of others' models spell them, and their families.
const MAKERS: &[(&str, &str)] = &[
    ("google", "gemini"),
    ("x-ai", "xai"),
    ("mistralai", "mistral"),
    ("deepseek-ai", "deepseek"),
];

/// The family of a provider at a host that speaks a format, where it is known
/// which one it is. A host nobody knows is nobody's, whatever it speaks, but
/// Ollama's own format is only Ollama's.
#[must_use]
pub fn family_of(base_url_host: &str, format: &str) -> Option<&'static str> {
    let host = base_url_host.trim_end_matches('.').to_ascii_lowercase();
    let is_at = |domain: &str| {
        let before = host.strip_suffix(domain);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let mut hosts = HOSTS.iter();
    match hosts.find(|(domain, _)| is_at(domain)) {
        Some((_, family)) => Some(family),
        None => (format == OLLAMA).then_some(OLLAMA),
    }
}

/// The family of a maker in a name like `x-ai/grok-x`.
pub(super) fn maker(name: &str) -> &str {
    let mut makers = MAKERS.iter();
    makers
        .find(|(spelled, _)| *spelled == name)
        .map_or(name, |(_, family)| family)
}

/// A model's name without what says which of its snapshots it is: a date, as
/// in `-2026-08-07`, `-20260807`, `-0807` or `-2608`, `-latest`, `-preview`, or
/// `-preview` and a date. `None` where nothing says so.
pub(super) fn undated(model: &str) -> Option<&str> {
    if let Some(name) = model.strip_suffix("-latest") {
        return Some(name);
    }
    let (name, last) = model.rsplit_once('-')?;
    if last == "preview" {
        return Some(name);
    }
    let name = match last.len() {
        4 => (is_month_and_day(last) || is_year_and_month(last)).then_some(name),
        8 => is_year(last.get(..4)?)
            .then_some(name)
            .filter(|_| last.get(4..).is_some_and(is_month_and_day)),
        2 => {
            let (rest, month) = name.rsplit_once('-')?;
            let date = format!("{month}{last}");
            match rest.rsplit_once('-') {
                Some((name, year)) if is_year(year) && is_month_and_day(&date) => Some(name),
                _ => (rest.ends_with("-preview") && is_month_and_day(&date)).then_some(rest),
            }
        }
        _ => None,
    }?;
    Some(name.strip_suffix("-preview").unwrap_or(name))
}

fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (2020..2100).contains(&number(digits))
}

fn is_month_and_day(digits: &str) -> bool {
    digits.len() == 4
        && (1..=12).contains(&(number(digits) / 100))
        && (1..=31).contains(&(number(digits) % 100))
}

/// As Mistral does: `2512` is December 2025.
fn is_year_and_month(digits: &str) -> bool {
    (20..50).contains(&(number(digits) / 100)) && (1..=12).contains(&(number(digits) % 100))
}

/// A number of digits alone; else 0, which is none of the above.
fn number(digits: &str) -> u32 {
    match digits.bytes().all(|b| b.is_ascii_digit()) {
        true => digits.parse().unwrap_or(0),
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_tells_the_family() {
        for (host, format, family) in [
            ("api.openai.com", "openai", Some("openai")),
            ("eu.api.openai.com", "openai", Some("openai")),
            ("API.X.AI", "openai", Some("xai")),
            ("us-east-1.api.x.ai", "openai", Some("xai")),
            ("api.anthropic.com", "anthropic", Some("anthropic")),
            (
                "generativelanguage.googleapis.com",
                "gemini",
                Some("gemini"),
            ),
            ("me.openai.azure.com", "openai", Some("azure")),
            ("notapi.x.ai", "openai", None),
            ("api.openai.com.example.org", "openai", None),
            ("localhost", "openai", None),
            ("localhost", "anthropic", None),
            ("localhost", "ollama", Some("ollama")),
        ] {
            assert_eq!(family_of(host, format), family, "{host} {format}");
        }
    }

    #[test]
    fn what_says_which_snapshot_is_taken_off() {
        for (model, name) in [
            ("gpt-5-2026-08-07", Some("gpt-5")),
            ("gpt-4-0613", Some("gpt-4")),
            ("claude-x-20250514", Some("claude-x")),
            ("mistral-large-2512", Some("mistral-large")),
            ("grok-4.3-latest", Some("grok-4.3")),
            ("gemini-3-flash-preview", Some("gemini-3-flash")),
            ("gemini-2.5-flash-preview-05-20", Some("gemini-2.5-flash")),
            (
                "gemini-2.5-flash-preview-2025-05-20",
                Some("gemini-2.5-flash"),
            ),
            ("gpt-4-1106-preview", Some("gpt-4-1106")),
            ("gpt-5", None),
            ("claude-opus-4-5", None),
            ("llama3-70b-8192", None),
            ("model-20251399", None),
            ("x-2025-13-01", None),
            ("some-13-99", None),
            ("ünï-cödé", None),
            ("latest", None),
            ("", None),
        ] {
            assert_eq!(undated(model), name, "{model}");
        }
    }
}
