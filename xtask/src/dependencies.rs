//! Checks on what depends on what: inside the workspace, and outside.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Result, bail};

use crate::command;
use crate::prerequisites::{WASM_TARGET, cargo_tool};
use crate::progress::note;
use crate::workspace::Workspace;

/// The members that may reach the browser: nothing with a database, a
/// provider's wire format or a key in it.
const IN_THE_BROWSER: [&str; 4] = ["app", "frontend", "markdown", "protocol"];

/// Checks that the frontend is built from exactly the members it may have.
pub(crate) fn check_frontend(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo
        .args(["tree", "-p", "frontend", "--target", WASM_TARGET])
        .args(["-e", "normal", "--prefix", "none", "--format", "{p}"]);
    let tree = command::output(&mut cargo)?;
    let found = members_in(&tree, &workspace.members);
    let allowed = BTreeSet::from(IN_THE_BROWSER);
    if found != allowed {
        bail!(
            "the frontend must be built from {} alone, but is built from {}",
            list(&allowed),
            list(&found)
        );
    }
    note(&format!("the frontend is built from {}", list(&found)));
    Ok(())
}

/// Runs cargo-deny by `deny.toml`: bans, licenses and sources always, known
/// vulnerabilities where their database can be fetched.
pub(crate) fn check_external(workspace: &Workspace) -> Result<()> {
    let program = cargo_tool(workspace, "cargo-deny")?;
    let deny = || {
        let mut deny = Command::new(&program);
        deny.args(["--log-level", "error"])
            .current_dir(&workspace.root);
        deny
    };
    command::run(deny().args(["check", "bans", "licenses", "sources"]))?;
    if let Err(error) = command::output(deny().args(["fetch", "db"])) {
        let error = error.to_string();
        let reason = error.lines().next().unwrap_or_default();
        note(&format!(
            "advisories SKIPPED: their database cannot be fetched ({reason})"
        ));
        return Ok(());
    }
    command::run(deny().args(["check", "--disable-fetch", "advisories"]))
}

/// The workspace members in what `cargo tree` prints with one package a line.
fn members_in<'a>(tree: &'a str, members: &[String]) -> BTreeSet<&'a str> {
    tree.lines()
        // Only packages of the workspace have a path behind their version.
        .filter(|line| line.contains(" ("))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| members.iter().any(|member| member == name))
        .collect()
}

fn list(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_told_from_packages_of_the_same_name() {
        let tree = "frontend v0.1.0 (/w/frontend)\n\
                    app v0.1.0 (/w/app)\n\
                    serde_derive v1.0.0 (proc-macro)\n\
                    store v2.0.0\n\
                    app v0.1.0 (/w/app) (*)\n";
        let members = ["app", "frontend", "store"].map(str::to_owned);
        assert_eq!(
            members_in(tree, &members),
            BTreeSet::from(["app", "frontend"])
        );
    }
}
