//! What a turn consumed.

use serde::{Deserialize, Serialize};

/// Tokens of one answer. A later report replaces an earlier one; the two are
/// never added up. `None` is unknown, which is not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the request, those read from the provider's cache included.
    pub input: Option<u64>,
    /// Tokens of the answer, thinking included.
    pub output: Option<u64>,
    /// The part of `input` that the provider read from its cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
    /// The part of `output` spent on thinking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<u64>,
    /// True where we estimated because the provider's own report never came.
    #[serde(default)]
    pub estimated: bool,
}

impl Usage {
    /// The usual rule of thumb for the length of a text in tokens: four bytes
    /// a token. It stands until the provider reports, and is always shown as
    /// an estimate.
    #[must_use]
    pub fn estimate_tokens(bytes: usize) -> u64 {
        bytes.div_ceil(4) as u64
    }
}
