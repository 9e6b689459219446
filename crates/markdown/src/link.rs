//! Where a link may lead, and addresses written bare in the text.

use crate::html::push_escaped;

/// The address to link to, or `None` when the scheme is not on the allow-list.
///
/// The parser has already resolved entities and escapes. An address with a
/// control character anywhere is refused, since browsers drop some of them and
/// would read another scheme than we did.
pub(crate) fn allowed(url: &str) -> Option<&str> {
    let url = url.trim();
    let scheme_is = |scheme: &str| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let known = ["http://", "https://", "mailto:"]
        .into_iter()
        .any(scheme_is);
    (known && !url.contains(char::is_control)).then_some(url)
}

/// Opens an anchor to an address that [`allowed`] returned.
pub(crate) fn push_anchor(out: &mut String, url: &str, title: &str, class: Option<&str>) {
    out.push_str("<a");
    if let Some(class) = class {
        out.push_str(" class=\"");
        out.push_str(class);
        out.push('"');
    }
    out.push_str(" href=\"");
    push_escaped(out, url);
    out.push('"');
    if !title.is_empty() {
        out.push_str(" title=\"");
        push_escaped(out, title);
        out.push('"');
    }
    out.push_str(r#" target="_blank" rel="noopener noreferrer nofollow">"#);
}

/// Appends text, with bare `http://` and `https://` addresses as links.
pub(crate) fn push_linkified(out: &mut String, text: &str) {
    let mut rest = text;
    let mut before = None;
    while let Some(at) = rest.find("http") {
        let preceding = rest[..at].chars().next_back().or(before);
        let candidate = &rest[at..];
        let length = if preceding.is_some_and(char::is_alphanumeric) {
            0
        } else {
            address_length(candidate)
        };
        push_escaped(out, &rest[..at]);
        let taken = if length > 0 {
            let url = &candidate[..length];
            push_anchor(out, url, "", None);
            push_escaped(out, url);
            out.push_str("</a>");
            length
        } else {
            out.push_str("http");
            "http".len()
        };
        before = candidate[..taken].chars().next_back();
        rest = &candidate[taken..];
    }
    push_escaped(out, rest);
}

/// How many bytes at the start of `text` are a bare address; 0 for none.
fn address_length(text: &str) -> usize {
    let Some(scheme) = ["https://", "http://"]
        .into_iter()
        .find(|scheme| text.starts_with(scheme))
    else {
        return 0;
    };
    // Before the rest is looked at: a long word of many of these must not cost
    // its length each time.
    let begins_a_host = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'[';
    if !text.as_bytes().get(scheme.len()).is_some_and(begins_a_host) {
        return 0;
    }
    let mut url = text;
    if let Some(end) =
        text.find(|c: char| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"' | '`'))
    {
        url = &text[..end];
    }
    // What closes the sentence or the parenthesis around it is not part of it.
    let mut unopened = url
        .matches(')')
        .count()
        .saturating_sub(url.matches('(').count());
    while let Some(last) = url.bytes().last() {
        match last {
            b'.' | b',' | b':' | b';' | b'!' | b'?' | b'\'' | b'*' | b'_' | b'~' | b']' => {}
            b')' if unopened > 0 => unopened -= 1,
            _ => break,
        }
        url = &url[..url.len() - 1];
    }
    if url.len() > scheme.len() {
        url.len()
    } else {
        0
    }
}
