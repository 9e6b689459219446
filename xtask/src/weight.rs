//! The page's weight, checked against its budget.

use std::fs;

use anyhow::{Result, bail};

use crate::progress::{kilobytes, note};
use crate::site;
use crate::split;
use crate::workspace::{Profile, Workspace};

/// The budgets of a first visit, in bytes after Brotli.
const WASM_BUDGET: u64 = 400_000;
const TOTAL_BUDGET: u64 = 420_000;

/// The budget of one chunk that is loaded when somebody opens a panel: at
/// 1.6 Mbit/s, a slow mobile network, it arrives within half a second.
const CHUNK_BUDGET: u64 = 100_000;

/// Prints what a first visit downloads besides the HTML, and apart from that
/// the chunks that are loaded when they are needed.
///
/// # Errors
/// When the release page is over its budget, or is not built.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let folder = workspace.site(Profile::Release);
    let mut wasm = 0;
    let mut total = 0;
    let mut chunks = Vec::new();
    for (name, entry) in site::read_manifest(&folder)? {
        // Of the files that keep their names, the browser asks for this one.
        if !entry.immutable && name != "favicon.svg" {
            continue;
        }
        let size = fs::metadata(entry.smallest(&folder))?.len();
        if name.starts_with(split::CHUNKS) {
            chunks.push((name, size));
            continue;
        }
        note(&format!("{:>10}  {name}", kilobytes(size)));
        total += size;
        if name.ends_with(".wasm") {
            wasm += size;
        }
    }
    note(&format!(
        "{:>10}  all, of at most {}",
        kilobytes(total),
        kilobytes(TOTAL_BUDGET)
    ));
    for (name, size) in &chunks {
        note(&format!(
            "{:>10}  {name}, when needed, of at most {}",
            kilobytes(*size),
            kilobytes(CHUNK_BUDGET)
        ));
    }
    for (name, size) in chunks {
        if size > CHUNK_BUDGET {
            let over = kilobytes(size - CHUNK_BUDGET);
            bail!(
                "{name} is {over} over a chunk's budget of {}",
                kilobytes(CHUNK_BUDGET)
            );
        }
    }
    if wasm > WASM_BUDGET {
        let over = kilobytes(wasm - WASM_BUDGET);
        bail!(
            "the page's WASM is {over} over its budget of {}",
            kilobytes(WASM_BUDGET)
        );
    }
    if total > TOTAL_BUDGET {
        let over = kilobytes(total - TOTAL_BUDGET);
        bail!(
            "the page is {over} over its budget of {}",
            kilobytes(TOTAL_BUDGET)
        );
    }
    Ok(())
}
