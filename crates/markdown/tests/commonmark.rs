//! The examples of the CommonMark specification, drawn our way.
//!
//! What we do otherwise on purpose is applied to the expected HTML (see
//! [`ours`]); what is left must be equal. Examples that cannot be treated this
//! way are listed with the reason.
#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::collections::BTreeMap;

use markdown::render;
use serde::Deserialize;

#[derive(Deserialize)]
struct Example {
    number: usize,
    section: String,
    markdown: String,
    html: String,
}

/// Examples that differ, each with the reason.
const EXCEPTED: &[(usize, &str)] = &[
    (12, "an escaped bracket opens a formula"),
    (602, "a bare address becomes a link"),
    (608, "a bare address becomes a link"),
    (611, "a bare address becomes a link"),
];

/// Examples with raw HTML: the same HTML must come out, but as text.
const RAW_HTML: &[usize] = &[
    21, 31, 148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161, 162, 163, 164,
    165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175, 176, 177, 178, 179, 180, 181, 182, 183,
    184, 185, 186, 187, 188, 189, 190, 191, 201, 308, 309, 344, 475, 476, 477, 491, 494, 524, 536,
    613, 614, 615, 616, 617, 623, 625, 626, 627, 628, 629, 630, 631, 642, 643,
];

#[test]
fn examples_of_the_specification_conform() {
    let examples: Vec<Example> = serde_json::from_str(include_str!("commonmark.json")).unwrap();
    assert_eq!(examples.len(), 652);
    let excepted: BTreeMap<usize, &str> = EXCEPTED.iter().copied().collect();
    let mut failures = Vec::new();
    for example in &examples {
        let drawn = render(&example.markdown, None).into_string();
        let (drawn, expected) = if RAW_HTML.contains(&example.number) {
            (
                canonical(&unescaped(&drawn)),
                canonical(&unescaped(&example.html)),
            )
        } else {
            (canonical(&drawn), canonical(&ours(&example.html)))
        };
        let conforms = drawn == expected;
        if conforms == excepted.contains_key(&example.number) {
            failures.push(format!(
                "{} ({})\n{:?}\nexpected {expected:?}\ngot      {drawn:?}",
                example.number, example.section, example.markdown
            ));
        }
    }
    let count = failures.len();
    assert!(
        failures.is_empty(),
        "{count} examples:\n{}",
        failures.join("\n\n")
    );
}

/// HTML with what was escaped made HTML again, and our frames taken off.
fn unescaped(html: &str) -> String {
    let mut out = String::new();
    let mut parts = html.split("<p class=\"raw-html\">");
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        out.push('\n');
        out.push_str(&part.replacen("</p>", "\n", 1));
    }
    out.replace(
        "<div class=\"code-block\"><div class=\"code-head\"><span class=\"code-language\">text</span>\
         <button type=\"button\" class=\"copy\" data-copy=\"code\">Copy</button></div>\
         <pre tabindex=\"0\"><code data-enrich=\"code\" data-language=\"\">",
        "\n<pre><code>",
    )
    .replace("</code></pre></div>", "</code></pre>\n")
    .replace("&lt;", "<")
    .replace("&gt;", ">")
    .replace("&quot;", "\"")
    .replace("&#39;", "'")
    .replace("&amp;", "&")
}

/// The specification's HTML with our documented differences.
fn ours(html: &str) -> String {
    let mut out = String::new();
    let mut anchors = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let length = rest[at..].find('>').map_or(rest.len() - at, |end| end + 1);
        let tag = &rest[at..at + length];
        rest = &rest[at + length..];
        if tag.starts_with("<a ") {
            // Only some schemes are linked, and never with a way back to us.
            let anchor = anchor(tag, "href", "");
            out.push_str(anchor.as_deref().unwrap_or(""));
            anchors.push(anchor.is_some());
        } else if tag == "</a>" {
            if anchors.pop() == Some(true) {
                out.push_str(tag);
            }
        } else if tag.starts_with("<img ") {
            // An image is a link that shows its description.
            let alt = attribute(tag, "alt");
            match anchor(tag, "src", " class=\"image-link\"") {
                Some(anchor) if !anchors.contains(&true) => {
                    out.push_str(&format!("{anchor}{alt}</a>"));
                }
                _ => out.push_str(&alt),
            }
        } else if tag == "<pre>" && rest.starts_with("<code") {
            // Code has a frame.
            let end = rest.find('>').unwrap() + 1;
            let language = attribute(&rest[..end], "class").replace("language-", "");
            let label = if language.is_empty() {
                "text"
            } else {
                &language
            };
            out.push_str(&format!(
                "<div class=\"code-block\"><div class=\"code-head\">\
                 <span class=\"code-language\">{label}</span>\
                 <button type=\"button\" class=\"copy\" data-copy=\"code\">Copy</button></div>\
                 <pre tabindex=\"0\"><code data-enrich=\"code\" data-language=\"{language}\">"
            ));
            rest = &rest[end..];
        } else if tag == "</pre>" {
            out.push_str("</pre></div>");
        } else {
            out.push_str(tag);
        }
    }
    out + rest
}

/// Our form of a link or image, if we link to such an address.
fn anchor(tag: &str, name: &str, class: &str) -> Option<String> {
    let url = attribute(tag, name);
    let linked = ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| url.to_ascii_lowercase().starts_with(scheme));
    let title = match attribute(tag, "title") {
        title if title.is_empty() => title,
        title => format!(" title=\"{title}\""),
    };
    linked.then(|| {
        format!(
            "<a{class} href=\"{url}\"{title} target=\"_blank\" rel=\"noopener noreferrer nofollow\">"
        )
    })
}

fn attribute(tag: &str, name: &str) -> String {
    let start = format!(" {name}=\"");
    let Some(at) = tag.find(&start) else {
        return String::new();
    };
    let value = &tag[at + start.len()..];
    value[..value.find('"').unwrap()].to_owned()
}

/// HTML without what makes no difference to a browser: white space between
/// blocks, the spelling of empty elements, quotes and escaped addresses.
fn canonical(html: &str) -> String {
    let mut html = html
        .replace(" />", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("%20", " ")
        .replace("%22", "\"")
        .replace("%5C", "\\")
        .replace("%5B", "[")
        .replace("%5D", "]")
        .replace("%60", "`");
    // Blank lines stand only between blocks of raw HTML.
    while html.contains("\n\n") {
        html = html.replace("\n\n", "\n");
    }
    for tag in [
        "blockquote",
        "ul",
        "ol",
        "li",
        "p",
        "div",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ] {
        for tag in [format!("<{tag}>"), format!("</{tag}>")] {
            html = html
                .replace(&format!("{tag}\n"), &tag)
                .replace(&format!("\n{tag}"), &tag);
        }
    }
    html.trim().to_owned()
}
