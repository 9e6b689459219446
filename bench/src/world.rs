//! The programs a benchmark needs: the simulator as the provider, and Rivulet
//! in front of it.

use std::{env, path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::Process;

/// The simulator in a process of its own.
pub(crate) struct Simulator {
    pub(crate) process: Process,
    pub(crate) url: String,
}

/// A Rivulet with an empty database, whose provider `openai` is at the
/// address given.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) url: String,
    /// Removed after the process has ended.
    _data: TempDir,
}

impl Simulator {
    /// Starts one that knows these models.
    ///
    /// # Errors
    /// When the program does not start, or refuses a script.
    pub(crate) async fn start(client: &Client, scripts: &[(&str, Value)]) -> Result<Self> {
        let mut command = rivulet()?;
        command.args(["simulate", "--listen", "127.0.0.1:0"]);
        let mut process = Process::start(&mut command)?;
        let url = process.announced_address()?;
        for (model, script) in scripts {
            set_script(client, &url, model, script).await?;
        }
        Ok(Self { process, url })
    }

    /// How many requests for a model have begun.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn calls(&self, client: &Client, model: &str) -> Result<u64> {
        let stats = client.get(format!("{}/stats", self.url)).send().await?;
        let stats: Value = serde_json::from_slice(&stats.bytes().await?)?;
        let total = &stats["by_model"][model]["total"];
        total.as_u64().context("the simulator tells no count")
    }
}

impl Server {
    /// Starts one.
    ///
    /// # Errors
    /// When the program does not start.
    pub(crate) fn start(upstream: &str) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut command = rivulet()?;
        command
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .env("OPENAI_BASE_URL", format!("{upstream}/v1"))
            .env("OPENAI_API_KEY", "bench");
        let mut process = Process::start(&mut command)?;
        let url = process.announced_address()?;
        Ok(Self {
            process,
            url,
            _data: data,
        })
    }
}

/// Says how a model of the simulator at this address answers.
///
/// # Errors
/// When the simulator refuses.
pub(crate) async fn set_script(
    client: &Client,
    url: &str,
    model: &str,
    script: &Value,
) -> Result<()> {
    let response = client
        .post(format!("{url}/control/script"))
        .json(&json!({"model": model, "script": script}))
        .send()
        .await?;
    let refused = !response.status().is_success();
    ensure!(!refused, "{}", response.text().await?);
    Ok(())
}

/// A client that takes any number of connections and asks no proxy.
///
/// # Errors
/// When the system gives no random numbers, and the like.
pub(crate) fn client() -> Result<Client> {
    let client = Client::builder().no_proxy().http1_only().build();
    Ok(client?)
}

/// The program under measurement.
///
/// # Errors
/// When `RIVULET_BIN` does not name it.
pub(crate) fn binary() -> Result<PathBuf> {
    let path = env::var_os("RIVULET_BIN").map(PathBuf::from);
    path.context("RIVULET_BIN does not name the program; run `cargo xtask bench`")
}

/// The checkout.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rivulet() -> Result<Command> {
    let mut command = Command::new(binary()?);
    command.env_clear().env("RIVULET_LOG", "error");
    if let Some(path) = env::var_os("PATH") {
        command.env("PATH", path);
    }
    Ok(command)
}
