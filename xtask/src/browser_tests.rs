//! The browser tests of `end2end/`: Chromium, and Firefox where it can be had,
//! against the release binary.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::browser::{CHROMIUM, FIREFOX};
use crate::command;
use crate::progress::note;
use crate::workspace::{Profile, Workspace};

/// Runs `end2end/tests/*.test.mjs`. They find the server in `RIVULET_BIN`
/// and the browsers in `CHROMIUM` and `FIREFOX`; without Firefox its tests are
/// skipped.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root.join("end2end");
    let tests = test_files(&folder.join("tests"))?;
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=1"])
        .args(tests)
        .current_dir(folder)
        .env("RIVULET_BIN", workspace.binary(Profile::Release))
        .env("PYTHONPATH", python_packages(workspace))
        .env(CHROMIUM.variable, CHROMIUM.find_or_install()?);
    if let Some(firefox) = FIREFOX.find() {
        node.env(FIREFOX.variable, firefox);
    }
    command::run(&mut node)
}

/// Installs the npm packages that the lockfile names, if that was not done
/// for this very lockfile.
pub(crate) fn install_packages(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root.join("end2end");
    let lockfile = folder.join("package-lock.json");
    let wanted =
        fs::read(&lockfile).with_context(|| format!("cannot read {}", lockfile.display()))?;
    let installed = folder.join("node_modules/.installed-package-lock.json");
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    note("installing the npm packages of end2end/");
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund"])
        .current_dir(&folder);
    command::run(&mut npm)?;
    fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))
}

/// Installs the Python packages that `end2end/clients/requirements.txt` names,
/// among our own tools, if that was not done for this very list.
pub(crate) fn install_python_packages(workspace: &Workspace) -> Result<()> {
    let list = workspace.root.join("end2end/clients/requirements.txt");
    let wanted = fs::read(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let folder = python_packages(workspace);
    let installed = folder.join("installed-requirements.txt");
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    note("installing the Python packages of end2end/clients");
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ])
    .args(["--upgrade", "--root-user-action", "ignore", "--target"])
    .arg(&folder)
    .arg("--requirement")
    .arg(&list);
    command::run(&mut pip)?;
    fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))
}

fn python_packages(workspace: &Workspace) -> PathBuf {
    workspace.tools().join("python")
}

fn test_files(folder: &PathBuf) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    let is_test = |path: &PathBuf| path.to_string_lossy().ends_with(".test.mjs");
    let mut tests: Vec<_> = paths.into_iter().filter(is_test).collect();
    if tests.is_empty() {
        bail!("there are no browser tests in {}", folder.display());
    }
    tests.sort();
    Ok(tests)
}
