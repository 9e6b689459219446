//! Closes what a run of inline text leaves open at its end.

use std::ops::Range;

use crate::draw::line_start;
use crate::math;

/// The text with its open marks closed or held back; `None` if it is fine.
pub(super) fn close(text: &str) -> Option<String> {
    let mut scanner = Scanner {
        text,
        at: 0,
        end: text.len(),
        emphasis: Vec::new(),
        brackets: Vec::new(),
        hidden: Vec::new(),
        closer: String::new(),
    };
    scanner.scan();
    scanner.finish()
}

/// The unfinished formula that `text` is, closed; `None` while it is empty.
pub(super) fn close_formula(text: &str, close: &[u8]) -> Option<String> {
    // Every opening delimiter is two bytes long. Half of the closing one may
    // have arrived.
    let (open, content) = text.split_at(2);
    let content = content
        .strip_suffix(char::from(close[0]))
        .unwrap_or(content)
        .trim_end();
    let close = String::from_utf8_lossy(close);
    (!content.is_empty()).then(|| format!("{open}{content}{close}"))
}

/// How long the text of a link may be, in bytes, before its `[` is taken for a
/// bracket that stays one.
const MAX_LINK_TEXT: usize = 256;

/// Reads inline text once, from the left, and remembers what is open.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// What follows is held back.
    end: usize,
    emphasis: Vec<Emphasis>,
    /// Open brackets, with the `!` of an image.
    brackets: Vec<Range<usize>>,
    /// Marks within the text that are held back.
    hidden: Vec<Range<usize>>,
    /// What closes the code or formula that the text ends in.
    closer: String,
}

/// A run of `*`, `_` or `~` that waits for its partner.
struct Emphasis {
    at: usize,
    mark: u8,
    length: usize,
}

impl Scanner<'_> {
    fn scan(&mut self) {
        let bytes = self.text.as_bytes();
        while self.at < self.end {
            if math::opening(&bytes[self.at..]).is_some() {
                self.formula();
                continue;
            }
            match bytes[self.at] {
                b'\\' if self.at + 1 == bytes.len() => self.end = self.at,
                b'\\' => self.at += 2,
                b'`' => self.code(),
                b'[' => {
                    let image = self.at > 0 && bytes[self.at - 1] == b'!';
                    self.brackets
                        .push(self.at - usize::from(image)..self.at + 1);
                    self.at += 1;
                }
                b']' => self.closing_bracket(),
                b'*' | b'_' | b'~' => self.emphasis(),
                b'&' if is_entity_start(&bytes[self.at + 1..]) => self.end = self.at,
                b'<' if is_autolink_start(&self.text[self.at + 1..]) => self.end = self.at,
                b'$' | b'!' if self.is_lone_last(bytes[self.at]) => self.end = self.at,
                _ => self.at += 1,
            }
        }
    }

    fn formula(&mut self) {
        let bytes = self.text.as_bytes();
        let Some((open, close, _)) = math::opening(&bytes[self.at..]) else {
            return;
        };
        let inner = self.at + open;
        if let Some(length) = math::closing(&bytes[inner..], close) {
            self.at = inner + length + close.len();
            return;
        }
        match close_formula(&self.text[self.at..], close) {
            Some(formula) => {
                let length = formula.len() - close.len();
                self.end = self.at + length;
                self.closer = formula[length..].to_owned();
            }
            None => self.end = self.at,
        }
        self.at = self.text.len();
    }

    fn code(&mut self) {
        let bytes = self.text.as_bytes();
        let ticks = math::run_length(&bytes[self.at..], b'`');
        let inner = self.at + ticks;
        if let Some(length) = math::code_span_end(&bytes[inner..], ticks) {
            self.at = inner + length;
            return;
        }
        let content = self.text[inner..].trim_end_matches('`').trim_end();
        if content.trim_start().is_empty() {
            self.end = self.at;
        } else {
            self.end = inner + content.len();
            self.closer = "`".repeat(ticks);
        }
        self.at = self.text.len();
    }

    fn closing_bracket(&mut self) {
        let rest = &self.text[self.at + 1..];
        let Some(open) = self.brackets.pop() else {
            self.at += 1;
            return;
        };
        let footnote = self.text[open.end..].starts_with('^');
        let length = match rest.as_bytes().first() {
            None if footnote => Some(0),
            None => None,
            Some(b'(') => destination_length(rest.as_bytes()),
            Some(b'[') => rest.find(']').map(|at| at + 1),
            Some(_) => Some(0),
        };
        match length {
            Some(length) => self.at += 1 + length,
            None => {
                // The link's text shows, its address is not complete.
                self.hidden.push(open);
                self.end = self.at;
            }
        }
    }

    fn emphasis(&mut self) {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mark = bytes[start];
        let length = math::run_length(&bytes[start..], mark);
        self.at += length;
        let before = self.text[..start].chars().next_back().unwrap_or(' ');
        let Some(after) = self.text[self.at..].chars().next() else {
            return self.last_run(start, mark, length, before);
        };
        let left = is_flanking(before, after);
        let right = is_flanking(after, before);
        let (opens, closes) = match mark {
            b'_' => (
                left && (!right || is_punctuation(before)),
                right && (!left || is_punctuation(after)),
            ),
            _ => (left, right),
        };
        let mut left_over = length;
        while closes && left_over > 0 {
            let Some(at) = self.emphasis.iter().rposition(|open| open.mark == mark) else {
                break;
            };
            self.emphasis.truncate(at + 1);
            let open = &mut self.emphasis[at];
            let used = open.length.min(left_over);
            open.length -= used;
            left_over -= used;
            if open.length == 0 {
                self.emphasis.pop();
            }
        }
        let possible = mark != b'~' || length <= 2;
        if opens && left_over > 0 && possible {
            self.emphasis.push(Emphasis {
                at: start,
                mark,
                length: left_over,
            });
        }
    }

    /// A run at the very end closes its partner, or is only its first half.
    fn last_run(&mut self, start: usize, mark: u8, length: usize, before: char) {
        let partner = self.emphasis.iter().rposition(|open| open.mark == mark);
        match partner {
            Some(at) if self.emphasis[at].length == length && !before.is_whitespace() => {
                self.emphasis.truncate(at);
            }
            _ => self.end = start,
        }
    }

    /// Whether this is the text's last character and starts a word: the first
    /// half of `$$` or `![`.
    fn is_lone_last(&self, mark: u8) -> bool {
        let before = self.text[..self.at].chars().next_back().unwrap_or(' ');
        self.at + 1 == self.text.len() && (before.is_whitespace() || before == char::from(mark))
    }

    fn finish(mut self) -> Option<String> {
        let hides = |open: &Range<usize>| self.text.len() - open.start <= MAX_LINK_TEXT;
        let unfinished = self.brackets.iter().filter(|open| hides(open));
        self.hidden.extend(unfinished.cloned());
        self.hidden.sort_by_key(|hidden| hidden.start);
        if let Some(open) = self.first_that_hides_too_little() {
            self.end = self.end.min(open);
            self.closer.clear();
        }
        // What is held back closes nothing.
        self.emphasis.retain(|open| open.at < self.end);
        self.trim_end();
        if self.emphasis.is_empty() && self.hidden.is_empty() && self.closer.is_empty() {
            return (self.end < self.text.trim_end().len())
                .then(|| self.text[..self.end].to_owned());
        }
        let mut closed = String::with_capacity(self.end + 8);
        let mut at = 0;
        for hidden in self.hidden.iter().filter(|hidden| hidden.end <= self.end) {
            closed.push_str(&self.text[at..hidden.start]);
            at = hidden.end;
        }
        closed.push_str(&self.text[at..self.end]);
        closed.push_str(&self.closer);
        for open in self.emphasis.iter().rev() {
            closed.extend(std::iter::repeat_n(char::from(open.mark), open.length));
        }
        Some(closed)
    }

    /// Where the text begins that must be held back with the mark before it: a
    /// footnote's label, or what would start a block of its own without it.
    fn first_that_hides_too_little(&self) -> Option<usize> {
        self.hidden.iter().enumerate().find_map(|(number, hidden)| {
            let rest = &self.text[hidden.end..];
            if rest.starts_with('^') {
                return Some(hidden.start);
            }
            // What is left of the line once this and the marks before it are gone.
            let line = line_start(self.text, hidden.start);
            let mut left = String::new();
            let mut at = line;
            for earlier in &self.hidden[..=number] {
                if earlier.start >= at {
                    left.push_str(&self.text[at..earlier.start]);
                    at = earlier.end;
                }
            }
            // A word before it settles what the line is.
            if left.contains(char::is_alphabetic) {
                return None;
            }
            left.push_str(rest);
            may_start_block(&left).then_some(line)
        })
    }

    /// Drops white space, and marks that enclose nothing yet, from the end.
    fn trim_end(&mut self) {
        if !self.closer.is_empty() {
            return;
        }
        loop {
            self.end = self.text[..self.end].trim_end().len();
            if let Some(open) = self.hidden.iter().find(|hidden| hidden.end == self.end) {
                self.end = open.start;
            } else if let Some(open) = self.emphasis.last()
                && self.text[open.at..self.end].bytes().all(|b| b == open.mark)
            {
                self.end = open.at.min(self.end);
                self.emphasis.pop();
            } else {
                return;
            }
        }
    }
}

/// Whether a run between these characters may open (or, with the two swapped,
/// close) emphasis, by CommonMark's rule.
fn is_flanking(before: char, after: char) -> bool {
    !after.is_whitespace()
        && (!is_punctuation(after) || before.is_whitespace() || is_punctuation(before))
}

fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || (!c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace())
}

/// Whether a line of a paragraph that began like this might begin a list, a
/// quote, a heading, a rule, a table, code, HTML or a formula instead, or be
/// indented into another block.
fn may_start_block(line: &str) -> bool {
    let run = |mark| math::run_length(line.as_bytes(), mark);
    match line.bytes().next() {
        Some(b'0'..=b'9') => {
            let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
            rest.is_empty() || rest.starts_with(['.', ')'])
        }
        Some(b'`') => run(b'`') >= 3,
        Some(mark @ (b'*' | b'_')) => {
            let rest = &line[run(mark)..];
            rest.is_empty() || rest.starts_with(char::is_whitespace)
        }
        Some(b'\\') => line.starts_with("\\["),
        Some(first) => first.is_ascii_whitespace() || b"-+#>=|~:<$".contains(&first),
        None => false,
    }
}

/// The length of a link's `(…)` that starts `text`, if it is complete.
fn destination_length(text: &[u8]) -> Option<usize> {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 1,
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether the text after a `&` is the start of an entity and nothing else.
fn is_entity_start(rest: &[u8]) -> bool {
    rest.len() <= 32 && rest.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'#')
}

/// Whether the text after a `<` is the start of an address and nothing else.
fn is_autolink_start(rest: &str) -> bool {
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| scheme.starts_with(rest) || rest.starts_with(scheme))
        && !rest.contains(['>', ' ', '\n'])
}
