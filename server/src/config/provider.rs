//! Providers of the file and of the environment.

use anyhow::{Context, bail};
use gateway::{Clocks, ProviderConfig, Url};

use secrecy::SecretString;
use serde::Deserialize;

/// A provider as the file names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileProvider {
    name: String,
    label: Option<String>,
    base_url: String,
    key: Option<SecretString>,
    key_env: Option<String>,
    models: Option<Vec<String>>,
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
    let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());

    let (key, address) = (given("OPENAI_API_KEY"), given("OPENAI_BASE_URL"));
    if (key.is_some() || address.is_some()) && !known(&all, "openai") {
        let label = match &address {
            Some(address) => format!("OpenAI-compatible ({})", host_of(address)),
            None => "OpenAI".to_owned(),
        };
        let address = address.unwrap_or_else(|| "https://api.openai.com/v1".to_owned());
        all.push(ProviderConfig {
            name: "openai".to_owned(),
            label,
            base_url: parse(&address).context("OPENAI_BASE_URL is not right")?,
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
        let base_url = parse(&self.base_url)
            .with_context(|| format!("the base_url of provider `{name}` is not right"))?;
        let key = match (self.key, self.key_env) {
            (Some(_), Some(_)) => {
                bail!("provider `{name}` has both key and key_env; give one of them")
            }
            (Some(key), None) => Some(key),
            (None, Some(name_of)) => Some(SecretString::from(variable(&name_of).with_context(
                || format!("provider `{name}` takes its key from {name_of}, which is not set"),
            )?)),
            (None, None) => None,
        };
        Ok(ProviderConfig {
            label: self.label.unwrap_or_else(|| name.clone()),
            name,
            base_url,
            key,
            simulated: false,
            models: self.models,
            optional: false,
            clocks,
        })
    }
}

fn parse(address: &str) -> anyhow::Result<Url> {
    let url = Url::parse(address).with_context(|| {
        format!("`{address}` is no address; one looks like http://host:1234/v1")
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        bail!("`{address}` must begin with http:// or https:// and name a host");
    }
    Ok(url)
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
    format!("{scheme}://{rest}{port}/v1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ollama_host_is_read_as_ollama_reads_it() {
        for (host, expected) in [
            (None, "http://127.0.0.1:11434/v1"),
            (Some("0.0.0.0"), "http://127.0.0.1:11434/v1"),
            (Some("box:1234"), "http://box:1234/v1"),
            (Some("https://ollama.example/"), "https://ollama.example/v1"),
        ] {
            assert_eq!(ollama_address(host), expected);
        }
    }
}
