//! The benchmarks: a program of their own, never part of the tests.

use std::ffi::OsString;

use anyhow::Result;

use crate::browser;
use crate::command;
use crate::server;
use crate::workspace::{Profile, Workspace};

/// Builds the release binary and the bench program and runs the latter with
/// `args`. It finds the binary in `RIVULET_BIN`, and in `CHROMIUM` a browser
/// where there is one.
pub(crate) fn run(workspace: &Workspace, args: &[OsString]) -> Result<()> {
    server::dist(workspace)?;
    let mut cargo = workspace.cargo();
    cargo
        .args(["run", "--release", "-p", "bench", "--"])
        .args(args)
        .env("RIVULET_BIN", workspace.binary(Profile::Release));
    if let Some(browser) = browser::CHROMIUM.find() {
        cargo.env("CHROMIUM", browser);
    }
    command::run(&mut cargo)
}
