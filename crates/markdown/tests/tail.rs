//! What the reader sees of text that has only half arrived.

use markdown::{LiveDocument, SafeHtml, Tail, render};

/// The tail of a document that is `text` so far.
fn tail(text: &str) -> String {
    let mut document = LiveDocument::new();
    document.push(text);
    match document.tail() {
        Tail::Empty => String::new(),
        Tail::Html(html) => html.into_string(),
        Tail::OpenCode { language, text } => format!("[{language}] {text}"),
    }
}

/// What shows of the unfinished text is what shows of this finished one.
fn check(unfinished: &str, finished: &str) {
    let mut document = LiveDocument::new();
    document.push(unfinished);
    let frozen: String = document.frozen().iter().map(SafeHtml::as_str).collect();
    let drawn = frozen + &tail(unfinished);
    assert_eq!(drawn, render(finished, None).as_str(), "{unfinished:?}");
}

#[test]
fn open_marks_are_closed() {
    check("a **bold", "a **bold**");
    check("a **bold ", "a **bold**");
    check("a **bold*", "a **bold**");
    check("a **bold**", "a **bold**");
    check("**bold *both", "**bold *both***");
    check("a _em", "a _em_");
    check("a ~~gone", "a ~~gone~~");
    check("a ~~gone~", "a ~~gone~~");
    check("`code *x", "`code *x`");
    check("**a `b", "**a `b`**");
    check("``a ` b`", "``a ` b``");
    check("- item **b", "- item **b**");
    check("> quote *q", "> quote *q*");
    check("# Head **b", "# Head **b**");
    check(
        "| a | b |\n|---|---|\n| **x",
        "| a | b |\n|---|---|\n| **x** |",
    );
}

#[test]
fn an_open_bracket_does_not_make_a_block_of_what_follows_it() {
    check("one\n\n[- ", "one");
    check("- one\n\n[- two", "- one");
    check("- one\n\n[  two", "- one");
    check("- one\n\n*![ two", "- one");
    check("[1. Intro](#in", "");
    check("[1984](https://a", "1984");
    check("[**bold** and", "**bold** and");
}

#[test]
fn marks_that_enclose_nothing_are_held_back() {
    for mark in [
        "*",
        "**",
        "_",
        "~~",
        "`",
        "``",
        "[",
        "![",
        "$$",
        "$",
        "\\(",
        "\\[",
        "\\",
        "&am",
        "&#3",
        "<https://e",
    ] {
        check(&format!("some text {mark}"), "some text");
    }
    check("**bold `", "**bold**");
    check("word [^note *b", "word");
    check("AT&T works", "AT&T works");
    check("2 * 3", "2 * 3");
    check("costs $5", "costs $5");
}

#[test]
fn links_show_their_text_until_the_address_is_complete() {
    check("see [the docs", "see the docs");
    check("see [the docs]", "see the docs");
    check("see [the docs](", "see the docs");
    check("see [the docs](http://par", "see the docs");
    check("see [the **docs](http://par", "see the **docs**");
    check(
        "see [the docs](http://a.example)",
        "see [the docs](http://a.example)",
    );
    check("see ![a picture](http://par", "see a picture");
    check("f[0] = 1", "f[0] = 1");
}

#[test]
fn formulas_are_closed() {
    check("so \\(x_1", "so \\(x_1\\)");
    check("so \\(x_1\\", "so \\(x_1\\)");
    check("so $$x_1$", "so $$x_1$$");
    check("\\[\nx\n", "\\[\nx\n\\]");
    check("\\[\nx\n=\ny", "\\[\nx\n=\ny\\]");
}

#[test]
fn undecided_lines_are_held_back() {
    for line in [
        "#", "##", "-", "- ", "1", "1.", "* ", "+", "`", "``", "```", "```ru", "~~~", "---", "===",
        "***", "> ", "- [", "- [ ", "- [x]", "[a]:", "[^1",
    ] {
        check(&format!("before\n\n{line}"), "before");
    }
    check("before\n-", "before");
    check("before\n---", "before");
    check("before\n=", "before");
    check("- a\n-", "- a");
    check("- a\n  - ", "- a");
    check("1. a\n2", "1. a");
    check("before\n---\n", "before\n---\n");
}

#[test]
fn a_table_waits_for_its_delimiters() {
    check("before\n\n| a | b", "before");
    check("before\n\n| a | b |\n", "before");
    check("before\n\n| a | b |\n|--", "before");
    check("before\n\n| a | b |\n|---|---|", "before");
    check(
        "before\n\n| a | b |\n|---|---|\n",
        "before\n\n| a | b |\n|---|---|\n",
    );
    check("| a |\n|---|\n| x |\n|", "| a |\n|---|\n| x |\n");
    check("- | a | b", "-");
}

#[test]
fn top_level_code_is_handed_over_as_text() {
    assert_eq!(tail("```rust\nlet"), "[rust] let");
    assert_eq!(tail("```rust\nlet x;\n``"), "[rust] let x;\n");
    assert_eq!(tail("```rust\nlet x;\n```"), "[rust] let x;\n");
    assert_eq!(tail("```rust\nlet x;\n```\n"), "");
    assert_eq!(tail("````\n```\n"), "[] ```\n");
    assert_eq!(tail("text\n```\n"), "[] ");
    check("- a\n\n  ```js\n  let", "- a\n\n  ```js\n  let");
}

#[test]
fn finished_blocks_are_frozen() {
    let mut document = LiveDocument::new();
    let mut frozen = |text: &str| {
        document.push(text);
        document.frozen().len()
    };
    assert_eq!(frozen("# A\n\npara"), 0);
    assert_eq!(frozen("graph\n"), 1);
    assert_eq!(frozen("\n- a\n\n- b\n\n"), 2);
    assert_eq!(frozen("next"), 2);
    assert_eq!(frozen("\n"), 3);
    assert_eq!(frozen("```\n"), 4);
    assert_eq!(frozen("x\n```\n"), 5);
}

#[test]
fn a_late_definition_redraws_what_refers_to_it() {
    let mut document = LiveDocument::new();
    document.push("See [a] and [^n].\n\nMore.\n\n");
    let before = document.frozen().to_vec();
    document.push("[other]: https://o.example\n\nText.\n\n");
    assert!(document.frozen().starts_with(&before));
    assert_eq!(document.rebuilt(), 0);
    document.push("[a]: https://a.example\n\n[^n]: Note.\n\nEnd.\n\n");
    assert_eq!(document.rebuilt(), 1);
    document.push("Again [a].");
    document.finish();
    let whole: String = document.frozen().iter().map(SafeHtml::as_str).collect();
    assert_eq!(whole, render(document.source(), None).as_str());
    assert_eq!(document.rebuilt(), 1);
}
