//! Programs under measurement, and what the system says about them.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// The unit of processor times in `/proc`, in seconds: the same on every
/// Linux machine that Rust's standard library runs on.
const TICK: f64 = 0.01;

/// A running program; dropping it ends it at once.
pub(crate) struct Process {
    child: Child,
    /// Held open: a program must not fail for having nobody to talk to.
    stdout: Option<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a program with nothing of our environment but PATH.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let words = format!("{command:?}");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {words}"))?;
        let stdout = child.stdout.take().map(BufReader::new);
        Ok(Self { child, stdout })
    }

    /// The address that it announces on its standard output.
    ///
    /// # Errors
    /// When it ends without having announced one.
    pub(crate) fn announced_address(&mut self) -> Result<String> {
        let stdout = self.stdout.as_mut().context("it has no standard output")?;
        let mut line = String::new();
        while stdout.read_line(&mut line)? > 0 {
            if let Some(start) = line.find("http://") {
                let address = line[start..].trim_end();
                return Ok(address.trim_end_matches("/v1").to_owned());
            }
            line.clear();
        }
        bail!("it ended without an address: {}", self.child.wait()?);
    }

    /// Processor time so far, of all its threads, in seconds.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = self.read("stat")?;
        // The name before the last parenthesis may hold anything.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Ok(ticks as f64 * TICK)
    }

    /// Memory in use (resident), in KiB.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn memory_kib(&self) -> Result<f64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let size = line.and_then(|line| line.split_whitespace().next());
        let size = size.context("the system tells no memory")?;
        Ok(size.parse()?)
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
