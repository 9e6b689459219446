//! Highlighting and typesetting on the server.

mod cache;
mod code;
mod formula;

use two_face::re_exports::syntect::parsing::SyntaxSet;

use crate::{Enricher, SafeHtml};
use cache::Cache;

/// Draws code with classed spans (`hl-keyword`, `hl-string` and so on) and
/// formulas as MathML. Results are cached; what is too large, unknown or
/// faulty stays plain.
///
/// Making one loads about a hundred grammars, so make one and share it.
#[derive(Debug)]
pub struct ServerEnricher {
    syntaxes: SyntaxSet,
    cache: Cache,
}

impl ServerEnricher {
    /// An enricher with an empty cache.
    pub fn new() -> Self {
        Self {
            syntaxes: two_face::syntax::extra_newlines(),
            cache: Cache::default(),
        }
    }
}

impl Default for ServerEnricher {
    fn default() -> Self {
        Self::new()
    }
}

impl Enricher for ServerEnricher {
    fn code(&self, language: &str, source: &str) -> Option<SafeHtml> {
        self.cache.get_or_draw(("code", language, source), || {
            code::highlight(&self.syntaxes, language, source)
        })
    }

    fn math(&self, source: &str, display: bool) -> Option<SafeHtml> {
        let kind = if display { "display" } else { "inline" };
        self.cache
            .get_or_draw((kind, "math", source), || formula::typeset(source, display))
    }
}
