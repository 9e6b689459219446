//! Markdown from a model drawn as safe HTML, whole or while it arrives.
//!
//! [`render`] draws a finished document. [`LiveDocument`] draws a growing one:
//! top-level blocks that no later text can change are *frozen* (drawn once,
//! never touched again), and the unfinished *tail* is repaired so that raw
//! marks do not flash while a word is still being typed.
//!
//! What a model writes is never trusted: raw HTML shows as text, links lead
//! only to `http`, `https` and `mailto`, and images become links, because
//! loading one would tell a third party what the conversation is about.
//!
//! Beyond CommonMark: tables, strikethrough, task lists, footnotes, bare
//! `http(s)` links, and mathematics between `$$…$$`, `\(…\)` or `\[…\]`. A
//! single `$` is a price, not a formula.

mod html;
mod live;

mod draw;
mod link;
mod math;
mod repair;

#[cfg(feature = "enrich")]
mod enrich;

use std::borrow::Cow;

pub use html::{SafeHtml, open_code_html};
pub use live::{LiveDocument, Tail};

#[cfg(feature = "enrich")]
pub use enrich::ServerEnricher;

/// Draws what needs more than this crate's small core: highlighted code and
/// typeset formulas. `None` leaves the plain form, marked `data-enrich` so
/// that the page can ask for it later.
pub trait Enricher {
    /// The inner HTML of a code block's `<code>`. `language` is the first word
    /// of the fence's info string, `""` when there is none.
    fn code(&self, language: &str, source: &str) -> Option<SafeHtml>;
    /// A formula, given without its delimiters; `display` sets it on a line of
    /// its own.
    fn math(&self, source: &str, display: bool) -> Option<SafeHtml>;
}

/// Draws a finished document: the HTML of its top-level blocks, one after the
/// other.
pub fn render(markdown: &str, enricher: Option<&dyn Enricher>) -> SafeHtml {
    let drawing = draw::draw("", &normalize(markdown), enricher);
    SafeHtml::concat(drawing.blocks.iter().map(|block| &block.html))
}

/// How many top-level blocks [`render_parts`] puts into one element.
pub const PART_BLOCKS: usize = 16;

/// [`render`] with every [`PART_BLOCKS`] blocks in an element of their own, so
/// that a browser can pass over those that are out of view.
pub fn render_parts(markdown: &str, enricher: Option<&dyn Enricher>) -> SafeHtml {
    let drawing = draw::draw("", &normalize(markdown), enricher);
    let mut html = String::new();
    for part in drawing.blocks.chunks(PART_BLOCKS) {
        html.push_str(r#"<div class="part">"#);
        for block in part {
            html.push_str(block.html.as_str());
        }
        html.push_str("</div>");
    }
    SafeHtml::trusted(html)
}

/// Line ends become `\n` and NUL becomes U+FFFD, as CommonMark asks, so that
/// everything after this point knows one kind of line.
fn normalize(markdown: &str) -> Cow<'_, str> {
    if !markdown.contains(['\r', '\0']) {
        return Cow::Borrowed(markdown);
    }
    let text = markdown.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(text.replace('\0', "\u{fffd}"))
}
