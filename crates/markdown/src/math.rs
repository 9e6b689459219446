//! Formulas between `$$…$$`, `\(…\)` and `\[…\]`.
//!
//! CommonMark knows none of these: it would eat the backslashes and read `_`
//! and `*` inside as emphasis. So formulas are found first, covered by inert
//! letters of the same length (every offset stays true), and the covered text
//! is parsed. Where the covered letters come out as plain text, the formula is
//! drawn; where they land elsewhere (in code, in a link's address) the finder
//! was wrong, and the document is parsed again without that cover.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Tag};

use crate::draw::{line_start, parser};
use crate::html::push_escaped;
use crate::repair::line;
use crate::{Enricher, SafeHtml};

/// A formula in a document.
pub(crate) struct Formula {
    /// Where it stands, delimiters included.
    pub(crate) range: Range<usize>,
    /// Whether it stands on a line of its own.
    pub(crate) display: bool,
    /// Its LaTeX, without the delimiters and without the marks of the quote
    /// or list it stands in.
    pub(crate) source: String,
    /// The parts of `range` to cover, line by line.
    cover: Vec<Range<usize>>,
}

impl Formula {
    /// How many bytes of the covered text must come out as plain text.
    pub(crate) fn covered(&self) -> usize {
        self.cover.iter().map(Range::len).sum()
    }

    /// Appends the formula as an element of the given name.
    pub(crate) fn push_html(
        &self,
        out: &mut String,
        element: &str,
        enricher: Option<&dyn Enricher>,
    ) {
        let enriched: Option<SafeHtml> =
            enricher.and_then(|enricher| enricher.math(&self.source, self.display));
        out.push('<');
        out.push_str(element);
        out.push_str(if self.display {
            r#" class="math math-display""#
        } else {
            r#" class="math""#
        });
        if enriched.is_none() {
            out.push_str(r#" data-enrich="math""#);
        }
        if self.display {
            out.push_str(r#" tabindex="0""#);
        }
        out.push('>');
        match enriched {
            Some(html) => out.push_str(html.as_str()),
            None => push_escaped(out, &self.source),
        }
        out.push_str("</");
        out.push_str(element);
        out.push('>');
    }
}

/// The formulas of a document, in order. Blank lines and code blocks end any.
pub(crate) fn find(text: &str) -> Vec<Formula> {
    let mut formulas = Vec::new();
    find_all(text, &mut formulas);
    formulas
}

/// A display formula that starts a line of the document's last paragraph and
/// is not closed: where it starts, and what would close it.
pub(crate) fn unclosed(text: &str) -> Option<(usize, &'static [u8])> {
    find_all(text, &mut Vec::new())
}

/// The document with every formula covered by letters.
pub(crate) fn cover<'a>(text: &'a str, formulas: &[Formula]) -> Cow<'a, str> {
    if formulas.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut covered = String::with_capacity(text.len());
    for part in formulas.iter().flat_map(|formula| &formula.cover) {
        covered.push_str(&text[covered.len()..part.start]);
        covered.extend(part.clone().map(|_| 'x'));
    }
    covered.push_str(&text[covered.len()..]);
    Cow::Owned(covered)
}

/// A delimiter that opens a formula at the start of `text`: its length, what
/// closes it, and whether it sets a display formula.
pub(crate) fn opening(text: &[u8]) -> Option<(usize, &'static [u8], bool)> {
    match text {
        [b'\\', b'(', ..] => Some((2, b"\\)", false)),
        [b'\\', b'[', ..] => Some((2, b"\\]", true)),
        [b'$', b'$', b'$', ..] => None,
        [b'$', b'$', ..] => Some((2, b"$$", true)),
        _ => None,
    }
}

/// Where `close` stands in `text`, skipping LaTeX's own escapes.
pub(crate) fn closing(text: &[u8], close: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(close) {
            return Some(at);
        }
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    None
}

fn find_all(text: &str, formulas: &mut Vec<Formula>) -> Option<(usize, &'static [u8])> {
    if !["$$", "\\(", "\\["].iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let mut start = 0;
    for (event, range) in parser(text).into_offset_iter() {
        if let Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) = event {
            find_outside_code(text, start..range.start.max(start), formulas);
            start = range.end.max(start);
        }
    }
    find_outside_code(text, start..text.len(), formulas)
}

fn find_outside_code(
    text: &str,
    range: Range<usize>,
    formulas: &mut Vec<Formula>,
) -> Option<(usize, &'static [u8])> {
    let mut start = range.start;
    let mut line_start = range.start;
    for line in text[range.clone()].split_inclusive('\n') {
        let line_end = line_start + line.len();
        if line.bytes().all(|b| b.is_ascii_whitespace() || b == b'>') {
            find_in_paragraph(text, start..line_start, formulas);
            start = line_end;
        }
        line_start = line_end;
    }
    find_in_paragraph(text, start..range.end, formulas)
}

/// Finds the formulas of one paragraph, or of several without a blank line
/// between. The result is a formula as in [`unclosed`].
fn find_in_paragraph(
    text: &str,
    range: Range<usize>,
    formulas: &mut Vec<Formula>,
) -> Option<(usize, &'static [u8])> {
    let bytes = &text.as_bytes()[..range.end];
    let mut at = range.start;
    let mut unclosed = None;
    let mut block_end = range.start;
    // Searching again for what is known to be missing would be quadratic: up to
    // these offsets there is no such delimiter.
    let mut none_before: Vec<(&[u8], usize)> = Vec::new();
    let mut missing_ticks = [false; 32];
    while at < bytes.len() {
        if let Some((open, close, display)) = opening(&bytes[at..]) {
            let inner = at + open;
            let starts_line = display && starts_line(&text[range.start..at]);
            if block_end < inner {
                block_end = end_of_block(text, inner..range.end);
            }
            let end = if starts_line { range.end } else { block_end };
            let known = none_before
                .iter()
                .any(|(mark, limit)| *mark == close && *limit >= end);
            let length = if known {
                None
            } else {
                closing(&bytes[inner..end], close)
            };
            match length {
                Some(length)
                    if !text[inner..inner + length].trim().is_empty()
                        && !keeps_fence_shut(
                            &text[range.start..inner + length],
                            at - range.start,
                        ) =>
                {
                    let end = inner + length + close.len();
                    formulas.push(formula(text, range.start, at..end, display));
                    at = end;
                    continue;
                }
                Some(_) => {}
                None => {
                    none_before.retain(|(mark, _)| *mark != close);
                    none_before.push((close, end));
                    if starts_line {
                        unclosed.get_or_insert((at, close));
                    }
                }
            }
        }
        match bytes[at] {
            b'`' => {
                let ticks = run_length(&bytes[at..], b'`');
                at += ticks;
                if let Some(known_missing) = missing_ticks.get_mut(ticks)
                    && !*known_missing
                {
                    match code_span_end(&bytes[at..], ticks) {
                        Some(end) => at += end,
                        None => *known_missing = true,
                    }
                }
            }
            b'$' => at += run_length(&bytes[at..], b'$'),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    unclosed
}

/// Whether only the marks of quotes and list items stand before the end of
/// `text` on its last line. A line with more than a few of them does not count.
fn starts_line(text: &str) -> bool {
    const MOST: usize = 80;
    let from = text.len().saturating_sub(MOST);
    match text.as_bytes()[from..].iter().rposition(|b| *b == b'\n') {
        Some(newline) => line::without_containers(&text[from + newline + 1..]).is_empty(),
        None => from == 0 && line::without_containers(text).is_empty(),
    }
}

/// Whether the line up to `at` would open a fence of backticks if those in the
/// formula that begins there were covered: no such fence has any behind it.
fn keeps_fence_shut(text: &str, at: usize) -> bool {
    let line = &text[line_start(text, at)..at];
    text[at..].contains('`') && line::without_containers(line).starts_with("```")
}

/// Where the block that `range` starts in ends at the latest: inline text does
/// not go on in the next item, heading or row.
fn end_of_block(text: &str, range: Range<usize>) -> usize {
    let mut at = range.start;
    for line in text[range.clone()].split_inclusive('\n') {
        if at > range.start {
            let plain = line.trim_start_matches([' ', '\t', '>']);
            let item = line::without_containers(plain).len() < plain.len();
            if item || plain.starts_with(['#', '|']) {
                return at;
            }
        }
        at += line.len();
    }
    range.end
}

/// How often `byte` repeats at the start of `text`.
pub(crate) fn run_length(text: &[u8], byte: u8) -> usize {
    text.iter().take_while(|b| **b == byte).count()
}

/// The offset just after the run of exactly `ticks` backticks that closes a
/// code span whose content starts `text`.
pub(crate) fn code_span_end(text: &[u8], ticks: usize) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let run = run_length(&text[at..], b'`');
        if run == ticks {
            return Some(at + run);
        }
        at += run.max(1);
    }
    None
}

fn formula(text: &str, paragraph: usize, range: Range<usize>, display: bool) -> Formula {
    // Only as many quote marks as open the formula's first line are the
    // quote's; a further `>` at the start of a line is the formula's own.
    let mut quotes = 0;
    if text[range.clone()].contains('\n') {
        let line = text[..range.start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let marks = text[line.max(paragraph)..range.start].bytes();
        let marks = marks.take_while(|b| matches!(b, b' ' | b'\t' | b'>'));
        quotes = marks.filter(|b| *b == b'>').count();
    }
    let mut cover = Vec::new();
    let mut start = range.start;
    for (number, line) in text[range.clone()].split_inclusive('\n').enumerate() {
        let mut skip = 0;
        if number > 0 {
            let mut left = quotes;
            for byte in line.bytes() {
                match byte {
                    b' ' | b'\t' => {}
                    b'>' if left > 0 => left -= 1,
                    _ => break,
                }
                skip += 1;
            }
        }
        let end = start + line.trim_end_matches('\n').len();
        cover.push((start + skip).min(end)..end);
        start += line.len();
    }
    let source: Vec<&str> = cover.iter().map(|part| &text[part.clone()]).collect();
    let source = source.join("\n");
    // Both delimiters are two bytes long.
    let source = source[2..source.len() - 2].trim().to_owned();
    Formula {
        range,
        display,
        source,
        cover,
    }
}
