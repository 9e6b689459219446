//! The style sheet: `style/main.css` names the others with `@import`, in the
//! order in which they apply; the page gets them as one file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use walkdir::WalkDir;

/// Puts the imported files in the place of each `@import` of
/// `folder/main.css` and squeezes the whole.
///
/// # Errors
/// When a file is missing, is imported twice, or is not imported at all
/// (which would be a style that silently does nothing).
pub(crate) fn bundle(folder: &Path) -> Result<String> {
    let mut seen = BTreeSet::new();
    let mut css = String::new();
    inline(&folder.join("main.css"), &mut seen, &mut css)?;
    for entry in WalkDir::new(folder) {
        let path = entry?.into_path();
        let is_style = path.extension().is_some_and(|extension| extension == "css");
        if is_style && !seen.contains(&path) {
            bail!("{} is imported nowhere: add it to main.css", path.display());
        }
    }
    Ok(squeeze(&css))
}

/// Appends a file to `css`, with its imports in their places.
fn inline(path: &Path, seen: &mut BTreeSet<PathBuf>, css: &mut String) -> Result<()> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !seen.insert(path.to_owned()) {
        bail!("{} is imported twice", path.display());
    }
    for line in text.lines() {
        match imported(line) {
            Some(name) => {
                let sibling = path.with_file_name(name);
                inline(&sibling, seen, css)
                    .with_context(|| format!("imported by {}", path.display()))?;
            }
            None => {
                css.push_str(line);
                css.push('\n');
            }
        }
    }
    Ok(())
}

/// The name in a line `@import "name";`.
fn imported(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("@import")?.trim_start();
    rest.strip_prefix('"')?.strip_suffix("\";")
}

/// Takes comments away and white space that means nothing. White space
/// inside strings and between selectors stays.
fn squeeze(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => {
                let length = string_length(rest, first);
                out.push_str(&rest[..length]);
                length
            }
            '/' if rest.starts_with("/*") => {
                separate(&mut out);
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            }
            c if c.is_ascii_whitespace() => {
                separate(&mut out);
                1
            }
            '{' | '}' | ';' | ',' => {
                trim_space(&mut out);
                if first == '}' && out.ends_with(';') {
                    out.pop();
                }
                out.push(first);
                1
            }
            _ => {
                out.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    trim_space(&mut out);
    out
}

/// The length of the string literal at the start of `css`, quotes included.
fn string_length(css: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in css.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    css.len()
}

/// One space, where there is something to keep apart.
fn separate(out: &mut String) {
    if !(out.is_empty() || out.ends_with([' ', '{', '}', ';', ','])) {
        out.push(' ');
    }
}

fn trim_space(out: &mut String) {
    if out.ends_with(' ') {
        out.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_squeeze(css: &str, expected: &str) {
        assert_eq!(squeeze(css), expected, "squeezing {css:?}");
    }

    #[test]
    fn squeezing_keeps_the_meaning() {
        check_squeeze("a {\n  color : red;\n}\n", "a{color : red}");
        check_squeeze("a   b > c :hover{}", "a b > c :hover{}");
        check_squeeze("a/* why */b {}", "a b{}");
        check_squeeze("a, b { margin: 0 1px; }", "a,b{margin: 0 1px}");
        check_squeeze("p { width: calc(1px + 2px) }", "p{width: calc(1px + 2px)}");
        check_squeeze(
            "@media (width > 1px) { a { b: c } }",
            "@media (width > 1px){a{b: c}}",
        );
        check_squeeze("/* unfinished", "");
    }

    #[test]
    fn squeezing_leaves_strings_alone() {
        check_squeeze(
            r#"a { content: " { ; /* } " }"#,
            r#"a{content: " { ; /* } "}"#,
        );
        check_squeeze(r#"a { content: "\"  ;" ; }"#, r#"a{content: "\"  ;"}"#);
        check_squeeze("a { content: '  \"  ' }", "a{content: '  \"  '}");
        check_squeeze("a { content: '→  ' }", "a{content: '→  '}");
    }

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn imports_are_put_in_their_places() {
        let folder = folder(&[
            (
                "main.css",
                "@import \"b.css\";\n@import \"parts/a.css\";\np{}",
            ),
            ("b.css", "b{}"),
            ("parts/a.css", "@import \"c.css\";\na{}"),
            ("parts/c.css", "c{}"),
        ]);
        assert_eq!(bundle(folder.path()).unwrap(), "b{}c{}a{}p{}");
    }

    fn check_refused(files: &[(&str, &str)], expected: &str) {
        let error = bundle(folder(files).path()).unwrap_err();
        let error = format!("{error:#}");
        assert!(
            error.contains(expected),
            "{error:?} should say {expected:?}"
        );
    }

    #[test]
    fn mistakes_in_imports_are_named() {
        check_refused(
            &[("main.css", ""), ("a.css", "")],
            "a.css is imported nowhere",
        );
        check_refused(&[("main.css", "@import \"a.css\";")], "a.css");
        check_refused(&[("main.css", "@import \"main.css\";")], "imported twice");
    }
}
