//! Every check there is, the cheap ones first; the first failure ends it.

use std::env;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::browser_tests;
use crate::command;
use crate::dependencies;
use crate::page;
use crate::prerequisites::{self, Prerequisite, WASM_TARGET};
use crate::progress::{heading, note, spoken};
use crate::server;
use crate::weight;
use crate::workspace::{Profile, Workspace};

/// Where property tests take their seed from. The same one each time: what this
/// says of a change must not depend on luck. `cargo test` alone, which has
/// another seed each time, and `cargo xtask fuzz` are for finding more.
const RANDOM_SEED: &str = "PROPTEST_RNG_SEED";

struct Step {
    name: &'static str,
    needs: &'static [Prerequisite],
    run: fn(&Workspace) -> Result<()>,
}

const STEPS: [Step; 9] = [
    Step {
        name: "format",
        needs: &[Prerequisite::Rustfmt],
        run: format,
    },
    Step {
        name: "frontend-dependencies",
        needs: &[],
        run: dependencies::check_frontend,
    },
    Step {
        name: "external-dependencies",
        needs: &[Prerequisite::CargoDeny],
        run: dependencies::check_external,
    },
    Step {
        name: "clippy-native",
        needs: &[Prerequisite::Clippy, Prerequisite::CCompiler],
        run: clippy_native,
    },
    Step {
        name: "clippy-page",
        needs: &[Prerequisite::Clippy, Prerequisite::WasmTarget],
        run: clippy_page,
    },
    Step {
        name: "page",
        needs: &[Prerequisite::WasmTarget],
        run: page_within_its_weight,
    },
    Step {
        name: "tests",
        needs: &[Prerequisite::CCompiler],
        run: native_tests,
    },
    Step {
        name: "release",
        needs: &[Prerequisite::CCompiler, Prerequisite::WasmTarget],
        run: server::dist,
    },
    Step {
        name: "browser",
        needs: &[
            Prerequisite::NodePackages,
            Prerequisite::PythonPackages,
            Prerequisite::Chromium,
            Prerequisite::Firefox,
        ],
        run: browser_tests::run,
    },
];

/// Runs the steps whose name contains `filter`, or all of them.
///
/// # Errors
/// With the name of the first step that failed, and why.
pub(crate) fn run(workspace: &Workspace, filter: Option<&str>) -> Result<()> {
    let wanted = |step: &&Step| filter.is_none_or(|filter| step.name.contains(filter));
    let steps: Vec<&Step> = STEPS.iter().filter(wanted).collect();
    if steps.is_empty() {
        bail!(
            "no step has such a name; there are {}",
            STEPS.map(|step| step.name).join(", ")
        );
    }
    let started = Instant::now();
    // All that is missing, before the builds: nobody wants to hear after
    // half an hour that there is no browser.
    for step in &steps {
        prerequisites::ensure(workspace, step.needs)
            .with_context(|| format!("step {} cannot run", step.name))?;
    }
    for (passed, step) in steps.iter().enumerate() {
        heading(passed + 1, steps.len(), step.name);
        let step_started = Instant::now();
        let result = (step.run)(workspace);
        let time = spoken(step_started.elapsed());
        if let Err(error) = result {
            let not_run = steps.len() - passed - 1;
            note(&format!(
                "steps: {passed} passed, 1 failed, {not_run} not run"
            ));
            return Err(error.context(format!("step {} FAILED after {time}", step.name)));
        }
        note(&format!("{} passed ({time})", step.name));
    }
    eprintln!();
    note(&format!(
        "steps: {} passed, 0 failed ({})",
        steps.len(),
        spoken(started.elapsed())
    ));
    Ok(())
}

fn format(workspace: &Workspace) -> Result<()> {
    command::run(workspace.cargo().args(["fmt", "--all", "--check"]))
        .context("run `cargo fmt --all`")
}

fn clippy_native(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.arg("clippy").args(workspace.native_packages());
    command::run(cargo.args(["--all-targets", "--", "-D", "warnings"]))
}

fn clippy_page(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["clippy", "-p", "frontend", "--target", WASM_TARGET]);
    command::run(cargo.args(["--", "-D", "warnings"]))
}

fn page_within_its_weight(workspace: &Workspace) -> Result<()> {
    page::build(workspace, Profile::Release)?;
    weight::check(workspace)
}

fn native_tests(workspace: &Workspace) -> Result<()> {
    let mut cargo = workspace.cargo();
    if env::var_os(RANDOM_SEED).is_none() {
        cargo.env(RANDOM_SEED, "1");
    }
    command::run(cargo.arg("test").args(workspace.native_packages()))
}
