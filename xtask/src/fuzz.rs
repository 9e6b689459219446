//! Fuzzing by cargo-fuzz. It needs compiler flags that only a nightly Rust
//! takes, or a stable one that is told to behave like it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::prerequisites::cargo_tool;
use crate::progress::note;
use crate::workspace::Workspace;

/// Runs one target of `fuzz/fuzz_targets/`, or each in turn.
pub(crate) fn run(workspace: &Workspace, target: Option<&str>, seconds: u64) -> Result<()> {
    let known = targets(&workspace.root.join("fuzz/fuzz_targets"))?;
    let chosen = match target {
        None => known,
        Some(target) if known.iter().any(|name| name == target) => vec![target.to_owned()],
        Some(target) => bail!(
            "there is no fuzz target {target}; there are {}",
            known.join(", ")
        ),
    };
    let tool = cargo_tool(workspace, "cargo-fuzz")?;
    let nightly = has_nightly();
    if nightly {
        note("fuzzing with the nightly Rust");
    } else {
        note("no nightly Rust is installed: fuzzing with this one and RUSTC_BOOTSTRAP=1");
    }
    for target in chosen {
        note(&format!("fuzzing {target} for {seconds} s"));
        // What is found goes into the first folder, which git ignores; the
        // seeds are chosen by hand.
        let seeds = workspace.root.join("fuzz/corpus").join(&target);
        let generated = seeds.join("generated");
        fs::create_dir_all(&generated)
            .with_context(|| format!("cannot create {}", generated.display()))?;
        let mut fuzz = Command::new(&tool);
        fuzz.args(["fuzz", "run", &target])
            .args([generated, seeds])
            .arg("--")
            .arg(format!("-max_total_time={seconds}"))
            .current_dir(&workspace.root);
        if nightly {
            // `CARGO` would lead it back to the cargo that started us.
            fuzz.env("RUSTUP_TOOLCHAIN", "nightly").env_remove("CARGO");
        } else {
            fuzz.env("RUSTC_BOOTSTRAP", "1");
        }
        command::run(&mut fuzz)?;
    }
    Ok(())
}

fn has_nightly() -> bool {
    let list = command::output(Command::new("rustup").args(["toolchain", "list"]));
    list.is_ok_and(|list| list.lines().any(|line| line.starts_with("nightly")))
}

fn targets(folder: &Path) -> Result<Vec<String>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    names.sort();
    Ok(names)
}
