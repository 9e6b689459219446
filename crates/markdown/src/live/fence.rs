//! A top-level code fence whose end has not arrived.

use crate::repair::line;

/// Follows the text of an open fence line by line, without parsing it.
#[derive(Debug)]
pub(super) struct OpenFence {
    pub(super) language: String,
    mark: char,
    length: usize,
    indent: usize,
    /// Where the code starts, after the opening line.
    code: usize,
    /// The start of the first line not looked at yet.
    scanned: usize,
}

impl OpenFence {
    /// The fence whose complete opening line starts at `at`; `None` if there is
    /// none.
    pub(super) fn new(source: &str, at: usize, language: String) -> Option<Self> {
        let line_end = source[at..].find('\n')?;
        let (indent, mark, length) = fence(&source[at..at + line_end])?;
        let code = at + line_end + 1;
        Some(OpenFence {
            language,
            mark,
            length,
            indent,
            code,
            scanned: code,
        })
    }

    /// The offset after the closing line, once that line is complete.
    pub(super) fn find_end(&mut self, source: &str) -> Option<usize> {
        while let Some(length) = source[self.scanned..].find('\n') {
            let line = &source[self.scanned..self.scanned + length];
            self.scanned += length + 1;
            let run = self.closing_run(line);
            if run.is_some_and(|run| run >= self.length) {
                return Some(self.scanned);
            }
        }
        None
    }

    /// The code so far, without a last line that may become the closing fence.
    /// `None` when it is not a plain part of the source, because the fence is
    /// indented and its lines lose as much.
    pub(super) fn text<'a>(&self, source: &'a str) -> Option<&'a str> {
        if self.indent > 0 {
            return None;
        }
        let undecided = line::may_close_fence(&source[self.scanned..], Some(self.mark));
        let end = if undecided {
            self.scanned
        } else {
            source.len()
        };
        Some(&source[self.code..end])
    }

    /// The length of the run of fence marks that a line consists of, if it
    /// consists of nothing else.
    fn closing_run(&self, line: &str) -> Option<usize> {
        let (_, mark, length) = fence(line)?;
        let rest = line.trim_start_matches(' ').trim_start_matches(self.mark);
        (mark == self.mark && rest.trim_end_matches(' ').is_empty()).then_some(length)
    }
}

/// Whether a line may open a fence outside every list and quote.
pub(super) fn may_open(line: &str) -> bool {
    fence(line).is_some_and(|(_, _, length)| length >= 3)
}

/// The indentation, the mark and the length of the run a line starts with.
fn fence(line: &str) -> Option<(usize, char, usize)> {
    let marks = line.trim_start_matches(' ');
    let indent = line.len() - marks.len();
    let mark = marks.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = marks.len() - marks.trim_start_matches(mark).len();
    (indent <= 3).then_some((indent, mark, length))
}
