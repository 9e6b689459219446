//! The one type that may reach `inner_html`, and the escaping behind it.

/// HTML that this crate made, or that was checked to be as safe: the only kind
/// of HTML a page may insert unescaped.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// Takes HTML that our own server made with this crate, such as a reply of
    /// `/api/enrich`. Never call it with text that came from elsewhere.
    pub fn from_server(html: String) -> SafeHtml {
        SafeHtml(html)
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The HTML, owned.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Takes what a module of this crate has written and escaped itself.
    pub(crate) fn trusted(html: String) -> SafeHtml {
        SafeHtml(html)
    }

    pub(crate) fn concat<'a>(parts: impl Iterator<Item = &'a SafeHtml>) -> SafeHtml {
        SafeHtml(parts.map(SafeHtml::as_str).collect())
    }
}

/// The frame of a code block around an empty `<code>`, identical in structure
/// to that of a finished block: the page appends text to it while it arrives.
pub fn open_code_html(language: &str) -> SafeHtml {
    let mut out = String::new();
    push_code(&mut out, language, "", None);
    SafeHtml(out)
}

/// Appends a code block; `enriched` replaces the escaped source.
pub(crate) fn push_code(
    out: &mut String,
    language: &str,
    source: &str,
    enriched: Option<&SafeHtml>,
) {
    out.push_str(r#"<div class="code-block"><div class="code-head"><span class="code-language">"#);
    push_escaped(
        out,
        if language.is_empty() {
            "text"
        } else {
            language
        },
    );
    out.push_str(
        r#"</span><button type="button" class="copy" data-copy="code">Copy</button></div><pre tabindex="0"><code"#,
    );
    if enriched.is_none() {
        out.push_str(r#" data-enrich="code""#);
    }
    out.push_str(r#" data-language=""#);
    push_escaped(out, language);
    out.push_str("\">");
    match enriched {
        Some(html) => out.push_str(html.as_str()),
        None => push_escaped(out, source),
    }
    out.push_str("</code></pre></div>");
}

/// Appends `text` so that it is text both between tags and inside a quoted
/// attribute.
pub(crate) fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}
