//! Drawing Markdown while it arrives, compared with drawing all of it again
//! for each token.

use std::{hint::black_box, time::Instant};

use markdown::{LiveDocument, render};

use crate::report::{Report, Row};

/// The demo's pages: prose, lists, tables, code, formulas.
const PAGES: [&str; 5] = [
    include_str!("../../crates/simulator/content/guide.md"),
    include_str!("../../crates/simulator/content/markdown.md"),
    include_str!("../../crates/simulator/content/code.md"),
    include_str!("../../crates/simulator/content/table.md"),
    include_str!("../../crates/simulator/content/math.md"),
];

/// Bytes in a token.
const TOKEN: usize = 4;
/// How many times the whole is drawn.
const DRAWINGS: usize = 40;

pub(crate) fn run() -> Report {
    let mut report = Report::new(format!(
        "An answer of prose, lists, tables, code and formulas, pushed in tokens of about {TOKEN} \
         bytes; each push draws what changed, as the page does at most once a frame. The text \
         pushed is the same after a short beginning and after a long one. The baseline draws the \
         whole answer so far for each token."
    ));
    let pages = PAGES.join("\n\n") + "\n\n";
    let mut of_small = None;
    for kilobytes in [5, 100] {
        let text = pages.repeat(kilobytes * 1_000 / pages.len() + 1);
        let begin = text.len() - pages.len();
        let (live, whole) = (live(&text, begin), whole(&text, begin));
        let row = Row::new(format!("a token at {kilobytes} KB"), "µs", live);
        report.add(row.against("whole", whole));
        let small = *of_small.get_or_insert(live);
        if kilobytes > 5 {
            let row = Row::new(
                format!("a token at {kilobytes} KB, beside 5 KB"),
                "µs",
                live,
            );
            report.add(row.against("5 KB", small));
        }
    }
    report
}

/// Microseconds for each token from `begin` to the end.
fn live(text: &str, begin: usize) -> f64 {
    let mut document = LiveDocument::new();
    document.push(&text[..begin]);
    let started = Instant::now();
    let mut at = begin;
    let mut tokens = 0;
    while at < text.len() {
        let end = text.ceil_char_boundary(at + TOKEN);
        document.push(&text[at..end]);
        black_box(document.tail());
        black_box(document.frozen().len());
        at = end;
        tokens += 1;
    }
    started.elapsed().as_secs_f64() * 1e6 / f64::from(tokens)
}

/// Microseconds for a drawing of all text so far, at places between `begin`
/// and the end.
fn whole(text: &str, begin: usize) -> f64 {
    let step = (text.len() - begin) / DRAWINGS;
    let started = Instant::now();
    for drawing in 1..=DRAWINGS {
        let end = text.floor_char_boundary(begin + drawing * step);
        black_box(render(&text[..end], None));
    }
    started.elapsed().as_secs_f64() * 1e6 / DRAWINGS as f64
}
