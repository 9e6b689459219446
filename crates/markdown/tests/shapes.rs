//! The HTML that style sheets and scripts of the page rely on.
#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use markdown::{SafeHtml, open_code_html, render};

fn check(markdown: &str, html: &str) {
    assert_eq!(render(markdown, None).as_str(), html, "{markdown:?}");
}

const LINK: &str = r#"target="_blank" rel="noopener noreferrer nofollow""#;

#[test]
fn code_blocks() {
    let frame = |label: &str, language: &str, code: &str| {
        format!(
            "<div class=\"code-block\"><div class=\"code-head\">\
             <span class=\"code-language\">{label}</span>\
             <button type=\"button\" class=\"copy\" data-copy=\"code\">Copy</button></div>\
             <pre tabindex=\"0\"><code data-enrich=\"code\" data-language=\"{language}\">{code}</code></pre></div>"
        )
    };
    check(
        "```rust\nlet a = 1 < 2;\n```",
        &frame("rust", "rust", "let a = 1 &lt; 2;\n"),
    );
    check("```\nx\n```", &frame("text", "", "x\n"));
    check("```rust,ignore\nx\n```", &frame("rust", "rust", "x\n"));
    check("    x", &frame("text", "", "x"));
    assert_eq!(open_code_html("rust").as_str(), frame("rust", "rust", ""));
    assert_eq!(open_code_html("").as_str(), frame("text", "", ""));
}

#[test]
fn tables() {
    check(
        "| a | b |\n|:-:|--:|\n| 1 |",
        "<div class=\"table-scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>\
         <thead><tr><th scope=\"col\" class=\"align-center\">a</th>\
         <th scope=\"col\" class=\"align-right\">b</th></tr></thead>\
         <tbody><tr><td class=\"align-center\">1</td><td class=\"align-right\"></td></tr></tbody>\
         </table></div>",
    );
}

#[test]
fn formulas() {
    let display = |element: &str, source: &str| {
        format!(
            "<{element} class=\"math math-display\" data-enrich=\"math\" tabindex=\"0\">{source}</{element}>"
        )
    };
    let inline =
        |source: &str| format!("<span class=\"math\" data-enrich=\"math\">{source}</span>");
    check(
        "\\(a_1*b*c_2\\)",
        &format!("<p>{}</p>", inline("a_1*b*c_2")),
    );
    check(
        "\\[\na_1 \\\\\n- b\n=\n\\]",
        &display("div", "a_1 \\\\\n- b\n="),
    );
    check("$$x^2$$", &display("div", "x^2"));
    check(
        "so $$x$$ is",
        &format!("<p>so {} is</p>", display("span", "x")),
    );
    check(
        "> $$\n> a\n> $$",
        &format!("<blockquote>{}</blockquote>", display("div", "a")),
    );
    // Covered, the first would open a fence, and the second be in it.
    check(
        "[```\n```$$`$$\n\n\\(b\\)",
        &format!("<p>[<code> </code>$$`$$</p><p>{}</p>", inline("b")),
    );
    check(
        "- $$a$$",
        &format!("<ul><li>{}</li></ul>", display("span", "a")),
    );
    check(
        "**\\(x\\)**",
        &format!("<p><strong>{}</strong></p>", inline("x")),
    );
    check("\\(a < b\\)", &format!("<p>{}</p>", inline("a &lt; b")));
    check("$5 and $10", "<p>$5 and $10</p>");
    check(
        "`\\(x\\)` `$$y$$`",
        "<p><code>\\(x\\)</code> <code>$$y$$</code></p>",
    );
    check("- \\( a\n- b \\)", "<ul><li>( a</li><li>b )</li></ul>");
    check(
        "[a](https://e.org/$$x$$)",
        &format!("<p><a href=\"https://e.org/$$x$$\" {LINK}>a</a></p>"),
    );
}

#[test]
fn links_and_images() {
    check(
        "[a](https://e.org)",
        &format!("<p><a href=\"https://e.org\" {LINK}>a</a></p>"),
    );
    check(
        "<me@e.org>",
        &format!("<p><a href=\"mailto:me@e.org\" {LINK}>me@e.org</a></p>"),
    );
    check(
        "see https://e.org/a_b_(c)?d=1&e=2. (http://f.org)",
        &format!(
            "<p>see <a href=\"https://e.org/a_b_(c)?d=1&amp;e=2\" {LINK}>https://e.org/a_b_(c)?d=1&amp;e=2</a>. \
             (<a href=\"http://f.org\" {LINK}>http://f.org</a>)</p>"
        ),
    );
    check(
        "xhttp://e.org http:// https",
        "<p>xhttp://e.org http:// https</p>",
    );
    check(
        "![a *b*](https://e.org/i.png \"t\")",
        &format!(
            "<p><a class=\"image-link\" href=\"https://e.org/i.png\" title=\"t\" {LINK}>a b</a></p>"
        ),
    );
    check(
        "[![i](https://e.org/i.png)](https://f.org)",
        &format!("<p><a href=\"https://f.org\" {LINK}>i</a></p>"),
    );
}

#[test]
fn tasks_and_footnotes() {
    check(
        "- [x] a\n- [ ] b",
        "<ul><li><input type=\"checkbox\" disabled checked aria-label=\"Done\"> a</li>\
         <li><input type=\"checkbox\" disabled aria-label=\"Not done\"> b</li></ul>",
    );
    check(
        "a[^n]\n\n[^n]: b",
        "<p>a<sup class=\"footnote-reference\"><a href=\"#footnote-n\">n</a></sup></p>\
         <div class=\"footnote\" id=\"footnote-n\"><sup>n</sup> <p>b</p></div>",
    );
    check("a[^n]", "<p>a[^n]</p>");
}

#[test]
fn line_ends_and_nul() {
    check("a\r\nb\rc\0", "<p>a\nb\nc\u{fffd}</p>");
    check("a  \nb", "<p>a<br>\nb</p>");
    assert_eq!(render("", None), SafeHtml::default());
}

/// Only these tags may ever appear, whatever the Markdown is.
#[test]
fn nothing_hostile_comes_through() {
    let vectors = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <svg/onload=alert(1)> b",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<!-- --><iframe src=//e.org></iframe>",
        "<style>@import url(//e.org)</style>",
        "[x](javascript:alert(1))",
        "[x](JavaScript:alert(1))",
        "[x]( javascript:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](java&#10;script:alert(1))",
        "[x](&#106;avascript&colon;alert(1))",
        "[x](<javascript:alert(1)>)",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "[x](//e.org)",
        "[x](/relative)",
        "[x](#fragment)",
        "[x](https&#58;//e.org\u{1}/)",
        "[x](\u{1}javascript:alert(1))",
        "![x](javascript:alert(1))",
        "![x\" onerror=\"alert(1)](https://e.org/\"onerror=\"alert(1))",
        "[x](https://e.org/\"onmouseover=\"alert(1) 'a\"onclick=\"b')",
        "[x][y]\n\n[y]: javascript:alert(1) \"t\"",
        "<javascript:alert(1)>",
        "<https://e.org/\"onclick=alert(1)>",
        "https://e.org/'onclick='alert(1)",
        "```\"onclick=\"alert(1)\n</code></pre><script>alert(1)</script>\n```",
        "```a'><script>alert(1)</script>\nx",
        "`</code><script>`",
        "\\(</span><script>alert(1)</script>\\)",
        "$$<img src=x onerror=alert(1)>$$",
        "[^\"><script>]: x\n\na[^\"><script>]",
        "| <script> |\n|---|\n| <b onclick=x> |",
        "# <script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<scr\0ipt>alert(1)</scr\0ipt>",
    ];
    for vector in vectors {
        check_harmless(vector);
        for (end, _) in vector.char_indices() {
            let mut document = markdown::LiveDocument::new();
            document.push(&vector[..end]);
            if let markdown::Tail::Html(html) = document.tail() {
                assert_harmless(html.as_str());
            }
        }
    }
}

fn check_harmless(markdown: &str) {
    assert_harmless(render(markdown, None).as_str());
}

/// Reads every tag the way a browser does and compares it with what we write.
fn assert_harmless(html: &str) {
    const TAGS: &[&str] = &[
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
    const ATTRIBUTES: &[&str] = &[
        "aria-label",
        "checked",
        "class",
        "data-copy",
        "data-enrich",
        "data-language",
        "disabled",
        "href",
        "id",
        "rel",
        "role",
        "scope",
        "start",
        "tabindex",
        "target",
        "title",
        "type",
    ];
    for part in html.split('<').skip(1) {
        let tag = part.split('>').next().unwrap().trim_start_matches('/');
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(TAGS.contains(&name), "<{tag}> in {html}");
        // Values hold neither quotes nor brackets, so quotes come in pairs.
        for (number, text) in attributes.split('"').enumerate() {
            if number % 2 == 0 {
                let names = text
                    .split_whitespace()
                    .map(|name| name.trim_end_matches('='));
                for name in names {
                    assert!(ATTRIBUTES.contains(&name), "{name} in {html}");
                }
            } else if attributes
                .split('"')
                .nth(number - 1)
                .unwrap()
                .ends_with("href=")
            {
                let known = ["http://", "https://", "mailto:", "#footnote-"];
                assert!(
                    known.iter().any(|scheme| text.starts_with(scheme)),
                    "{text} in {html}"
                );
            }
        }
    }
}
