//! Configuration: each setting is a flag, an environment variable and a key of
//! the file, all of one name; the earlier wins. Providers are named in the
//! file, or come from the environment by their usual variables.

mod file;
mod model;
mod provider;

use std::{collections::HashMap, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use gateway::{CacheConfig, GatewayConfig, Policy};
use serde::Deserialize;

use crate::http::{Hosts, Limits};
use model::{FileAlias, FileModel};
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
    /// The largest file that can be sent with a message, in bytes; of text no
    /// more than a message may have [default: 10000000].
    #[arg(long, env = "RIVULET_ATTACHMENT_BYTES")]
    pub attachment_bytes: Option<usize>,
    /// The largest file of conversations that can be imported, in bytes
    /// [default: 200000000].
    #[arg(long, env = "RIVULET_IMPORT_BYTES")]
    pub import_bytes: Option<usize>,
    /// How long to wait for a model's first token where another could answer,
    /// in seconds [default: 10].
    #[arg(long, env = "RIVULET_FIRST_TOKEN_SECONDS")]
    pub first_token_seconds: Option<u64>,
    /// The longest silence within an answer where another model could go on,
    /// in seconds [default: 15].
    #[arg(long, env = "RIVULET_STALL_SECONDS")]
    pub stall_seconds: Option<u64>,
    /// How often the same model is asked again after a failure that may pass
    /// [default: 2].
    #[arg(long, env = "RIVULET_RETRIES")]
    pub retries: Option<u32>,
    /// Let another model answer when the named one and its fallbacks cannot
    /// [default: true].
    #[arg(long, env = "RIVULET_AUTOMATIC_FALLBACK", num_args = 0..=1, default_missing_value = "true")]
    pub automatic_fallback: Option<bool>,
    /// A price list in LiteLLM's format, in place of the built-in one.
    #[arg(long, env = "RIVULET_PRICE_MAP")]
    pub price_map: Option<PathBuf>,
    /// Answer identical requests at temperature 0 from memory [default: true].
    #[arg(long, env = "RIVULET_CACHE", num_args = 0..=1, default_missing_value = "true")]
    pub cache: Option<bool>,
    /// Whether one person may get what another asked for [default: true].
    #[arg(long, env = "RIVULET_CACHE_SHARED", num_args = 0..=1, default_missing_value = "true")]
    pub cache_shared: Option<bool>,
    /// The most megabytes of answers kept for that in the database; an eighth
    /// of it is kept in memory [default: 256].
    #[arg(long, env = "RIVULET_CACHE_MEGABYTES")]
    pub cache_megabytes: Option<u64>,
    /// For how many hours [default: 24].
    #[arg(long, env = "RIVULET_CACHE_HOURS")]
    pub cache_hours: Option<u64>,
    /// The providers.
    #[arg(skip)]
    #[serde(default)]
    providers: Vec<FileProvider>,
    /// Names for one model or several.
    #[arg(skip)]
    #[serde(default)]
    aliases: Vec<FileAlias>,
    /// What is said of single models.
    #[arg(skip)]
    #[serde(default)]
    models: Vec<FileModel>,
    /// Whom to ask when a model cannot answer.
    #[arg(skip)]
    #[serde(default)]
    fallbacks: HashMap<String, Vec<String>>,
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
    /// Whether the demo is offered beside configured providers.
    pub demo: bool,
    /// The gateway's settings, without the demo among its providers.
    pub gateway: GatewayConfig,
    /// The clocks towards providers.
    pub clocks: gateway::Clocks,
    /// The engine's settings.
    pub engine: engine::Config,
    /// How large files may be.
    pub limits: Limits,
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
            Some(path) => file::read(path)?,
            None => Settings::default(),
        };
        let place = flags.config.clone();
        Self::complete(flags, file, variable).with_context(|| match place {
            Some(path) => format!("the configuration (file {}) is not right", path.display()),
            None => "the configuration is not right".to_owned(),
        })
    }

    fn complete(
        flags: Settings,
        file: Settings,
        variable: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        let engine = engine::Config::default();
        let clocks = gateway::Clocks::default();
        let seconds = |name, flag: Option<u64>, file: Option<u64>, or: Duration| {
            flag.or(file).map_or(Ok(or), |given| time(name, given, 1))
        };
        let always = flags.always_finish.or(file.always_finish).unwrap_or(false);
        let clocks = gateway::Clocks {
            connect: seconds(
                "connect_seconds",
                flags.connect_seconds,
                file.connect_seconds,
                clocks.connect,
            )?,
            first_byte: seconds(
                "first_byte_seconds",
                flags.first_byte_seconds,
                file.first_byte_seconds,
                clocks.first_byte,
            )?,
            silence: seconds(
                "silence_seconds",
                flags.silence_seconds,
                file.silence_seconds,
                clocks.silence,
            )?,
        };
        let grace = flags
            .grace_seconds
            .or(file.grace_seconds)
            .map(|given| time("grace_seconds", given, 1))
            .transpose()?
            .or(engine.grace);
        let bytes = |name, flag: Option<usize>, file: Option<usize>, or| match flag
            .or(file)
            .unwrap_or(or)
        {
            0 => bail!("{name} is 0, so that nothing could be sent; give at least 1"),
            bytes => Ok(bytes),
        };
        let limits = Limits::default();
        let limits = Limits {
            attachment_bytes: bytes(
                "attachment_bytes",
                flags.attachment_bytes,
                file.attachment_bytes,
                limits.attachment_bytes,
            )?,
            import_bytes: bytes(
                "import_bytes",
                flags.import_bytes,
                file.import_bytes,
                limits.import_bytes,
            )?,
        };
        let listen = flags
            .listen
            .or(file.listen)
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8787)));
        let policy = Policy::default();
        let policy = Policy {
            first_token: seconds(
                "first_token_seconds",
                flags.first_token_seconds,
                file.first_token_seconds,
                policy.first_token,
            )?,
            stall: seconds(
                "stall_seconds",
                flags.stall_seconds,
                file.stall_seconds,
                policy.stall,
            )?,
            retries: flags.retries.or(file.retries).unwrap_or(policy.retries),
            automatic_fallback: flags
                .automatic_fallback
                .or(file.automatic_fallback)
                .unwrap_or(policy.automatic_fallback),
            ..policy
        };
        let cache = CacheConfig::default();
        let megabytes = flags.cache_megabytes.or(file.cache_megabytes);
        let store_bytes = megabytes.map_or(cache.store_bytes, |it| it.saturating_mul(1 << 20));
        let hours = flags.cache_hours.or(file.cache_hours);
        let cache = CacheConfig {
            enabled: flags.cache.or(file.cache).unwrap_or(cache.enabled),
            shared: flags
                .cache_shared
                .or(file.cache_shared)
                .unwrap_or(cache.shared),
            store_bytes,
            memory_bytes: store_bytes / 8,
            age: hours.map_or(Ok(cache.age), |given| time("cache_hours", given, 3_600))?,
        };
        let price_map = flags.price_map.or(file.price_map);
        let models = file.models.into_iter().map(FileModel::check);
        Ok(Self {
            listen,
            hosts: hosts(listen, flags.hosts.or(file.hosts))?,
            data: flags.data.or(file.data).map_or_else(default_data, Ok)?,
            demo: flags.demo.or(file.demo).unwrap_or(false),
            gateway: GatewayConfig {
                providers: provider::collect(file.providers, clocks, variable)?,
                default_model: flags.default_model.or(file.default_model),
                aliases: file.aliases.into_iter().map(FileAlias::into).collect(),
                fallbacks: file.fallbacks,
                models: models.collect::<anyhow::Result<_>>()?,
                facts: price_map.as_deref().map(model::price_map).transpose()?,
                policy,
                cache,
            },
            clocks,
            engine: engine::Config {
                grace: (!always).then_some(grace).flatten(),
                whole_turn: seconds(
                    "turn_seconds",
                    flags.turn_seconds,
                    file.turn_seconds,
                    engine.whole_turn,
                )?,
                message_limit: bytes(
                    "message_bytes",
                    flags.message_bytes,
                    file.message_bytes,
                    engine.message_limit,
                )?,
                ..engine
            },
            limits,
        })
    }
}

/// The longest that any clock may be set to: ten years. Longer ones cannot be
/// added to the present everywhere.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);

/// A time that is given in units of so many seconds.
fn time(name: &str, given: u64, unit: u64) -> anyhow::Result<Duration> {
    let time = Duration::from_secs(given.saturating_mul(unit));
    if time > LONGEST {
        let most = LONGEST.as_secs() / unit;
        bail!("{name} is {given}, which is more than ten years; give at most {most}");
    }
    Ok(time)
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

fn default_data() -> anyhow::Result<PathBuf> {
    use etcetera::BaseStrategy;
    let base = etcetera::choose_base_strategy().context(
        "there is no home directory to keep the data in; name a directory with --data or \
         RIVULET_DATA",
    )?;
    Ok(base.data_dir().join("rivulet"))
}

#[cfg(test)]
mod tests;
