//! `Content-Disposition`: whether an answer is shown or saved, and as what.

use axum::http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 8187's `attr-char`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// An answer that a browser shows; saved, it has this name.
pub(super) fn shown(name: &str) -> HeaderValue {
    disposition("inline", name)
}

/// An answer that a browser saves under this name.
pub(super) fn saved(name: &str) -> HeaderValue {
    disposition("attachment", name)
}

/// The header by RFC 6266: the name in ASCII for old programs, and as it is.
fn disposition(kind: &'static str, name: &str) -> HeaderValue {
    let plain = |c: char| match c {
        // Some browsers decode percent signs here, against the standard.
        '"' | '\\' | '%' => '_',
        ' '..='~' => c,
        _ => '_',
    };
    let ascii: String = name.chars().map(plain).collect();
    let exact = utf8_percent_encode(name, ENCODED);
    let value = format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{exact}");
    // It is visible ASCII alone.
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_makes_a_header_that_says_nothing_else() {
        for (name, expected) in [
            (
                "notes.txt",
                r#"inline; filename="notes.txt"; filename*=UTF-8''notes.txt"#,
            ),
            (
                "a\"; x=\"\r\nSet-Cookie: b",
                "inline; filename=\"a_; x=___Set-Cookie: b\"; \
                 filename*=UTF-8''a%22%3B%20x%3D%22%0D%0ASet-Cookie%3A%20b",
            ),
            (
                "日本 50%.png",
                "inline; filename=\"__ 50_.png\"; \
                 filename*=UTF-8''%E6%97%A5%E6%9C%AC%2050%25.png",
            ),
            ("", "inline; filename=\"\"; filename*=UTF-8''"),
        ] {
            assert_eq!(shown(name), expected);
        }
        assert!(saved("x").to_str().unwrap().starts_with("attachment; "));
    }
}
