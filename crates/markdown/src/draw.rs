//! From the parser's events to the HTML of top-level blocks.

mod writer;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

use crate::html::SafeHtml;
use crate::math::{self, Formula};
use crate::{Enricher, draw::writer::Writer};

/// A document, or a part of one, drawn.
pub(crate) struct Drawing {
    /// Its top-level blocks, in order.
    pub(crate) blocks: Vec<Block>,
    /// The link and footnote definitions it holds, in order.
    pub(crate) definitions: Vec<Definition>,
}

/// A top-level block.
pub(crate) struct Block {
    /// Where its first line starts.
    pub(crate) start: usize,
    /// Where it ends; whether its line end is included depends on its kind.
    pub(crate) end: usize,
    pub(crate) html: SafeHtml,
    /// The language of a fenced code block.
    pub(crate) fence: Option<String>,
}

/// Something that gives meaning to a reference elsewhere in the document.
pub(crate) struct Definition {
    /// Where its first line starts.
    pub(crate) start: usize,
    /// Whether it is indented so little that, after a blank line, it can stand
    /// only outside every other block.
    pub(crate) top_level: bool,
    /// Markdown that defines the same once more.
    pub(crate) markdown: String,
}

/// The parser with everything this crate understands.
pub(crate) fn parser(text: &str) -> Parser<'_> {
    #[cfg(test)]
    parsed_bytes::add(text.len());
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS;
    Parser::new_ext(text, options)
}

/// Draws `source`, which starts where a top-level block may start. `known` is
/// Markdown that makes earlier definitions known and is not drawn itself: the
/// [`Definition::markdown`] of each, then [`END_OF_DEFINITIONS`].
pub(crate) fn draw(known: &str, source: &str, enricher: Option<&dyn Enricher>) -> Drawing {
    if known.is_empty() {
        return draw_text(source, 0, enricher);
    }
    let mut drawing = draw_text(&format!("{known}{source}"), known.len(), enricher);
    for block in &mut drawing.blocks {
        block.start -= known.len();
        block.end -= known.len();
    }
    for definition in &mut drawing.definitions {
        definition.start -= known.len();
    }
    drawing
}

/// A thematic break closes whatever definition stands before it.
pub(crate) const END_OF_DEFINITIONS: &str = "\n***\n";

/// How often a document is parsed again without the formulas that turned out
/// to be something else. Only a hostile one needs more than one or two.
const ROUNDS: usize = 4;

fn draw_text(text: &str, from: usize, enricher: Option<&dyn Enricher>) -> Drawing {
    let mut formulas = math::find(text);
    for _ in 1..ROUNDS {
        let (drawing, wrong) = draw_once(text, from, &formulas, enricher);
        if wrong.is_empty() {
            return drawing;
        }
        let mut number = 0;
        formulas.retain(|_| {
            number += 1;
            !wrong.contains(&(number - 1))
        });
    }
    draw_once(text, from, &[], enricher).0
}

/// Draws with these formulas covered; the second part are the numbers of those
/// that did not come out as plain text.
fn draw_once(
    text: &str,
    from: usize,
    formulas: &[Formula],
    enricher: Option<&dyn Enricher>,
) -> (Drawing, Vec<usize>) {
    let covered = math::cover(text, formulas);
    let events = parser(&covered).into_offset_iter();
    let mut definitions: Vec<Definition> = events
        .reference_definitions()
        .iter()
        .filter(|(_, definition)| definition.span.start >= from)
        .map(|(label, definition)| {
            let start = line_start(text, definition.span.start);
            let title = definition.title.as_deref().unwrap_or("");
            Definition {
                start,
                top_level: text[start..].starts_with('[') || text[start..].starts_with(" ["),
                markdown: link_definition(label, &definition.dest, title),
            }
        })
        .collect();

    let mut writer = Writer::new(text, formulas, enricher);
    let mut blocks = Vec::new();
    let mut depth = 0;
    let mut fence = None;
    for (event, range) in events {
        if range.start < from {
            continue;
        }
        match &event {
            Event::Start(tag) => {
                if depth == 0 {
                    fence = match tag {
                        Tag::CodeBlock(CodeBlockKind::Fenced(info)) => {
                            Some(language(info).to_owned())
                        }
                        _ => None,
                    };
                }
                if let Tag::FootnoteDefinition(label) = tag {
                    definitions.push(Definition {
                        start: line_start(text, range.start),
                        top_level: false,
                        markdown: format!("[^{label}]: x\n\n"),
                    });
                }
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            _ => {}
        }
        writer.event(event, range.clone());
        if depth == 0 {
            blocks.push(Block {
                start: line_start(text, range.start),
                end: range.end,
                html: writer.take_block(),
                fence: fence.take(),
            });
        }
    }
    definitions.sort_by_key(|definition| definition.start);
    (
        Drawing {
            blocks,
            definitions,
        },
        writer.wrong_formulas(from),
    )
}

/// The first word of a fence's info string.
pub(crate) fn language(info: &str) -> &str {
    info.split([' ', '\t', ',', '{']).next().unwrap_or("")
}

/// The start of the line that `at` lies in.
pub(crate) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Markdown that defines a link again. `label` is as the author wrote it; the
/// rest has lost its escapes, so every mark in it is written as a number.
fn link_definition(label: &str, url: &str, title: &str) -> String {
    let mut markdown = format!("[{label}]: <");
    push_as_numbers(&mut markdown, url);
    markdown.push_str("> \"");
    push_as_numbers(&mut markdown, title);
    markdown.push_str("\"\n\n");
    markdown
}

fn push_as_numbers(out: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_alphanumeric() {
            out.push(c);
        } else {
            out.push_str(&format!("&#{};", u32::from(c)));
        }
    }
}

/// Counts what the parser is given, so that a test can prove that drawing a
/// growing document is not quadratic.
#[cfg(test)]
pub(crate) mod parsed_bytes {
    use std::cell::Cell;

    thread_local!(static TOTAL: Cell<usize> = const { Cell::new(0) });

    pub(crate) fn add(bytes: usize) {
        TOTAL.with(|total| total.set(total.get() + bytes));
    }

    pub(crate) fn total() -> usize {
        TOTAL.with(Cell::get)
    }
}
