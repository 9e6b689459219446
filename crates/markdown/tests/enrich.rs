//! Highlighting and typesetting on the server.
#![cfg(feature = "enrich")]

use std::sync::LazyLock;

use markdown::{Enricher, ServerEnricher, render};

static ENRICHER: LazyLock<ServerEnricher> = LazyLock::new(ServerEnricher::new);

fn code(language: &str, source: &str) -> String {
    let html = ENRICHER.code(language, source);
    html.unwrap_or_else(|| panic!("no highlighting for {language}"))
        .into_string()
}

fn math(source: &str) -> Option<String> {
    ENRICHER.math(source, false).map(|html| html.into_string())
}

/// The text that HTML shows.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[test]
fn code_gets_classes_and_keeps_its_text() {
    let samples = [
        (
            "rust",
            "// note\nfn main() { let x: u8 = 1 + 2; println!(\"{}\\n\", x); }\n",
            "keyword comment string number function",
        ),
        (
            "python",
            "def f(a):\n    return 'x' if a else None  # why\n",
            "keyword string comment function",
        ),
        (
            "js",
            "const a = () => `t${1}` // c\n",
            "keyword string number comment",
        ),
        ("ts", "interface A { b: string }\n", "type"),
        (
            "html",
            "<a href=\"x\">&amp; <b>t</b></a><script>alert(1)</script>\n",
            "tag attribute string",
        ),
        (
            "json",
            "{\"a\": [1, true, null]}\n",
            "number constant string",
        ),
        ("toml", "[a]\nb = 1\n", "number"),
        ("sql", "SELECT a FROM b WHERE c = 'd';\n", "keyword string"),
        (
            "bash",
            "for i in 1 2; do echo \"$i\"; done\n",
            "keyword string",
        ),
    ];
    for (language, source, classes) in samples {
        let html = code(language, source);
        assert_eq!(text_of(&html), source, "{language}");
        for class in classes.split(' ') {
            assert!(
                html.contains(&format!("<span class=\"hl-{class}\">")),
                "{language} {class}: {html}"
            );
        }
    }
}

#[test]
fn unknown_and_oversized_code_stays_plain() {
    assert_eq!(ENRICHER.code("", "x"), None);
    assert_eq!(ENRICHER.code("no-such-language", "x"), None);
    assert_eq!(ENRICHER.code("rust", &"let x;\n".repeat(40_000)), None);
    assert_eq!(ENRICHER.code("js", &"a".repeat(10_000)), None);
}

#[test]
fn hostile_code_stays_text() {
    for language in ["rust", "html", "js", "php", "css"] {
        let source = "</code></pre><script>alert('1')</script>\n<img src=x onerror=\"alert(2)\">\n";
        let html = code(language, source);
        assert_eq!(text_of(&html), source);
        let tags = html.split('<').skip(1);
        assert!(
            tags.into_iter()
                .all(|tag| tag.starts_with("span class=\"hl-") || tag.starts_with("/span>"))
        );
    }
}

#[test]
fn formulas_become_mathml() {
    let html = math(r"\frac{a}{b} + \sqrt{x^2}").unwrap();
    assert!(
        html.starts_with("<math display=\"inline\">") && html.contains("<mfrac>"),
        "{html}"
    );
    let display = ENRICHER.math("x", true).unwrap();
    assert!(display.as_str().starts_with("<math display=\"block\">"));
    for source in [
        r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
        r"\sum_{i=1}^{n} i = \frac{n(n+1)}{2}",
        r"\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt\pi}{2}",
        r"f(x) = \begin{cases} 1 & x > 0 \\ 0 & \text{otherwise} \end{cases}",
        r"\left( \hat{x} \cdot \vec{y} \right) \in \mathbb{R}, \; \mathcal{L} \le \overline{z}",
        r"\lim_{x \to 0} \binom{n}{k}",
        r"\xrightarrow{f}",
        r"\operatorname{argmax}_\theta",
        r"\cancel{x}",
        r"\begin{array}{c|c} a & b \\ \hline c & d \end{array} \color{red} x",
    ] {
        assert!(math(source).is_some(), "{source}");
    }
}

#[test]
fn hostile_formulas_carry_no_html() {
    let deep = "{".repeat(4_000) + &"}".repeat(4_000);
    let roots = r"\sqrt".repeat(1_500) + "x";
    let scripts = "x^{".repeat(2_000) + "x" + &"}".repeat(2_000);
    let unbalanced = r"\left(".repeat(1_000);
    let fractions = r"\frac".repeat(1_600);
    let scripts_alone = "x^".repeat(4_000);
    let bomb = r"\def\a{xxxxxxxxxx}\def\b{\a\a\a\a\a\a\a\a\a\a}\def\c{\b\b\b\b\b\b\b\b\b\b}\def\d{\c\c\c\c\c\c\c\c\c\c}\d\d\d\d\d\d\d\d\d\d";
    for source in [
        r"\text{<script>alert(1)</script>}",
        r"\text{\<img src=x onerror=alert(1)>}",
        r"\href{javascript:alert(1)}{x}",
        r"\url{javascript:alert(1)}",
        r"\htmlStyle{color:red}{x} \htmlData{a=b}{x} \class{a}{x}",
        r"<script>alert(1)</script>",
        r"\operatorname{</math><img src=x onerror=alert(1)>}",
        r#"\color{"onclick="alert(1)}x"#,
        r#"\begin{"><script>}x\end{"><script>}"#,
        r"\mathrm{</mi><script>}",
        r"\def\x{<b>}\x \unknown{<i>}",
        r"\def\x{\x\x}\x",
        r"\hspace{1em;background:url(//a)}x \rule{<b>}{1em}",
        "a & b < c > d \" '",
        &deep,
        &roots,
        &scripts,
        &unbalanced,
        &fractions,
        &scripts_alone,
        bomb,
    ] {
        for display in [false, true] {
            let Some(html) = ENRICHER.math(source, display) else {
                continue;
            };
            for tag in html.as_str().split('<').skip(1) {
                let name = tag.trim_start_matches('/');
                assert!(
                    name.starts_with('m') || name.starts_with("none"),
                    "{source}: {html:?}"
                );
                assert!(
                    !tag.split_once('>').unwrap().0.contains("on"),
                    "{source}: {tag}"
                );
            }
        }
    }
    assert_eq!(math(r"\frac{a"), None);
    assert_eq!(math(r"\nosuchcommand"), None);
}

#[test]
fn enriched_blocks_keep_their_frame() {
    let html = render(
        "```rust\nlet x;\n```\n\n\\[ x \\] \n\nand \\(y\\) and \\(\\bad\\)\n",
        Some(&*ENRICHER),
    )
    .into_string();
    assert!(
        html.contains(
            "<pre tabindex=\"0\"><code data-language=\"rust\"><span class=\"hl-keyword\">let</span>"
        ),
        "{html}"
    );
    assert!(
        html.contains("<div class=\"math math-display\" tabindex=\"0\"><math display=\"block\">"),
        "{html}"
    );
    assert!(
        html.contains("<span class=\"math\"><math display=\"inline\">"),
        "{html}"
    );
    assert!(
        html.contains("<span class=\"math\" data-enrich=\"math\">\\bad</span>"),
        "{html}"
    );
}
