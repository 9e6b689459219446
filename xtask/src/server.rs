//! The server's build. The page comes first, because the server has it
//! inside.

use std::ffi::OsString;
use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::command;
use crate::page;
use crate::progress::{note, spoken};
use crate::weight;
use crate::workspace::{Profile, Workspace};

/// Builds for development and starts the server with `args`.
pub(crate) fn run(workspace: &Workspace, args: &[OsString]) -> Result<()> {
    page::build(workspace, Profile::Dev)?;
    build(workspace, Profile::Dev)?;
    note("starting rivulet");
    let mut server = Command::new(workspace.binary(Profile::Dev));
    become_program(server.args(args))
}

/// Builds the release binary and says where it is and how large.
pub(crate) fn dist(workspace: &Workspace) -> Result<()> {
    page::build(workspace, Profile::Release)?;
    weight::check(workspace)?;
    build(workspace, Profile::Release)?;
    let binary = workspace.binary(Profile::Release);
    let megabytes = fs::metadata(&binary)?.len() as f64 / 1e6;
    println!("{}  {megabytes:.1} MB", binary.display());
    Ok(())
}

/// Builds the server, with the page of the same profile, which must be built.
pub(crate) fn build(workspace: &Workspace, profile: Profile) -> Result<()> {
    let started = Instant::now();
    let mut cargo = workspace.cargo();
    cargo.args(["build", "-p", "server", "--bin", "rivulet"]);
    match profile {
        Profile::Dev => note("building the server (dev)"),
        Profile::Release => {
            note("building the server (release)");
            cargo.arg("--release");
        }
    }
    command::run(&mut cargo)?;
    note(&format!(
        "the server is built ({})",
        spoken(started.elapsed())
    ));
    Ok(())
}

/// Puts the server in the place of this process, so that Ctrl-C and other
/// signals reach it and the terminal waits for it.
#[cfg(unix)]
fn become_program(server: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(server.exec().into())
}

/// Waits for the server; the console sends Ctrl-C to both.
#[cfg(not(unix))]
fn become_program(server: &mut Command) -> Result<()> {
    command::run(server)
}
