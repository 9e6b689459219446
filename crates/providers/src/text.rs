//! Strings of wire events.

use std::borrow::Cow;

use serde::Deserialize;

/// A string that stays where it is unless it holds escapes. (serde borrows a
/// bare `Cow`, but never one inside an `Option`.)
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Text<'a> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    #[cfg(test)]
    pub(crate) fn is_borrowed(&self) -> bool {
        matches!(self.0, Cow::Borrowed(_))
    }

    /// The string, unless it is empty, which means nothing on these wires.
    pub(crate) fn said(text: Option<Text<'a>>) -> Option<String> {
        text.map(|text| text.0.into_owned())
            .filter(|text| !text.is_empty())
    }
}
