//! Whatever the pieces, a growing document draws like a whole one.
#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::path::Path;

use markdown::{LiveDocument, SafeHtml, Tail, open_code_html, render};
use proptest::prelude::*;

/// Everything a page would show.
fn drawn(document: &LiveDocument) -> String {
    let mut html: String = document.frozen().iter().map(SafeHtml::as_str).collect();
    match document.tail() {
        Tail::Empty => {}
        Tail::Html(tail) => html.push_str(tail.as_str()),
        Tail::OpenCode { language, text } => {
            let frame = open_code_html(language).into_string();
            let text = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#39;");
            html.push_str(&frame.replace("</code>", &format!("{text}</code>")));
        }
    }
    html
}

fn pushed_at_once(markdown: &str) -> LiveDocument {
    let mut document = LiveDocument::new();
    document.push(markdown);
    document
}

/// Pushes the pieces and compares after each with the same text pushed at
/// once; then compares the end with a finished drawing.
fn check<'a>(pieces: impl IntoIterator<Item = &'a str>) {
    let mut document = LiveDocument::new();
    let mut text = String::new();
    let mut history: Vec<(u64, Vec<SafeHtml>)> = Vec::new();
    for piece in pieces {
        document.push(piece);
        text.push_str(piece);
        assert_eq!(
            drawn(&document),
            drawn(&pushed_at_once(&text)),
            "after {text:?}"
        );
        history.push((document.rebuilt(), document.frozen().to_vec()));
    }
    document.finish();
    assert_eq!(document.tail(), Tail::Empty);
    assert_eq!(
        drawn(&document),
        render(&text, None).into_string(),
        "finished {text:?}"
    );
    history.push((document.rebuilt(), document.frozen().to_vec()));
    for step in history.windows(2) {
        if step[0].0 == step[1].0 {
            assert!(
                step[1].1.starts_with(&step[0].1),
                "frozen blocks changed in {text:?}: {:#?} then {:#?}",
                step[0].1,
                step[1].1,
            );
        }
    }
}

fn characters(text: &str) -> impl Iterator<Item = &str> {
    text.char_indices()
        .map(|(at, c)| &text[at..at + c.len_utf8()])
}

fn documents() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents");
    let mut documents: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                text,
            )
        })
        .collect();
    documents.sort();
    assert!(documents.len() > 5, "the documents are missing");
    documents
}

#[test]
fn every_prefix_of_every_document_draws_like_the_whole() {
    for (name, text) in documents() {
        println!("{name}");
        check(characters(&text));
    }
}

#[test]
fn documents_without_definitions_are_never_rebuilt() {
    for (name, text) in documents() {
        let mut document = LiveDocument::new();
        characters(&text).for_each(|c| document.push(c));
        document.finish();
        if !name.starts_with("definitions") {
            assert_eq!(document.rebuilt(), 0, "{name}");
        }
    }
}

/// Splits text into pieces of the given lengths in characters, again and again.
fn pieces(text: &str, lengths: &[usize]) -> Vec<String> {
    let mut characters = text.chars().peekable();
    let mut lengths = lengths.iter().cycle();
    let mut pieces = Vec::new();
    while characters.peek().is_some() {
        let length = lengths.next().copied().unwrap_or(1);
        pieces.push(characters.by_ref().take(length).collect());
    }
    pieces
}

const FRAGMENTS: &[&str] = &[
    "a",
    "word ",
    "two words",
    " ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\n",
    "\n\n",
    "\n\n",
    "\r\n",
    "\r",
    "*",
    "**",
    "_",
    "__",
    "~~",
    "`",
    "``",
    "```",
    "```rust\n",
    "~~~",
    "```\n",
    "> ",
    ">",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "2) ",
    "- [ ] ",
    "- [x] ",
    "#",
    "# ",
    "## ",
    "---",
    "===",
    "***",
    "|",
    "| a | b |\n",
    "|---|---|\n",
    "| 1 | 2 |\n",
    "a | b\n",
    "-|-\n",
    "[",
    "]",
    "(",
    ")",
    "![",
    "](http://a.b/c)",
    "[text](https://example.com \"title\")",
    "[foo]",
    "[foo]: /url\n",
    "[foo]: https://foo.example 'title'\n",
    "[bar][foo]",
    "[^1]",
    "[^1]: note\n",
    "<",
    ">",
    "<div>",
    "</div>",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "<pre>",
    "<https://auto.link>",
    "https://bare.example/x_y",
    "&amp;",
    "&",
    "&#39;",
    ";",
    "\\",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "$$",
    "$",
    "x_1 + y_2",
    "é",
    "日本",
    "🙂",
    "!",
    ":",
    "=",
    "-",
    "1",
    ".",
];

proptest! {
    #[test]
    fn random_documents_draw_like_the_whole(
        fragments in prop::collection::vec(prop::sample::select(FRAGMENTS), 1..40),
        lengths in prop::collection::vec(1usize..12, 1..6),
    ) {
        let text = fragments.concat();
        let pieces = pieces(&text, &lengths);
        check(pieces.iter().map(String::as_str));
    }

    #[test]
    fn random_splits_of_the_documents(
        number in 0usize..64,
        lengths in prop::collection::vec(1usize..60, 1..20),
    ) {
        let documents = documents();
        let text = &documents[number % documents.len()].1;
        let pieces = pieces(text, &lengths);
        check(pieces.iter().map(String::as_str));
    }
}
