//! Configuration: each setting is a flag, an environment variable and a key of
//! the file, all of one name; the earlier wins. Providers are named in the
//! file, or come from the environment by their usual variables.

mod provider;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use gateway::ProviderConfig;
use serde::Deserialize;

use crate::http::Hosts;
use provider::FileProvider;

/// The commented example of the configuration file.
pub const EXAMPLE: &str = include_str!("../rivulet.example.toml");

/// Settings as given; what is absent has the default of [`Config`].
#[derive(Debug, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The configuration file.
    #[arg(long, env = "RIVULET_CONFIG")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1:8787].
    #[arg(long, env = "RIVULET_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// The host names under which it is reached, with commas between them;
    /// needed behind a proxy that passes its own on [default: none on a
    /// loopback address, else any].
    #[arg(long, env = "RIVULET_HOSTS", value_delimiter = ',')]
    pub hosts: Option<Vec<String>>,
    /// The directory of the database [default: the user's data directory].
    #[arg(long, env = "RIVULET_DATA")]
    pub data: Option<PathBuf>,
    /// The model that answers when none is chosen, as provider/model.
    #[arg(long, env = "RIVULET_DEFAULT_MODEL")]
    pub default_model: Option<String>,
    /// Offer the demo model even where a provider is configured.
    #[arg(long, env = "RIVULET_DEMO", num_args = 0..=1, default_missing_value = "true")]
    pub demo: Option<bool>,
    /// How long an answer that nobody watches goes on, in seconds [default: 30].
    #[arg(long, env = "RIVULET_GRACE_SECONDS")]
    pub grace_seconds: Option<u64>,
    /// Finish every answer, watched or not.
    #[arg(long, env = "RIVULET_ALWAYS_FINISH", num_args = 0..=1, default_missing_value = "true")]
    pub always_finish: Option<bool>,
    /// The longest an answer may take as a whole, in seconds [default: 1800].
    #[arg(long, env = "RIVULET_TURN_SECONDS")]
    pub turn_seconds: Option<u64>,
    /// The longest wait for a connection to a provider, in seconds [default: 10].
    #[arg(long, env = "RIVULET_CONNECT_SECONDS")]
    pub connect_seconds: Option<u64>,
    /// The longest wait for a provider's first byte, in seconds [default: 120].
    #[arg(long, env = "RIVULET_FIRST_BYTE_SECONDS")]
    pub first_byte_seconds: Option<u64>,
    /// The longest silence of a provider within an answer, in seconds [default: 60].
    #[arg(long, env = "RIVULET_SILENCE_SECONDS")]
    pub silence_seconds: Option<u64>,
    /// The largest message a person may send, in bytes [default: 1000000].
    #[arg(long, env = "RIVULET_MESSAGE_BYTES")]
    pub message_bytes: Option<usize>,
    /// The providers.
    #[arg(skip)]
    #[serde(default)]
    providers: Vec<FileProvider>,
}

/// The configuration, complete and checked.
#[derive(Debug)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The names under which it may be reached.
    pub hosts: Hosts,
    /// The directory of the database.
    pub data: PathBuf,
    /// The model that answers when none is chosen.
    pub default_model: Option<String>,
    /// Whether the demo is offered beside configured providers.
    pub demo: bool,
    /// The providers, in the order to show them; without the demo.
    pub providers: Vec<ProviderConfig>,
    /// The clocks towards providers.
    pub clocks: gateway::Clocks,
    /// The engine's settings.
    pub engine: engine::Config,
}

impl Config {
    /// Reads the file, where there is one, and fills the gaps.
    ///
    /// # Errors
    /// A sentence that names the file, the line and what would be right.
    pub fn load(
        flags: Settings,
        variable: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        let file = match &flags.config {
            Some(path) => read(path)?,
            None => Settings::default(),
        };
        let engine = engine::Config::default();
        let clocks = gateway::Clocks::default();
        let seconds = |flag: Option<u64>, file: Option<u64>, or: Duration| {
            flag.or(file).map_or(or, Duration::from_secs)
        };
        let always = flags.always_finish.or(file.always_finish).unwrap_or(false);
        let clocks = gateway::Clocks {
            connect: seconds(flags.connect_seconds, file.connect_seconds, clocks.connect),
            first_byte: seconds(
                flags.first_byte_seconds,
                file.first_byte_seconds,
                clocks.first_byte,
            ),
            silence: seconds(flags.silence_seconds, file.silence_seconds, clocks.silence),
        };
        let grace = flags
            .grace_seconds
            .or(file.grace_seconds)
            .map(Duration::from_secs)
            .or(engine.grace);
        let message_limit = flags.message_bytes.or(file.message_bytes);
        if message_limit == Some(0) {
            bail!("message_bytes is 0, so that no message could be sent; give at least 1");
        }
        let listen = flags
            .listen
            .or(file.listen)
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8787)));
        Ok(Self {
            listen,
            hosts: hosts(listen, flags.hosts.or(file.hosts))?,
            data: flags.data.or(file.data).map_or_else(default_data, Ok)?,
            default_model: flags.default_model.or(file.default_model),
            demo: flags.demo.or(file.demo).unwrap_or(false),
            providers: provider::collect(file.providers, clocks, variable)?,
            clocks,
            engine: engine::Config {
                grace: (!always).then_some(grace).flatten(),
                whole_turn: seconds(flags.turn_seconds, file.turn_seconds, engine.whole_turn),
                message_limit: message_limit.unwrap_or(engine.message_limit),
                ..engine
            },
        })
    }
}

/// Who listens on a loopback address is reached by no name but its own, unless
/// a proxy stands before it.
fn hosts(listen: SocketAddr, names: Option<Vec<String>>) -> anyhow::Result<Hosts> {
    let Some(mut names) = names else {
        return Ok(match listen.ip().is_loopback() {
            true => Hosts::Only([].into()),
            false => Hosts::Any,
        });
    };
    for name in &mut names {
        *name = name.trim().to_owned();
        let right = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if name.is_empty() || !name.chars().all(right) {
            bail!(
                "`{name}` in hosts is no host name; give one without scheme, port or path, such as chat.example.com"
            );
        }
    }
    Ok(Hosts::Only(names.into()))
}

fn read(path: &Path) -> anyhow::Result<Settings> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the configuration file {} cannot be read", path.display()))?;
    // The error shows the line, the place in it and what was expected.
    toml::from_str(&text).with_context(|| {
        format!(
            "the configuration file {} is not right (`rivulet example-config` prints one that is)",
            path.display()
        )
    })
}

fn default_data() -> anyhow::Result<PathBuf> {
    use etcetera::BaseStrategy;
    let base = etcetera::choose_base_strategy().context(
        "there is no home directory to keep the data in; name a directory with --data or \
         RIVULET_DATA",
    )?;
    Ok(base.data_dir().join("rivulet"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rivulet.toml");
        std::fs::write(&path, file).unwrap();
        let flags = Settings {
            config: Some(path),
            data: Some(directory.path().to_owned()),
            ..Settings::default()
        };
        let variable = |name: &str| {
            variables
                .iter()
                .find(|(it, _)| *it == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Config::load(flags, variable).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (file, expected) in [
            ("listen = \"here\"", "line 1"),
            ("\n\ngrace = 3", "line 3"),
            ("grace_seconds = -1", "line 1"),
            ("message_bytes = 0", "at least 1"),
            ("hosts = [\"http://chat.example.com\"]", "without scheme"),
            ("[[providers]]\nname = \"a\"", "base_url"),
            (
                "[[providers]]\nname = \"a/b\"\nbase_url = \"http://x/v1\"",
                "`a/b`",
            ),
            (
                "[[providers]]\nname = \"a\"\nbase_url = \"ftp://x\"",
                "http",
            ),
            (
                "[[providers]]\nname = \"a\"\nbase_url = \"http://x/v1\"\nkey_env = \"NO_SUCH\"",
                "NO_SUCH",
            ),
            (
                "[[providers]]\nname = \"a\"\nbase_url = \"http://x/v1\"\n\
                 [[providers]]\nname = \"a\"\nbase_url = \"http://y/v1\"",
                "twice",
            ),
        ] {
            let error = load(file, &[]).expect_err(file);
            assert!(
                error.contains(expected),
                "{file:?} gave {error:?}, without {expected:?}"
            );
        }
    }

    #[test]
    fn the_example_is_valid_and_changes_nothing() {
        let config = load(EXAMPLE, &[]).unwrap();
        assert_eq!(
            config.engine.message_limit,
            engine::Config::default().message_limit
        );
        assert_eq!(config.engine.grace, Some(Duration::from_secs(30)));
    }

    #[test]
    fn providers_come_from_their_usual_variables() {
        let names = |variables: &[(&str, &str)]| -> Vec<(String, bool)> {
            let config = load("", variables).unwrap();
            config
                .providers
                .into_iter()
                .map(|it| (it.name, it.optional))
                .collect()
        };
        let ollama = ("ollama".to_owned(), true);
        assert_eq!(names(&[]), std::slice::from_ref(&ollama));
        assert_eq!(
            names(&[("OPENAI_API_KEY", "k")]),
            [("openai".to_owned(), false), ollama.clone()]
        );
        assert_eq!(
            names(&[("OPENAI_BASE_URL", "http://localhost:4000/v1")]),
            [("openai".to_owned(), false), ollama]
        );
        assert_eq!(
            names(&[("OLLAMA_HOST", "0.0.0.0")]),
            [("ollama".to_owned(), false)]
        );
    }

    #[test]
    fn always_finish_takes_the_grace_away() {
        assert_eq!(
            load("always_finish = true", &[]).unwrap().engine.grace,
            None
        );
        let zero = load("grace_seconds = 0", &[]).unwrap().engine.grace;
        assert_eq!(zero, Some(Duration::ZERO));
    }
}
