//! Providers of the file and of the environment.

use anyhow::{Context, bail};
use gateway::{Clocks, Format, ProviderConfig, Url};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// A provider as the file names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileProvider {
    name: String,
    label: Option<String>,
    #[serde(default)]
    format: FileFormat,
    base_url: Option<String>,
    key: Option<SecretString>,
    key_env: Option<String>,
    models: Option<Vec<String>>,
}

/// A provider that is configured by the variables that its own tools read.
struct Usual {
    name: &'static str,
    label: &'static str,
    /// What it is called where it stands for something that imitates it.
    elsewhere: &'static str,
    format: Format,
    key: &'static str,
    address: Option<&'static str>,
    default: &'static str,
}

const USUAL: [Usual; 4] = [
    Usual {
        name: "openai",
        label: "OpenAI",
        elsewhere: "OpenAI-compatible",
        format: Format::OpenAi,
        key: "OPENAI_API_KEY",
        address: Some("OPENAI_BASE_URL"),
        default: OPENAI,
    },
    Usual {
        name: "anthropic",
        label: "Anthropic",
        elsewhere: "Anthropic-compatible",
        format: Format::Anthropic,
        key: "ANTHROPIC_API_KEY",
        address: Some("ANTHROPIC_BASE_URL"),
        default: ANTHROPIC,
    },
    Usual {
        name: "gemini",
        label: "Gemini",
        elsewhere: "Gemini-compatible",
        format: Format::Gemini,
        key: "GEMINI_API_KEY",
        address: Some("GEMINI_BASE_URL"),
        default: GEMINI,
    },
    Usual {
        name: "xai",
        label: "xAI",
        elsewhere: "xAI-compatible",
        format: Format::OpenAi,
        key: "XAI_API_KEY",
        address: Some("XAI_BASE_URL"),
        default: "https://api.x.ai/v1",
    },
];

const OPENAI: &str = "https://api.openai.com/v1";
const ANTHROPIC: &str = "https://api.anthropic.com";
const GEMINI: &str = "https://generativelanguage.googleapis.com";

/// A wire format as the file names it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(try_from = "String")]
struct FileFormat(Format);

impl TryFrom<String> for FileFormat {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        Format::from_word(&word).map(Self).ok_or_else(|| {
            let all = Format::ALL.map(Format::as_str).join(", ");
            format!("there is no format `{word}`; there are {all}")
        })
    }
}

/// The providers in the order to show them: the file's, then those that the
/// environment names, then a local Ollama, which is only looked for.
pub(super) fn collect(
    file: Vec<FileProvider>,
    clocks: Clocks,
    variable: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Vec<ProviderConfig>> {
    let mut all: Vec<ProviderConfig> = Vec::new();
    for provider in file {
        let name = provider.name.clone();
        if all.iter().any(|known| known.name == name) {
            bail!("the provider `{name}` is configured twice; give each a name of its own");
        }
        all.push(provider.check(clocks, &variable)?);
    }
    let known = |all: &[ProviderConfig], name: &str| all.iter().any(|it| it.name == name);
    let given = |name: &str| set(&variable, name);

    for usual in USUAL {
        let (key, address) = (given(usual.key), usual.address.and_then(given));
        if (key.is_none() && address.is_none()) || known(&all, usual.name) {
            continue;
        }
        let label = match &address {
            Some(address) => format!("{} ({})", usual.elsewhere, host_of(address)),
            None => usual.label.to_owned(),
        };
        let address = address.unwrap_or_else(|| usual.default.to_owned());
        let wrong = || format!("{} is not right", usual.address.unwrap_or(usual.name));
        all.push(ProviderConfig {
            name: usual.name.to_owned(),
            label,
            format: usual.format,
            base_url: parse(&address).with_context(wrong)?,
            key: key.map(SecretString::from),
            simulated: false,
            models: None,
            optional: false,
            clocks,
        });
    }
    if !known(&all, "ollama") {
        let host = given("OLLAMA_HOST");
        let address = ollama_address(host.as_deref());
        all.push(ProviderConfig {
            name: "ollama".to_owned(),
            label: "Ollama".to_owned(),
            format: Format::Ollama,
            base_url: parse(&address).context("OLLAMA_HOST is not right")?,
            key: None,
            simulated: false,
            models: None,
            optional: host.is_none(),
            clocks,
        });
    }
    Ok(all)
}

impl FileProvider {
    fn check(
        self,
        clocks: Clocks,
        variable: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<ProviderConfig> {
        let name = self.name;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            bail!(
                "the provider name `{name}` is not right: use lower-case letters, digits, `-`, \
                 `_` and `.`, because models are named `provider/model`"
            );
        }
        let format = self.format.0;
        let address = match (self.base_url, format) {
            (Some(address), _) => address,
            (None, Format::Anthropic) => ANTHROPIC.to_owned(),
            (None, Format::Gemini) => GEMINI.to_owned(),
            (None, Format::Responses) => OPENAI.to_owned(),
            (None, Format::Ollama) => ollama_address(None),
            (None, Format::OpenAi) => bail!("provider `{name}` needs a base_url"),
        };
        let base_url = parse(&address)
            .with_context(|| format!("the base_url of provider `{name}` is not right"))?;
        let key = match (self.key, self.key_env) {
            (Some(_), Some(_)) => {
                bail!("provider `{name}` has both key and key_env; give one of them")
            }
            (Some(key), None) => trimmed(key.expose_secret()).map(SecretString::from),
            (None, Some(name_of)) => {
                let key = set(&variable, &name_of).with_context(|| {
                    let place = shown_variable(&name_of);
                    format!("provider `{name}` takes its key from {place}, which is not set")
                })?;
                Some(SecretString::from(key))
            }
            (None, None) => None,
        };
        Ok(ProviderConfig {
            label: self.label.unwrap_or_else(|| name.clone()),
            name,
            format,
            base_url,
            key,
            simulated: false,
            models: self.models,
            optional: false,
            clocks,
        })
    }
}

/// What a variable is set to. One that is empty is none, and the spaces around
/// a value came with copying it.
fn set(variable: impl Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    variable(name).as_deref().and_then(trimmed)
}

fn trimmed(value: &str) -> Option<String> {
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// The variable as a complaint may name it: where there should be its name
/// some write the key.
fn shown_variable(name: &str) -> &str {
    let usual = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    match name.chars().all(usual) {
        true => name,
        false => "the variable that key_env names",
    }
}

fn parse(address: &str) -> anyhow::Result<Url> {
    let shown = shown(address);
    let url = Url::parse(address)
        .with_context(|| format!("`{shown}` is no address; one looks like http://host:1234/v1"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        bail!("`{shown}` must begin with http:// or https:// and name a host");
    }
    Ok(url)
}

/// An address, right or wrong, as a complaint may show it: without what may
/// be secret.
fn shown(address: &str) -> &str {
    let address = address.rsplit('@').next().unwrap_or_default();
    address.split('?').next().unwrap_or_default()
}

fn host_of(address: &str) -> String {
    Url::parse(address)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| address.to_owned())
}

/// Ollama's own variable takes a host, a host and a port, or an address; a
/// server that listens on every interface is reached on this machine.
fn ollama_address(host: Option<&str>) -> String {
    let host = host
        .unwrap_or("127.0.0.1:11434")
        .trim()
        .trim_end_matches('/');
    let (scheme, rest) = host.split_once("://").unwrap_or(("http", host));
    let rest = rest.replacen("0.0.0.0", "127.0.0.1", 1);
    let has_port = rest
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let port = if has_port || host.contains("://") {
        ""
    } else {
        ":11434"
    };
    format!("{scheme}://{rest}{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ollama_host_is_read_as_ollama_reads_it() {
        for (host, expected) in [
            (None, "http://127.0.0.1:11434"),
            (Some("0.0.0.0"), "http://127.0.0.1:11434"),
            (Some("box:1234"), "http://box:1234"),
            (Some("https://ollama.example/"), "https://ollama.example"),
        ] {
            assert_eq!(ollama_address(host), expected);
        }
    }
}
