//! What only the inside can tell: a drawing that never freezes anything, and
//! how much work is done.

use std::path::Path;

use proptest::prelude::*;

use super::{LiveDocument, Tail};
use crate::draw::{draw, parsed_bytes};
use crate::html::{SafeHtml, push_code};
use crate::repair::repair;

/// The whole repaired text in one parse.
fn drawn_without_freezing(text: &str) -> String {
    let blocks = draw("", &repair(&crate::normalize(text)), None).blocks;
    SafeHtml::concat(blocks.iter().map(|block| &block.html)).into_string()
}

fn drawn(document: &LiveDocument) -> String {
    let mut html = SafeHtml::concat(document.frozen().iter()).into_string();
    match document.tail() {
        Tail::Empty => {}
        Tail::Html(tail) => html.push_str(tail.as_str()),
        Tail::OpenCode { language, text } => push_code(&mut html, language, text, None),
    }
    html
}

/// Every prefix, pushed letter by letter, draws like one parse of it.
fn check(text: &str) {
    let mut document = LiveDocument::new();
    for (at, c) in text.char_indices() {
        document.push(c.encode_utf8(&mut [0; 4]));
        let prefix = &text[..at + c.len_utf8()];
        assert_eq!(
            drawn(&document),
            drawn_without_freezing(prefix),
            "after {prefix:?}"
        );
    }
}

#[test]
fn documents_draw_like_one_parse_of_each_prefix() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // An unfinished definition must not reach back; a plain parse lets it.
        let name = path.file_name().unwrap().to_string_lossy();
        if !name.starts_with("definitions") {
            check(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

const FRAGMENTS: &[&str] = &[
    "word ",
    "a",
    " ",
    "    ",
    "\n",
    "\n",
    "\n\n",
    "\n\n",
    "*",
    "**",
    "_",
    "~~",
    "`",
    "```",
    "```rust\n",
    "```\n",
    "~~~\n",
    "> ",
    "- ",
    "1. ",
    "- [ ] ",
    "# ",
    "---",
    "=",
    "|",
    "| a | b |\n",
    "|---|---|\n",
    "[",
    "](https://a.example)",
    "![",
    "<div>",
    "</div>",
    "<!--",
    "-->",
    "&amp",
    "\\",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "$$",
    "x_1",
    "é",
];

proptest! {
    #[test]
    fn random_documents_draw_like_one_parse_of_each_prefix(
        fragments in prop::collection::vec(prop::sample::select(FRAGMENTS), 1..30),
    ) {
        let text = fragments.concat();
        prop_assume!(!text.contains("]:"));
        check(&text);
    }
}

/// Pushes and draws `text` in pieces of 20 bytes; the bytes parsed for each
/// byte of text.
fn work_for_a_byte(text: &str) -> usize {
    let before = parsed_bytes::total();
    let mut document = LiveDocument::new();
    for piece in text.as_bytes().chunks(20) {
        document.push(std::str::from_utf8(piece).unwrap());
        document.tail();
    }
    document.finish();
    (parsed_bytes::total() - before) / text.len()
}

#[test]
fn work_grows_with_the_length_and_not_with_its_square() {
    let section = "## A heading\n\nA paragraph with **bold** text, `code` and a [link](https://a.example/b).\n\n\
        1. one\n2. two\n\n   more of two\n\n```rust\nfn main() {}\n\nlet x = 1;\n```\n\n\
        | a | b |\n|---|---|\n| 1 | 2 |\n\n\\[ x_1 + y_1 \\]\n\n";
    let paragraphs = section.repeat(100 * 1024 / section.len());
    let code = format!(
        "Intro.\n\n```text\n{}",
        "a line of code\n\n".repeat(6 * 1024)
    );
    let definitions = format!(
        "[a]: https://a.example\n\n{}",
        "See [a] and [b] here.\n\n".repeat(4 * 1024)
    );
    for (name, text, most) in [
        ("paragraphs", &paragraphs, 100),
        ("one long block of code", &code, 10),
        ("a definition first", &definitions, 40),
    ] {
        let short = work_for_a_byte(&text[..10_000]);
        let long = work_for_a_byte(text);
        println!(
            "{name}: {short} bytes parsed a byte at 10 KB, {long} at {} KB",
            text.len() / 1024
        );
        assert!(long <= most, "{name}: {long} bytes parsed for each byte");
        assert!(
            long <= short + short / 2 + 2,
            "{name}: {short} at 10 KB but {long} for the whole"
        );
    }
}
