//! The page's program in parts: what a first visit needs, and the chunks that
//! are loaded when a panel asks for them (`app/src/ui/lazy.rs`).
//!
//! The linker leaves its relocations in the file; with them the splitter
//! follows who calls whom and gives each `#[wasm_split]` function a file with
//! all that nothing else needs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use walrus::ModuleConfig;

use crate::never_called;
use crate::site::Site;
use crate::workspace::Profile;

/// What the linker must leave in the file for the splitter.
pub(crate) const LINKER_ARGUMENT: &str = "link-arg=--emit-relocs";

/// The splitter's script, by the name under which the main part imports it.
/// It exists for this build alone: [`Parts::join`] makes it part of the page's
/// script.
const LOADERS: &str = "./rivulet-chunks.js";

/// The folder of the chunks, in the site's manifest and in its assets.
pub(crate) const CHUNKS: &str = "chunks/";

/// A program in parts.
pub(crate) struct Parts {
    /// What wasm-bindgen goes on with.
    pub(crate) main: PathBuf,
    /// The script that loads the chunks.
    loaders: String,
    chunks: Vec<PathBuf>,
}

/// Splits the program at `wasm` into parts inside `folder`.
pub(crate) fn split(wasm: &Path, folder: &Path) -> Result<Parts> {
    let input = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let input = never_called::empty(input)?;
    let main = folder.join("main.wasm");
    let mut options = wasm_split_cli_support::Options::new(&input);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.link_name = LOADERS;
    options.main_module = "./rivulet.js";
    let output = wasm_split_cli_support::transform(options)
        .map_err(|error| anyhow!("the page could not be split: {error:#}"))?;
    let loaders = fs::read_to_string(folder.join(LOADERS))?;
    let mut chunks = output.split_modules;
    // The splitter names a file for each chunk, and writes no address for one
    // that came out empty.
    chunks.retain(|chunk| loaders.contains(&address_of(chunk)));
    chunks.sort();
    Ok(Parts {
        main,
        loaders,
        chunks,
    })
}

impl Parts {
    /// Adds the chunks to the site, and gives the page's script with what
    /// loads them from there.
    ///
    /// One script instead of the two that import each other: a first visit
    /// has one request less to wait for, and two files could not each have
    /// the other's hash in its name.
    pub(crate) fn join(&self, site: &mut Site, script: &str, profile: Profile) -> Result<String> {
        let mut loaders = self.loaders.clone();
        for chunk in &self.chunks {
            let mut content =
                fs::read(chunk).with_context(|| format!("cannot read {}", chunk.display()))?;
            if profile == Profile::Release {
                content = without_notes(&content)
                    .with_context(|| format!("{} is damaged", chunk.display()))?;
            }
            let path = site.add_hashed(&site_name(chunk), content);
            // From the script, which is among the assets itself.
            let address = path.strip_prefix("assets/").unwrap_or(&path);
            loaders = loaders.replace(&address_of(chunk), &format!("\"./{address}\""));
        }
        inline(script, &loaders)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// A chunk's name in the site: that of the attribute, `chunks/settings.wasm`,
/// or for what several chunks share `chunks/shared_1.wasm`.
fn site_name(chunk: &Path) -> String {
    let name = file_name(chunk);
    match name.strip_prefix("split_") {
        Some(name) => format!("{CHUNKS}{name}"),
        None => format!("{CHUNKS}{}", name.replace("chunk_", "shared_")),
    }
}

/// How the script of the loaders writes a chunk's address.
fn address_of(chunk: &Path) -> String {
    format!("\"./{}\"", file_name(chunk))
}

/// Puts `loaders` where `script` imports them, which it does once for each
/// loader. Both come from tools that the lockfile pins; what is not as
/// expected is an error and not left as it is.
fn inline(script: &str, loaders: &str) -> Result<String> {
    let (_, loaders) = loaders
        .split_once("import { initSync } from \"./rivulet.js\";\n")
        .context("the chunks' script is not written as expected")?;
    let names: Vec<_> = loaders
        .lines()
        .filter_map(|line| line.strip_prefix("export const "))
        .filter_map(|line| line.split_once(' '))
        .map(|(name, _)| name)
        .collect();
    let names = names.join(", ");
    let loaders = loaders.replace("export const ", "const ");

    let from = format!(" from \"{LOADERS}\"");
    let mut joined = String::new();
    let mut is_in = false;
    for line in script.split_inclusive('\n') {
        let import = line.trim_end().strip_prefix("import * as ");
        if let Some(name) = import.and_then(|import| import.strip_suffix(&from)) {
            if !std::mem::replace(&mut is_in, true) {
                joined.push_str(&loaders);
            }
            joined.push_str(&format!("const {name} = {{ {names} }};\n"));
        } else {
            joined.push_str(line);
        }
    }
    // A page without split functions imports no loader.
    if joined.contains(&from) || is_in == names.is_empty() {
        bail!("the import of the chunks' script is not written as expected");
    }
    Ok(joined)
}

/// The same program without the names of its functions and other notes.
fn without_notes(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false);
    config.generate_producers_section(false);
    Ok(config.parse(wasm)?.emit_wasm())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "import * as import1 from \"./rivulet-chunks.js\"\n\
                          import * as import2 from \"./rivulet-chunks.js\"\n\n\
                          use(import1, import2);\n";

    #[test]
    fn one_script_comes_of_two() {
        let loaders = "import { initSync } from \"./rivulet.js\";\nlet before;\n\
                       export const load_a = makeLoad(() => {\n});\n\
                       export const load_b = makeLoad(load_a);\n";
        let expected = "let before;\nconst load_a = makeLoad(() => {\n});\n\
                        const load_b = makeLoad(load_a);\n\
                        const import1 = { load_a, load_b };\n\
                        const import2 = { load_a, load_b };\n\nuse(import1, import2);\n";
        assert_eq!(inline(SCRIPT, loaders).unwrap(), expected);
    }

    #[test]
    fn a_page_without_chunks_keeps_its_script() {
        let loaders = "import { initSync } from \"./rivulet.js\";\nlet before;\n";
        assert_eq!(inline("use();", loaders).unwrap(), "use();");
    }

    #[test]
    fn what_other_versions_may_write_is_an_error() {
        let loaders = "import { initSync } from \"./rivulet.js\";\nexport const load_a = 1;\n";
        let check = |script: &str, loaders: &str| {
            let result = inline(script, loaders);
            assert!(result.is_err(), "{script} {loaders} became {result:?}");
        };
        check("use();", loaders);
        check(SCRIPT, "export const load_a = 1;");
        check(&SCRIPT.replace('*', "{ load_a }"), loaders);
        check("import chunks from \"./rivulet-chunks.js\"\n", loaders);
    }

    #[test]
    fn a_chunk_is_named_by_what_it_is_for() {
        assert_eq!(
            site_name(Path::new("a/split_settings.wasm")),
            "chunks/settings.wasm"
        );
        assert_eq!(
            site_name(Path::new("a/chunk_2.wasm")),
            "chunks/shared_2.wasm"
        );
    }
}
