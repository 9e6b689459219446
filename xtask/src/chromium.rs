//! The browser for the browser tests: the system's own, never a download.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::progress::note;
use crate::system_packages::package_manager;

/// The names under which systems install it.
const NAMES: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];

/// The browser that `CHROMIUM` names, or the one in PATH.
pub(crate) fn find() -> Option<PathBuf> {
    let named = env::var_os("CHROMIUM").map(PathBuf::from);
    named.or_else(|| NAMES.into_iter().find_map(command::find))
}

/// As [`find`], or else installs it by the system's package manager.
pub(crate) fn find_or_install() -> Result<PathBuf> {
    if let Some(path) = find() {
        if !path.is_file() {
            bail!("CHROMIUM is {}, where no file is", path.display());
        }
        return Ok(path);
    }
    let Some(manager) = package_manager() else {
        bail!(
            "Chromium is needed for the browser tests: \
             install it and set CHROMIUM to the path of its program"
        );
    };
    note("installing Chromium from the system's packages");
    manager
        .install(manager.chromium)
        .context("Chromium is needed for the browser tests")?;
    find().context("Chromium was installed, but is not in PATH: set CHROMIUM to its path")
}
