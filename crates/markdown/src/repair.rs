//! Makes the unfinished end of a document look the way it will most likely
//! look when the rest has arrived: open marks are closed, and a mark whose
//! meaning is not decided yet is held back.
//!
//! Only the last line and the last run of inline text are ever touched, and
//! the result is parsed like any other Markdown: a wrong guess can look odd for
//! a moment, but never unsafe.

mod inline;
pub(crate) mod line;

use std::borrow::Cow;

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::draw::{line_start, parser};
use crate::math;

/// Repairs the end of Markdown that starts where a top-level block may start.
pub(crate) fn repair(source: &str) -> Cow<'_, str> {
    if let Some((start, close)) = math::unclosed(source) {
        let formula = inline::close_formula(&source[start..], close).unwrap_or_default();
        return Cow::Owned(format!("{}{formula}", &source[..start]));
    }
    let last_line = line_start(source, source.len());
    let mut text = source;
    let mut end = End::of(text);
    let undecided = match end {
        End::Code { start } if start < last_line => {
            line::may_close_fence(&text[last_line..], text[start..].chars().next())
        }
        _ => line::is_undecided(&text[last_line..]),
    };
    if undecided {
        text = &text[..last_line];
        end = End::of(text);
    }
    match end {
        End::Inline { start, cell } if !has_blank_line(&text[start..]) => {
            if let Some(cut) = line::table_start(text, start, cell) {
                return Cow::Borrowed(&text[..cut]);
            }
            let inline = &text[start..];
            // What follows a cell's text is the next cell, or the next row.
            if cell && inline.contains(['|', '\n']) {
                return Cow::Borrowed(text);
            }
            match inline::close(inline) {
                Some(closed) => Cow::Owned(format!("{}{closed}", &text[..start])),
                None => Cow::Borrowed(text),
            }
        }
        _ => Cow::Borrowed(text),
    }
}

/// What a document ends in.
enum End {
    /// Inline text that starts here; in a table's cell or elsewhere.
    Inline { start: usize, cell: bool },
    /// A code block whose opening marks, or first line, start here.
    Code { start: usize },
    /// Anything else.
    Other,
}

impl End {
    fn of(text: &str) -> End {
        let mut end = End::Other;
        let mut cell = false;
        let mut in_block = false;
        for (event, range) in parser(text).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(_)) => {
                    end = End::Code { start: range.start };
                    in_block = true;
                }
                Event::Start(Tag::HtmlBlock) => {
                    end = End::Other;
                    in_block = true;
                }
                Event::End(TagEnd::CodeBlock | TagEnd::HtmlBlock) => in_block = false,
                _ if in_block => {}
                Event::Rule => end = End::Other,
                // The parser fills up short rows with empty cells.
                Event::Start(Tag::TableCell) if range.is_empty() => {}
                Event::Start(tag) if is_block(&tag) => {
                    end = End::Other;
                    cell = tag == Tag::TableCell;
                }
                Event::End(_) | Event::TaskListMarker(_) => {}
                _ if matches!(end, End::Inline { .. }) => {}
                _ => {
                    // An escaped character starts after its backslash.
                    let escaped = text[..range.start].ends_with('\\');
                    let start = range.start - usize::from(escaped);
                    end = End::Inline { start, cell };
                }
            }
        }
        end
    }
}

fn is_block(tag: &Tag<'_>) -> bool {
    !matches!(
        tag,
        Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. }
    )
}

fn has_blank_line(text: &str) -> bool {
    let mut lines = text.split_inclusive('\n').skip(1);
    lines.any(|line| line.ends_with('\n') && line.trim_ascii().is_empty())
}
