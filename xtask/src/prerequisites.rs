//! What the verbs need on the machine. What can be added without root is
//! added; for the rest the person is told the command.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::browser;
use crate::browser_tests;
use crate::command;
use crate::progress::note;
use crate::system_packages::how_to_install;
use crate::workspace::Workspace;

/// The target of the page's build.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The oldest Node.js whose test runner has what the browser tests use.
const OLDEST_NODE: u32 = 20;

/// One thing that has to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prerequisite {
    CCompiler,
    WasmTarget,
    Rustfmt,
    Clippy,
    CargoDeny,
    NodePackages,
    PythonPackages,
    Chromium,
    /// Wished for, not needed: without it, its tests are skipped.
    Firefox,
}

/// Makes sure that all of them are there.
///
/// # Errors
/// When one is missing and cannot be added: a sentence with the command that
/// installs it.
pub(crate) fn ensure(workspace: &Workspace, needed: &[Prerequisite]) -> Result<()> {
    for prerequisite in needed {
        match prerequisite {
            Prerequisite::CCompiler => c_compiler()?,
            Prerequisite::WasmTarget => wasm_target()?,
            Prerequisite::Rustfmt => component("rustfmt", "fmt")?,
            Prerequisite::Clippy => component("clippy", "clippy")?,
            Prerequisite::CargoDeny => {
                cargo_tool(workspace, "cargo-deny")?;
            }
            Prerequisite::NodePackages => {
                node()?;
                browser_tests::install_packages(workspace)?;
            }
            Prerequisite::PythonPackages => {
                python()?;
                browser_tests::install_python_packages(workspace)?;
            }
            Prerequisite::Chromium => {
                browser::CHROMIUM.find_or_install()?;
            }
            Prerequisite::Firefox => {
                browser::FIREFOX.find_or_do_without()?;
            }
        }
    }
    Ok(())
}

/// Finds a cargo subcommand in PATH or among our own tools, or installs it
/// there.
pub(crate) fn cargo_tool(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    if let Some(path) = command::find(name) {
        return Ok(path);
    }
    let folder = workspace.tools();
    let program = format!("{name}{}", env::consts::EXE_SUFFIX);
    let path = folder.join("bin").join(program);
    if !path.is_file() {
        note(&format!(
            "installing {name} into {} (minutes)",
            folder.display()
        ));
        // Without optimisation: it runs for a second and builds for minutes.
        let mut cargo = workspace.cargo();
        cargo.args(["install", "--quiet", "--locked", "--debug", name, "--root"]);
        command::run(cargo.arg(&folder))?;
    }
    Ok(path)
}

fn c_compiler() -> Result<()> {
    let named = env::var_os("CC").is_some();
    let found = ["cc", "gcc", "clang", "cl"]
        .into_iter()
        .any(|name| command::find(name).is_some());
    if !(named || found) {
        let how = how_to_install(|manager| manager.c_compiler, "install gcc or clang");
        bail!("a C compiler is needed for SQLite and the cryptography: {how}");
    }
    Ok(())
}

fn wasm_target() -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]);
    let library = command::output(&mut rustc).context("rustc is needed: see https://rustup.rs")?;
    if PathBuf::from(library.trim()).is_dir() {
        return Ok(());
    }
    note(&format!("adding the target {WASM_TARGET} to this Rust"));
    rustup(&["target", "add", WASM_TARGET])
}

fn component(name: &str, verb: &str) -> Result<()> {
    if command::succeeds("cargo", &[verb, "--version"]) {
        return Ok(());
    }
    note(&format!("adding {name} to this Rust"));
    rustup(&["component", "add", name])
}

fn rustup(args: &[&str]) -> Result<()> {
    if command::find("rustup").is_none() {
        bail!(
            "rustup is needed for `rustup {}`: install it with \
             `curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh`",
            args.join(" ")
        );
    }
    command::run(Command::new("rustup").args(args))
}

fn node() -> Result<()> {
    let how = || {
        let otherwise = "install it from https://nodejs.org";
        how_to_install(|manager| manager.node, otherwise)
    };
    for program in ["node", "npm"] {
        if command::find(program).is_none() {
            bail!("{program} is needed for the browser tests: {}", how());
        }
    }
    let version = command::output(Command::new("node").arg("--version"))?;
    let version = version.trim();
    if major(version).is_none_or(|major| major < OLDEST_NODE) {
        bail!(
            "Node.js {OLDEST_NODE} or newer is needed, but this is {version}: {}",
            how()
        );
    }
    Ok(())
}

/// Python with pip, for the official OpenAI client.
fn python() -> Result<()> {
    if !command::succeeds("python3", &["-m", "pip", "--version"]) {
        let otherwise = "install Python 3.9 or newer with pip";
        let how = how_to_install(|manager| manager.python, otherwise);
        bail!("python3 with pip is needed for the tests of the OpenAI clients: {how}");
    }
    Ok(())
}

/// The 20 of `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_are_read() {
        let check = |version, expected| assert_eq!(major(version), expected, "{version}");
        check("v20.20.2", Some(20));
        check("v8.0.0", Some(8));
        check("20.1.0", None);
        check("", None);
    }
}
