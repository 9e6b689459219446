//! What a turn consumed.

use serde::Serialize;

use crate::{Usd, fields::read_fields};

/// Tokens of one answer. A later report replaces an earlier one; the two are
/// never added up. `None` is unknown, which is not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Tokens of the request, those read from the provider's cache included.
    pub input: Option<u64>,
    /// Tokens of the answer, thinking included.
    pub output: Option<u64>,
    /// The part of `input` that the provider read from its cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
    /// The part of `input` that the provider wrote to its cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<u64>,
    /// The part of `output` spent on thinking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking: Option<u64>,
    /// True where we estimated because the provider's own report never came.
    pub estimated: bool,
    /// What it costs; `None` where the price or the tokens are unknown. An
    /// estimate where the tokens are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Usd>,
}

read_fields!(Usage {} input, output, cached, cache_write, thinking, estimated, cost);

impl Usage {
    /// The usual rule of thumb for the length of a text in tokens: four bytes
    /// a token. It stands until the provider reports, and is always shown as
    /// an estimate.
    #[must_use]
    pub fn estimate_tokens(bytes: usize) -> u64 {
        bytes.div_ceil(4) as u64
    }
}
