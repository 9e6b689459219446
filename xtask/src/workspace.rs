//! Where things are: the root, the target folder, the members.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::command;

/// The checkout as cargo sees it.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's target folder, which `CARGO_TARGET_DIR` may have moved.
    target: PathBuf,
    /// The names of all workspace members.
    pub(crate) members: Vec<String>,
}

/// For whom a build is: the developer who waits, or everybody else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

impl Workspace {
    /// Asks cargo about the workspace this program was started from.
    pub(crate) fn locate() -> Result<Self> {
        // `cargo run` says which at run time. The path known when this was
        // compiled may be another checkout's, where two share a target folder.
        let here = std::env::var_os("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let mut cargo = Command::new(cargo_program());
        cargo
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(here);
        let metadata: Metadata = serde_json::from_str(&command::output(&mut cargo)?)
            .context("cargo metadata answered with something else than its JSON")?;
        Ok(Self {
            root: metadata.workspace_root,
            target: metadata.target_directory,
            members: metadata.packages.into_iter().map(|p| p.name).collect(),
        })
    }

    /// A cargo command at the root of the workspace.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new(cargo_program());
        cargo.current_dir(&self.root);
        cargo
    }

    /// `-p name` for each member that runs on this machine. Never
    /// `--workspace`: it would unite `app`'s features for the server (`ssr`)
    /// with those for the browser (`hydrate`).
    pub(crate) fn native_packages(&self) -> Vec<String> {
        let native = self.members.iter().filter(|name| *name != "frontend");
        native
            .flat_map(|name| ["-p".to_owned(), name.clone()])
            .collect()
    }

    /// The server's executable.
    pub(crate) fn binary(&self, profile: Profile) -> PathBuf {
        let folder = match profile {
            Profile::Dev => "debug",
            Profile::Release => "release",
        };
        let name = format!("rivulet{}", env::consts::EXE_SUFFIX);
        self.target.join(folder).join(name)
    }

    /// The page as cargo leaves it, before wasm-bindgen.
    pub(crate) fn page_wasm(&self, profile: Profile) -> PathBuf {
        let folder = self.target.join("wasm32-unknown-unknown");
        folder.join(profile.page_profile()).join("frontend.wasm")
    }

    /// The finished page. Beside `Cargo.toml` even when `CARGO_TARGET_DIR`
    /// points elsewhere, because the server's source names this folder; one
    /// folder for each profile, so that a release server cannot embed a
    /// development page.
    pub(crate) fn site(&self, profile: Profile) -> PathBuf {
        let name = match profile {
            Profile::Dev => "dev",
            Profile::Release => "release",
        };
        self.root.join("target/site").join(name)
    }

    /// Where tools are installed that the machine does not have: inside the
    /// checkout, so that nothing outside it changes.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join("target/tools")
    }
}

impl Profile {
    /// The name of the page's cargo profile, defined in the root Cargo.toml.
    pub(crate) fn page_profile(self) -> &'static str {
        match self {
            Self::Dev => "wasm-dev",
            Self::Release => "wasm-release",
        }
    }
}

/// The cargo that started this program.
fn cargo_program() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
