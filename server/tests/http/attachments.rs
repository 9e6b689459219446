//! Files sent with messages: what is taken, what is refused, and how they are
//! given out again.

use protocol::{Attachment, ProblemKind, api};
use reqwest::header;
use serde_json::json;
use server::http::Limits;

use crate::{
    bad_input::{BAD, LARGE, MISSING, NOTHING, refused},
    reply::Reply,
    site::Site,
};

const UNSUPPORTED: (u16, ProblemKind) = (415, ProblemKind::BadRequest);

/// A PNG of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\
    \x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\
    \0\0\0\0IEND\xaeB`\x82";

impl Site {
    pub(crate) async fn upload(&self, name: &str, bytes: &[u8]) -> Reply {
        let request = self.request(&format!("POST {}?name={name}", api::ATTACHMENTS));
        Reply::to(request.body(bytes.to_vec())).await
    }

    pub(crate) async fn attach(&self, name: &str, bytes: &[u8]) -> Attachment {
        let reply = self.upload(name, bytes).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        let attachment: Attachment = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(reply.header("location"), api::attachment(&attachment.hash));
        attachment
    }
}

#[tokio::test]
async fn an_image_comes_back_as_it_was_and_can_do_nothing() {
    let site = Site::new().await;
    let attachment = site.attach("pixel.png", PIXEL).await;
    assert_eq!(
        (attachment.name.as_str(), attachment.media_type.as_str()),
        ("pixel.png", "image/png")
    );
    assert_eq!(
        (attachment.bytes, attachment.tokens),
        (PIXEL.len() as u64, 1)
    );
    let path = api::attachment(&attachment.hash);
    let response = site.request(&format!("GET {path}")).send().await.unwrap();
    let headers = response.headers().clone();
    assert_eq!(response.bytes().await.unwrap(), PIXEL);
    for (name, value) in [
        ("content-type", "image/png"),
        (
            "content-disposition",
            "inline; filename=\"pixel.png\"; filename*=UTF-8''pixel.png",
        ),
        ("cache-control", "no-store"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    let known = site
        .request(&format!("GET {path}"))
        .header(header::IF_NONE_MATCH, &headers["etag"]);
    let known = Reply::to(known).await;
    assert_eq!((known.status, known.body.as_str()), (304, ""));

    let again = site.attach("other.png", PIXEL).await;
    assert_eq!(again.hash, attachment.hash, "the same bytes are kept once");
}

#[tokio::test]
async fn text_is_kept_in_utf_8_and_is_never_a_page() {
    let site = Site::new().await;
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let utf_16: Vec<u8> = "\u{feff}世界"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (name, bytes, text) in [
        ("notes.txt", "\u{feff}Grüße\n".as_bytes(), "Grüße\n"),
        ("wide.txt", &utf_16, "世界"),
        ("picture.svg", svg.as_bytes(), svg),
        (
            "page.html",
            b"<script>alert(1)</script>",
            "<script>alert(1)</script>",
        ),
        // Whatever it is called.
        ("lie.png", b"no image", "no image"),
    ] {
        let attachment = site.attach(name, bytes).await;
        assert_eq!(attachment.media_type, "text/plain");
        assert_eq!(attachment.bytes, text.len() as u64);
        assert_eq!(attachment.tokens, text.len().div_ceil(4) as u64);
        let reply = site.get(&api::attachment(&attachment.hash)).await;
        assert_eq!(reply.body, text);
        assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        let disposition = reply.header("content-disposition");
        assert!(disposition.starts_with("attachment; "), "{disposition}");
    }
    // Nor is what its sender says of it believed.
    let request = site.request(&format!("POST {}", api::ATTACHMENTS));
    let lie = request.header(header::CONTENT_TYPE, "image/svg+xml");
    let reply = Reply::to(lie.body("<svg/>")).await;
    let attachment: Attachment = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(
        (attachment.name.as_str(), attachment.media_type.as_str()),
        ("file", "text/plain")
    );
}

#[tokio::test]
async fn names_lose_their_path_and_what_nobody_sees() {
    let site = Site::new().await;
    for (number, (given, name)) in [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("C%3A%5Cme%5Ccat.txt", "cat.txt"),
        ("a%0D%0ASet-Cookie%3A%20b%3D1.txt", "aSet-Cookie: b=1.txt"),
        ("%22quoted%22%3B%20x.txt", "\"quoted\"; x.txt"),
        ("exe.%E2%80%AEgpj", "exe.gpj"),
        ("%E6%97%A5%E6%9C%AC.txt", "日本.txt"),
        ("%00", "file"),
        ("", "file"),
    ]
    .into_iter()
    .enumerate()
    {
        let bytes = format!("text {number}");
        let attachment = site.attach(given, bytes.as_bytes()).await;
        assert_eq!(attachment.name, name);
        let reply = site.get(&api::attachment(&attachment.hash)).await;
        assert_eq!(reply.body, bytes);
        assert_eq!(reply.header("set-cookie"), "");
        let disposition = reply.header("content-disposition");
        let quotes = disposition.matches('"').count();
        assert_eq!(quotes, 2, "{disposition}");
    }
    let long = site.attach(&"x".repeat(5_000), b"text").await;
    assert_eq!(long.name, "x".repeat(200));
}

#[tokio::test]
async fn what_no_model_reads_is_refused() {
    let site = Site::with_state(|state| {
        state.limited(Limits {
            attachment_bytes: 2_000_000,
            ..Limits::default()
        })
    })
    .await;
    let bomb = [&PIXEL[..16], b"\0\x01\0\0\0\x01\0\0", &PIXEL[24..]].concat();
    let text = "x".repeat(1_000_001);
    let large = vec![b'x'; 2_000_001];
    let huge = vec![b'x'; 40_000_000];
    for (what, bytes, expected, words) in [
        ("nothing", &b""[..], BAD, "empty"),
        (
            "a PDF",
            b"%PDF-1.7\n\xe2\xe3",
            UNSUPPORTED,
            "neither an image nor plain text",
        ),
        (
            "a ZIP",
            b"PK\x03\x04\0\0",
            UNSUPPORTED,
            "PNG, JPEG, GIF or WebP",
        ),
        ("Latin-1", b"Gr\xfc\xdfe", UNSUPPORTED, "UTF-8"),
        ("half an image", &PIXEL[..18], BAD, "damaged"),
        ("too many pixels", &bomb, BAD, "65536 × 65536 pixels"),
        (
            "a long text",
            text.as_bytes(),
            LARGE,
            "The text is larger than 1 MB.",
        ),
        (
            "a large file",
            &large,
            LARGE,
            "The file is larger than 2 MB.",
        ),
        ("a huge file", &huge, LARGE, "The file is larger than 2 MB."),
    ] {
        let reply = site.upload("x.png", bytes).await;
        refused(what, &reply, expected, words);
    }
    let reply = Reply::to(
        site.request("POST /api/attachments?name=a&name=b")
            .body("x"),
    )
    .await;
    refused("two names", &reply, BAD, "duplicate field");
}

#[tokio::test]
async fn only_what_is_there_is_given_out() {
    let site = Site::new().await;
    let hash = site.attach("notes.txt", b"text").await.hash;
    for wrong in [
        "0".repeat(64),
        hash.to_uppercase(),
        hash[1..].to_owned(),
        format!("{hash}0"),
        NOTHING.to_owned(),
        "..%2F..%2Frivulet.db".to_owned(),
        "%00".to_owned(),
        "%ff".to_owned(),
        "'%20OR%201=1".to_owned(),
    ] {
        let reply = site.get(&format!("/api/attachments/{wrong}")).await;
        refused(&wrong, &reply, MISSING, "");
    }
}

#[tokio::test]
async fn a_browser_keeps_only_what_is_kept_here() {
    let site = Site::new().await;
    let cache = async |file: &Attachment| {
        let reply = site.get(&api::attachment(&file.hash)).await;
        reply.header("cache-control").to_owned()
    };
    let [sent, secret] = [
        site.attach("a.txt", b"sent").await,
        site.attach("b.txt", b"secret").await,
    ];
    assert_eq!(cache(&sent).await, "no-store");
    for (file, temporary) in [(&sent, false), (&secret, true)] {
        site.start(json!({"attachments": [file], "temporary": temporary}))
            .await;
    }
    assert_eq!(cache(&sent).await, "private, max-age=31536000, immutable");
    assert_eq!(cache(&secret).await, "no-store");
}
