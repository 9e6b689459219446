//! Code as spans with a dozen short classes, so that the HTML stays small and
//! the style sheet readable.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use two_face::re_exports::syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxSet};

use crate::SafeHtml;
use crate::html::push_escaped;

/// Larger code stays plain, in bytes.
const MAX_SOURCE: usize = 200 * 1024;

/// A longer line (minified code) leaves the block plain, in bytes.
const MAX_LINE: usize = 8 * 1024;

/// Grammars are backtracking patterns: hostile code must not hold a thread for
/// ever. Ordinary code takes milliseconds, the first use of a grammar more.
const MAX_TIME: Duration = Duration::from_secs(10);

/// TextMate scopes and our classes; the first that fits wins.
const CLASSES: &[(&str, &str)] = &[
    ("comment", "hl-comment"),
    ("constant.numeric", "hl-number"),
    ("constant.character.escape", "hl-constant"),
    ("string", "hl-string"),
    ("constant", "hl-constant"),
    ("keyword.operator", "hl-operator"),
    ("keyword", "hl-keyword"),
    ("storage.type.numeric", "hl-number"),
    ("storage", "hl-keyword"),
    ("entity.name.function", "hl-function"),
    ("entity.name.tag", "hl-tag"),
    ("entity.other.attribute-name", "hl-attribute"),
    ("entity.other.inherited-class", "hl-type"),
    ("entity.name", "hl-type"),
    ("support.function", "hl-function"),
    ("support.macro", "hl-function"),
    ("support.constant", "hl-constant"),
    ("support", "hl-type"),
    ("variable.function", "hl-function"),
    ("variable.language", "hl-keyword"),
    ("variable", "hl-variable"),
    ("punctuation.definition.string", "hl-string"),
    ("punctuation.definition.comment", "hl-comment"),
    ("punctuation", "hl-punctuation"),
    ("markup.heading", "hl-keyword"),
    ("markup.inserted", "hl-string"),
    ("markup.deleted", "hl-keyword"),
    ("markup.raw", "hl-string"),
    ("invalid", "hl-invalid"),
];

static SCOPES: LazyLock<Vec<(Scope, &str)>> = LazyLock::new(|| {
    CLASSES
        .iter()
        .filter_map(|(scope, class)| Some((Scope::new(scope).ok()?, *class)))
        .collect()
});

/// Highlights code in a language known by name or file extension.
pub(super) fn highlight(syntaxes: &SyntaxSet, language: &str, source: &str) -> Option<SafeHtml> {
    if language.is_empty() || source.len() > MAX_SOURCE {
        return None;
    }
    let syntax = syntaxes.find_syntax_by_token(language)?;
    let deadline = Instant::now() + MAX_TIME;
    let mut state = ParseState::new(syntax);
    let mut scopes = ScopeStack::new();
    let mut spans = Spans::default();
    for line in source.split_inclusive('\n') {
        if line.len() > MAX_LINE || Instant::now() > deadline {
            return None;
        }
        let mut start = 0;
        for (at, change) in state.parse_line(line, syntaxes).ok()? {
            spans.push(class(&scopes), &line[start..at]);
            start = at;
            scopes.apply(&change).ok()?;
        }
        spans.push(class(&scopes), &line[start..]);
    }
    Some(SafeHtml::trusted(spans.finish()))
}

/// The class of the innermost scope that has one.
fn class(scopes: &ScopeStack) -> Option<&'static str> {
    let class = |scope: &Scope| {
        let known = SCOPES
            .iter()
            .find(|(prefix, _)| prefix.is_prefix_of(*scope));
        known.map(|(_, class)| *class)
    };
    scopes.scopes.iter().rev().find_map(class)
}

/// Joins neighbours of one class into one span.
#[derive(Default)]
struct Spans {
    out: String,
    open: Option<&'static str>,
}

impl Spans {
    fn push(&mut self, class: Option<&'static str>, text: &str) {
        if text.is_empty() {
            return;
        }
        // White space shows no colour: it need not end a span.
        if class != self.open && !text.trim().is_empty() {
            self.close();
            if let Some(class) = class {
                self.out.push_str("<span class=\"");
                self.out.push_str(class);
                self.out.push_str("\">");
                self.open = Some(class);
            }
        }
        push_escaped(&mut self.out, text);
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.out.push_str("</span>");
        }
    }

    fn finish(mut self) -> String {
        self.close();
        self.out
    }
}
