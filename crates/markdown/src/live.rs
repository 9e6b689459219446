//! A document that grows: what cannot change any more is drawn once.
//!
//! The parser decides the structure of blocks line by line and from the left,
//! so a line that starts a top-level block after a blank line, or opens a
//! top-level code fence, proves that everything before it has its final
//! structure. That much is frozen, and only what follows is parsed again.
//! Two things reach back across blocks, link definitions and footnotes; when a
//! new one is frozen, what was frozen before is drawn again.

mod fence;
#[cfg(test)]
mod tests;

use crate::draw::{Drawing, END_OF_DEFINITIONS, draw, line_start};
use crate::html::SafeHtml;
use crate::repair;
use fence::OpenFence;

/// A Markdown document that arrives in pieces.
///
/// A push costs in proportion to the piece and the unfinished tail, not to
/// the whole document.
#[derive(Debug, Default)]
pub struct LiveDocument {
    source: String,
    /// The last piece ended in `\r`, so that a `\n` next belongs to it.
    after_return: bool,
    finished: bool,
    frozen: Vec<SafeHtml>,
    /// How much of `source` is in `frozen`: always the start of a line.
    frozen_end: usize,
    /// The start of the first line not looked at yet.
    scanned: usize,
    after_blank: bool,
    open_fence: Option<OpenFence>,
    /// Markdown of the definitions in the frozen part, for [`draw`].
    known: String,
    /// Whether some definitions were too many to be in `known`.
    forgotten: bool,
    /// Whether `frozen` does not yet show the latest definitions.
    stale: bool,
    redrawn_bytes: usize,
    rebuilt: u64,
}

/// The part of a document that later text may still change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tail<'a> {
    /// There is nothing to show after the frozen blocks.
    Empty,
    /// The tail, repaired. It replaces the previous tail.
    Html(SafeHtml),
    /// The tail is one unfinished top-level code block. Until it ends, `text`
    /// only grows: append to a text node inside [`open_code_html`]'s frame.
    ///
    /// [`open_code_html`]: crate::open_code_html
    OpenCode {
        /// As in the finished block; `""` when the fence names none.
        language: &'a str,
        /// The code so far.
        text: &'a str,
    },
}

/// How often, on average, definitions may make a byte be drawn again before
/// the rest has to wait for the end of the document.
const REDRAWS: usize = 64;

/// How much of the definitions is handed to every later parse, in bytes.
const MAX_KNOWN: usize = 64 * 1024;

impl LiveDocument {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a piece; it may end anywhere between two characters. A finished
    /// document takes nothing more.
    pub fn push(&mut self, delta: &str) {
        if self.finished {
            return;
        }
        self.append(delta);
        while self.freeze() {}
        self.redraw_if_stale();
    }

    /// Declares the document complete: nothing is repaired any more, and all of
    /// it is frozen, exactly as [`render`](crate::render) draws it.
    pub fn finish(&mut self) {
        if self.finished {
            return;
        }
        self.finished = true;
        self.open_fence = None;
        self.freeze_until(self.source.len());
        self.stale |= self.forgotten;
        self.redraw_if_stale();
    }

    /// Everything pushed so far, with `\n` as line ends.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The blocks that will not change, one entry each. It only grows, except
    /// when [`rebuilt`](Self::rebuilt) changes.
    pub fn frozen(&self) -> &[SafeHtml] {
        &self.frozen
    }

    /// What follows the frozen blocks, drawn as if the text ended here in the
    /// most likely way.
    pub fn tail(&self) -> Tail<'_> {
        if let Some(fence) = &self.open_fence
            && let Some(text) = fence.text(&self.source)
        {
            return Tail::OpenCode {
                language: &fence.language,
                text,
            };
        }
        let repaired = repair::repair(&self.source[self.frozen_end..]);
        let blocks = draw(&self.known, &repaired, None).blocks;
        if blocks.is_empty() {
            return Tail::Empty;
        }
        Tail::Html(SafeHtml::concat(blocks.iter().map(|block| &block.html)))
    }

    /// Changes when [`frozen`](Self::frozen) was not merely appended to, because
    /// a definition arrived that an earlier block refers to: draw all of it
    /// again.
    pub fn rebuilt(&self) -> u64 {
        self.rebuilt
    }

    fn append(&mut self, delta: &str) {
        if delta.is_empty() {
            return;
        }
        let rest = match delta.strip_prefix('\n') {
            Some(rest) if self.after_return => rest,
            _ => delta,
        };
        self.after_return = delta.ends_with('\r');
        self.source.push_str(&crate::normalize(rest));
    }

    /// Looks at the lines completed since the last time; whether there may be
    /// more to freeze.
    fn freeze(&mut self) -> bool {
        if let Some(fence) = &mut self.open_fence {
            let Some(end) = fence.find_end(&self.source) else {
                return false;
            };
            self.open_fence = None;
            self.freeze_until(end);
            self.scanned = end;
            self.after_blank = false;
            return true;
        }
        self.scan_lines() && self.freeze_before_last_block()
    }

    /// Whether one of the new complete lines may start a block that proves the
    /// ones before it finished.
    fn scan_lines(&mut self) -> bool {
        let mut found = false;
        while let Some(length) = self.source[self.scanned..].find('\n') {
            let line = &self.source[self.scanned..self.scanned + length];
            let blank = line.trim_ascii().is_empty();
            found |= !blank && (self.after_blank || fence::may_open(line));
            self.after_blank = blank;
            self.scanned += length + 1;
        }
        found
    }

    /// Freezes what the complete lines prove; whether a top-level fence is open
    /// after it.
    fn freeze_before_last_block(&mut self) -> bool {
        let start = self.frozen_end;
        let window = &self.source[start..self.scanned];
        let drawing = draw(&self.known, window, None);
        let Some(proof) = last_proof(window, &drawing) else {
            return false;
        };
        if let Some(block) = drawing.blocks.last()
            && block.start == proof
            && let Some(language) = &block.fence
        {
            self.open_fence = OpenFence::new(&self.source, start + proof, language.clone());
        }
        // A definition after the proof is not certain yet, so it must not show
        // in what is frozen.
        if drawing
            .definitions
            .iter()
            .any(|definition| definition.start >= proof)
        {
            self.freeze_until(start + proof);
        } else {
            self.keep(drawing, start + proof);
        }
        self.open_fence.is_some()
    }

    fn freeze_until(&mut self, end: usize) {
        if end > self.frozen_end {
            let drawing = draw(&self.known, &self.source[self.frozen_end..end], None);
            self.keep(drawing, end);
        }
    }

    /// Freezes the blocks of a drawing of the window that start before `end`.
    fn keep(&mut self, drawing: Drawing, end: usize) {
        let length = end - self.frozen_end;
        let earlier = !self.frozen.is_empty();
        for definition in &drawing.definitions {
            self.stale |= earlier;
            if self.known.len() + definition.markdown.len() <= MAX_KNOWN {
                let kept = self.known.len().saturating_sub(END_OF_DEFINITIONS.len());
                self.known.truncate(kept);
                self.known.push_str(&definition.markdown);
                self.known.push_str(END_OF_DEFINITIONS);
            } else {
                self.forgotten = true;
            }
        }
        let blocks = drawing
            .blocks
            .into_iter()
            .filter(|block| block.start < length);
        self.frozen.extend(blocks.map(|block| block.html));
        self.frozen_end = end;
    }

    /// Draws the frozen part again when definitions arrived after it began;
    /// while the document grows, only as far as the work stays proportional to
    /// its length.
    fn redraw_if_stale(&mut self) {
        let allowed = REDRAWS * (self.source.len() + MAX_KNOWN);
        if !self.stale || (!self.finished && self.redrawn_bytes + self.frozen_end > allowed) {
            return;
        }
        self.stale = false;
        self.redrawn_bytes += self.frozen_end;
        let blocks = draw("", &self.source[..self.frozen_end], None).blocks;
        let frozen: Vec<SafeHtml> = blocks.into_iter().map(|block| block.html).collect();
        if frozen != self.frozen {
            self.frozen = frozen;
            self.rebuilt += 1;
        }
    }
}

/// The last place that proves everything before it finished: the start of a
/// block after a blank line or of a fence, or the end of a closed fence.
fn last_proof(window: &str, drawing: &Drawing) -> Option<usize> {
    let blocks = &drawing.blocks;
    let fences = blocks.iter().filter(|block| block.fence.is_some());
    // What follows a fence on a later line is not part of it.
    let closed = blocks.split_last().map_or(&[][..], |(_, earlier)| earlier);
    let closed = closed.iter().filter(|block| block.fence.is_some());
    let definitions = drawing
        .definitions
        .iter()
        .filter(|definition| definition.top_level);
    let starts = blocks.iter().map(|block| block.start);
    starts
        .chain(definitions.map(|definition| definition.start))
        .filter(|start| follows_blank_line(window, *start))
        .chain(fences.map(|block| block.start))
        .chain(closed.map(|block| next_line(window, block.end)))
        .max()
}

/// Whether a block that starts here does so after a blank line, and without an
/// indentation: an indented line may mean something else on its own.
fn follows_blank_line(window: &str, start: usize) -> bool {
    let spaces = window[start..].bytes().take_while(|b| *b == b' ').count();
    let indented = spaces >= 4 || window[start + spaces..].starts_with('\t');
    start > 0
        && window[line_start(window, start - 1)..start]
            .trim_ascii()
            .is_empty()
        && !indented
}

/// The start of the line after the one that a block ending at `end` ends in.
fn next_line(window: &str, end: usize) -> usize {
    if window[..end].ends_with('\n') {
        return end;
    }
    window[end..]
        .find('\n')
        .map_or(window.len(), |at| end + at + 1)
}
