//! What holds for Markdown that arrives in pieces, whatever it is. Also the
//! body of the fuzz target `markdown`.

use markdown::{LiveDocument, SafeHtml, Tail, open_code_html, render};

/// The elements that Markdown may become.
const ELEMENTS: &[&str] = &[
    "a",
    "blockquote",
    "br",
    "button",
    "code",
    "del",
    "div",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "input",
    "li",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Where links may lead.
const ADDRESSES: &[&str] = &["http://", "https://", "mailto:", "#footnote-"];

/// Fails unless the text draws the same however it arrives, what is frozen
/// stays, and nothing of it can run.
pub(crate) fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut document = LiveDocument::new();
    let mut before = (0, Vec::new());
    let mut pushed = 0;
    for piece in pieces(&text) {
        document.push(piece);
        pushed += piece.len();
        let mut at_once = LiveDocument::new();
        at_once.push(&text[..pushed]);
        let html = drawn(&document);
        assert_eq!(html, drawn(&at_once), "after {:?}", &text[..pushed]);
        assert_safe(&html);
        let now = (document.rebuilt(), document.frozen().to_vec());
        let kept = now.0 != before.0 || now.1.starts_with(&before.1);
        assert!(kept, "frozen blocks changed after {:?}", &text[..pushed]);
        before = now;
    }
    document.finish();
    let whole = render(&text, None).into_string();
    assert_eq!(drawn(&document), whole, "finished {text:?}");
    assert_safe(&whole);
}

/// Everything a page would show.
fn drawn(document: &LiveDocument) -> String {
    let mut html: String = document.frozen().iter().map(SafeHtml::as_str).collect();
    match document.tail() {
        Tail::Empty => {}
        Tail::Html(tail) => html.push_str(tail.as_str()),
        // The page puts this text into a text node.
        Tail::OpenCode { language, text } => {
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            let text = text.replace('>', "&gt;").replace('"', "&quot;");
            let text = text.replace('\'', "&#39;");
            let frame = open_code_html(language).into_string();
            html.push_str(&frame.replace("</code>", &format!("{text}</code>")));
        }
    }
    html
}

/// Fails on a tag that Markdown does not become, an event handler, or a link
/// to anything but a page.
fn assert_safe(html: &str) {
    for tag in html.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        let name = tag.strip_prefix('/').unwrap_or(tag);
        let (name, mut attributes) = name.split_once(' ').unwrap_or((name, ""));
        assert!(ELEMENTS.contains(&name), "the element {name} in {html}");
        while let Some((names, rest)) = attributes.split_once("=\"") {
            let (value, rest) = rest.split_once('"').expect("a value ends");
            attributes = rest;
            // Before the one with this value stand those without any.
            for name in names.split_whitespace() {
                assert!(!name.starts_with("on"), "{name} in {html}");
                assert!(
                    !["src", "style", "srcdoc"].contains(&name),
                    "{name} in {html}"
                );
            }
            let leads_away = ADDRESSES.iter().any(|start| value.starts_with(start));
            let is_link = names.trim_end().ends_with("href");
            assert!(!is_link || leads_away, "a link to {value}");
        }
    }
}

/// Pieces of a few characters, of lengths that the text itself gives.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let length = 1 + usize::from(*text.as_bytes().first()?) % 31;
        let end = text.ceil_char_boundary(length.min(text.len()));
        let (piece, rest) = text.split_at(end);
        text = rest;
        Some(piece)
    })
}
