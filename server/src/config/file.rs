//! Reading the configuration file.

use std::path::Path;

use anyhow::{Context, anyhow};

use super::Settings;

pub(super) fn read(path: &Path) -> anyhow::Result<Settings> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the configuration file {} cannot be read", path.display()))?;
    toml::from_str(&text).map_err(|error| {
        anyhow!(
            "the configuration file {} is not right{}: {} (`rivulet example-config` prints one \
             that is)",
            path.display(),
            place(&text, &error),
            error.message()
        )
    })
}

/// Where the error is. Not the line itself, which the error would show, too:
/// it may hold a key.
fn place(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    before.map_or_else(String::new, |before| {
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        format!(" at line {line}, column {}", last.chars().count() + 1)
    })
}
