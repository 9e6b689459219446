//! Lines at the end of a document that do not show yet what they are.

/// Whether an unfinished last line consists of marks that the next character
/// may turn into something else: a heading, a list, a rule, a fence, a task.
pub(super) fn is_undecided(line: &str) -> bool {
    if line.is_empty() || line.ends_with('\n') {
        return false;
    }
    let text = without_containers(line).trim();
    let runs = |marks: &str| text.chars().all(|c| c == ' ' || marks.contains(c));
    ["#", "-", "=", "*", "_", "+", "`", "~", "|-:"]
        .into_iter()
        .any(runs)
        || is_half_typed_number(text)
        || is_fence_opener(text)
        || is_half_typed_definition(text)
        || matches!(text, "[" | "[ ]" | "[x]" | "[X]" | "[x" | "[X")
}

/// Whether an unfinished last line inside a code block may become its end;
/// `mark` is what the block starts with.
pub(crate) fn may_close_fence(line: &str, mark: Option<char>) -> bool {
    let run = line
        .trim_start_matches([' ', '\t', '>'])
        .trim_end_matches(' ');
    let fence = mark.filter(|mark| matches!(mark, '`' | '~'));
    fence.is_some_and(|mark| run.trim_start_matches(mark).is_empty())
}

/// Where to cut so that a table whose delimiter row has not arrived, or is not
/// complete, does not show as text. The last inline text starts at `start`.
pub(super) fn table_start(text: &str, start: usize, cell: bool) -> Option<usize> {
    let complete = text.ends_with('\n');
    let body = text.strip_suffix('\n').unwrap_or(text);
    let last = body[start.min(body.len())..]
        .rfind('\n')
        .map(|at| start + at + 1);
    let starts_row = |at: usize| without_containers(&body[at..]).starts_with('|');
    let Some(last) = last else {
        return (!cell && starts_row(start)).then_some(start);
    };
    let previous = body[start..last - 1]
        .rfind('\n')
        .map_or(start, |at| start + at + 1);
    let delimiters = without_containers(&body[last..])
        .chars()
        .all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'));
    if delimiters && !complete {
        // In a cell the delimiter row already made a table, and its end may
        // unmake it.
        let cut_header = cell || starts_row(previous);
        let header = if cell {
            row_start(body, previous)
        } else {
            previous
        };
        return Some(if cut_header { header } else { last });
    }
    (!cell && starts_row(last)).then_some(last)
}

/// The start of the row that the cell text at `at` belongs to, after the marks
/// of the list or quote around it.
fn row_start(body: &str, at: usize) -> usize {
    let line = body[..at].rfind('\n').map_or(0, |newline| newline + 1);
    at - without_containers(&body[line..at]).len()
}

/// A line without the marks of quotes and list items that start it.
pub(crate) fn without_containers(line: &str) -> &str {
    let mut rest = line.trim_start_matches([' ', '\t', '>']);
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let after = match digits {
            0 => rest.strip_prefix(['-', '*', '+']),
            1..=9 => rest[digits..].strip_prefix(['.', ')']),
            _ => None,
        };
        match after {
            Some(after) if after.starts_with([' ', '\t']) => {
                rest = after.trim_start_matches([' ', '\t', '>']);
            }
            _ => return rest,
        }
    }
}

fn is_half_typed_number(text: &str) -> bool {
    let digits = text.strip_suffix(['.', ')']).unwrap_or(text);
    digits.len() <= 9 && digits.bytes().all(|b| b.is_ascii_digit())
}

/// The info string of a fence is still being typed.
fn is_fence_opener(text: &str) -> bool {
    let backticks = text.trim_start_matches('`');
    text.starts_with("~~~") || (text.starts_with("```") && !backticks.contains('`'))
}

/// `[label]:` before its address, or a footnote's label.
fn is_half_typed_definition(text: &str) -> bool {
    let Some(label) = text.strip_prefix('[') else {
        return false;
    };
    match label.find(']') {
        Some(end) => {
            label[end + 1..].trim_end() == ":" || (label.starts_with('^') && label.len() == end + 1)
        }
        None => label.starts_with('^'),
    }
}
