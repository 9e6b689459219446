//! The page's build: cargo for WASM, wasm-bindgen, styles and public files,
//! and all of it into the site folder that the server embeds.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use walkdir::WalkDir;
use wasm_bindgen_cli_support::Bindgen;

use crate::command;
use crate::prerequisites::{self, Prerequisite};
use crate::progress::{note, spoken};
use crate::site::{self, Compression, Site};
use crate::split;
use crate::style;
use crate::workspace::{Profile, Workspace};

/// Builds the page into the site folder of `profile`.
pub(crate) fn build(workspace: &Workspace, profile: Profile) -> Result<()> {
    prerequisites::ensure(
        workspace,
        &[Prerequisite::CCompiler, Prerequisite::WasmTarget],
    )?;
    let started = Instant::now();
    note(&format!("building the page ({})", profile.page_profile()));
    compile(workspace, profile)?;

    let mut site = Site::default();
    add_program(&mut site, workspace, profile)?;
    let style = style::bundle(&workspace.root.join("style"))?;
    site.add_hashed("rivulet.css", style.into_bytes());
    add_public_files(&mut site, &workspace.root.join("public"))?;

    let compression = match profile {
        Profile::Dev => Compression::None,
        Profile::Release => Compression::Best,
    };
    site.write(&workspace.site(profile), compression)?;
    note(&format!(
        "the page is built ({})",
        spoken(started.elapsed())
    ));
    Ok(())
}

fn compile(workspace: &Workspace, profile: Profile) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo
        .args(["rustc", "-p", "frontend", "--lib"])
        .args(["--target", prerequisites::WASM_TARGET])
        .args(["--profile", profile.page_profile()])
        .args(["--", "-C", split::LINKER_ARGUMENT]);
    command::run(&mut cargo)
}

/// Adds the program: the script that loads it, the WASM in its parts, and the
/// scripts that dependencies brought along.
fn add_program(site: &mut Site, workspace: &Workspace, profile: Profile) -> Result<()> {
    let wasm = workspace.page_wasm(profile);
    let folder = wasm.with_file_name("rivulet-bindgen");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let parts = split::split(&wasm, &folder)?;
    Bindgen::new()
        .input_path(&parts.main)
        .out_name("rivulet")
        .web(true)?
        .typescript(false)
        // The chunks find the main part's memory and functions by these.
        .keep_lld_exports(true)
        .demangle(false)
        // The page's script tag names the hashed WASM file.
        .omit_default_module_path(true)
        .remove_name_section(profile == Profile::Release)
        .remove_producers_section(profile == Profile::Release)
        .generate(&folder)
        .context("wasm-bindgen could not process the page")?;

    let script = fs::read_to_string(folder.join("rivulet.js"))?;
    let script = add_snippets(site, &folder.join("snippets"), script)?;
    let script = parts.join(site, &script, profile)?;
    site.add_hashed("rivulet.js", script.into_bytes());
    site.add_hashed("rivulet.wasm", fs::read(folder.join("rivulet_bg.wasm"))?);
    Ok(())
}

/// Adds the scripts that dependencies brought along, if any, in a folder
/// named by their content, and gives the script that imports them from there.
fn add_snippets(site: &mut Site, folder: &Path, script: String) -> Result<String> {
    if !folder.exists() {
        return Ok(script);
    }
    let files = files_below(folder)?;
    let all: Vec<u8> = files
        .iter()
        .flat_map(|(_, content)| content)
        .copied()
        .collect();
    let unique = format!("snippets-{}", site::hash(&all));
    for (path, content) in files {
        site.add_immutable(format!("assets/{unique}/{path}"), content);
    }
    Ok(script.replace("'./snippets/", &format!("'./{unique}/")))
}

fn add_public_files(site: &mut Site, folder: &Path) -> Result<()> {
    for (path, content) in files_below(folder)? {
        site.add_plain(path, content);
    }
    Ok(())
}

/// Each file below a folder: its path from there, with `/` on every system,
/// and its content; in the order of their names.
fn files_below(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            let parts = entry.path().strip_prefix(folder)?.iter();
            let parts: Vec<_> = parts.map(|part| part.to_string_lossy()).collect();
            let content = fs::read(entry.path())
                .with_context(|| format!("cannot read {}", entry.path().display()))?;
            files.push((parts.join("/"), content));
        }
    }
    Ok(files)
}
