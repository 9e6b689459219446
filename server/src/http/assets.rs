//! The files of the page, which are inside the executable: script, WASM,
//! style and icons, as `cargo xtask page` wrote them to `target/site`.
//!
//! A debug build reads the folder at each request instead, so that a new
//! build of the page needs no new server.

mod encoding;

use std::borrow::Cow;
use std::collections::BTreeMap;

use app::PageAssets;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use serde::Deserialize;

use encoding::Encoding;

/// What the page's HTML has to name, or `None` when the server was built
/// without the page (by cargo alone, without `cargo xtask`).
pub fn page_assets() -> Option<PageAssets> {
    assets_in(&manifest(embedded))
}

/// The routes of all files: `/assets/…` with names that contain a hash of
/// the content, and a few such as `/favicon.svg` that keep their names.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    router_over(embedded)
}

#[derive(RustEmbed)]
// One folder for each profile: a release server never has the page of a
// debug build inside.
#[cfg_attr(debug_assertions, folder = "../target/site/dev")]
#[cfg_attr(not(debug_assertions), folder = "../target/site/release")]
#[allow_missing = true]
struct Site;

/// Gives the content of a file of the site.
type Read = fn(&str) -> Option<Cow<'static, [u8]>>;

fn embedded(path: &str) -> Option<Cow<'static, [u8]>> {
    Site::get(path).map(|file| file.data)
}

/// The files by logical name. `xtask/src/site.rs` writes it.
type Manifest = BTreeMap<String, File>;

#[derive(Deserialize)]
struct File {
    /// The path of the URL without its first `/`.
    path: String,
    /// A hash of the content.
    hash: String,
    /// Whether what is at this path never changes.
    immutable: bool,
    /// The compressed twins that exist.
    encodings: Vec<Encoding>,
}

/// The manifest; empty when the page was not built. It is parsed anew each
/// time: it is small, and a debug build must see the latest.
fn manifest(read: Read) -> Manifest {
    let json = read("manifest.json").unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or_default()
}

fn assets_in(manifest: &Manifest) -> Option<PageAssets> {
    let url = |name| Some(format!("/{}", manifest.get(name)?.path));
    Some(PageAssets {
        script: url("rivulet.js")?,
        wasm: url("rivulet.wasm")?,
        style: url("rivulet.css")?,
    })
}

fn router_over<S: Clone + Send + Sync + 'static>(read: Read) -> Router<S> {
    let serve = move |uri: Uri, headers: HeaderMap| async move { answer(&uri, &headers, read) };
    let mut router = Router::new().route("/assets/{*path}", get(serve));
    for file in manifest(read).values() {
        if !file.path.starts_with("assets/") {
            router = router.route(&format!("/{}", file.path), get(serve));
        }
    }
    router
}

fn answer(uri: &Uri, request: &HeaderMap, read: Read) -> Response {
    let path = uri.path().trim_start_matches('/');
    let manifest = manifest(read);
    // Nothing but what the manifest names is ever read.
    let Some(file) = manifest.values().find(|file| file.path == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let encoding = encoding::best(request, &file.encodings);
    let tag = file.tag(encoding);
    let mut headers = file.headers();
    headers.insert(header::ETAG, tag.clone());
    if is_known(request, &tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let suffix = encoding.map_or("", Encoding::suffix);
    let Some(content) = read(&format!("{path}{suffix}")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    headers.insert(header::CONTENT_TYPE, content_type(path));
    if let Some(encoding) = encoding {
        let name = HeaderValue::from_static(encoding.name());
        headers.insert(header::CONTENT_ENCODING, name);
    }
    (headers, Body::from(content)).into_response()
}

impl File {
    /// The tag of one representation: those of different encodings differ.
    fn tag(&self, encoding: Option<Encoding>) -> HeaderValue {
        let encoding = encoding.map_or("identity", Encoding::name);
        HeaderValue::try_from(format!("\"{}-{encoding}\"", self.hash))
            .unwrap_or(HeaderValue::from_static("\"\""))
    }

    /// What every answer about the file says, a 304 too.
    fn headers(&self) -> HeaderMap {
        let cache_control = if self.immutable {
            "public, max-age=31536000, immutable"
        } else {
            "public, max-age=3600"
        };
        HeaderMap::from_iter([
            (
                header::CACHE_CONTROL,
                HeaderValue::from_static(cache_control),
            ),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
            (
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            ),
        ])
    }
}

/// Whether the client has this representation, by its `If-None-Match`.
fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|candidate| candidate.trim().trim_start_matches("W/"))
        .any(|candidate| candidate == "*" || candidate == tag)
}

fn content_type(path: &str) -> HeaderValue {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    HeaderValue::from_static(match extension {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpg" => "image/jpeg",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        // The browser compiles it while it arrives only under this type.
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    })
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    const MANIFEST: &str = r#"{
        "favicon.svg": {"path": "favicon.svg", "hash": "f", "immutable": false, "encodings": []},
        "rivulet.css": {"path": "assets/rivulet-c.css", "hash": "c", "immutable": true, "encodings": ["br", "gzip"]},
        "rivulet.js": {"path": "assets/rivulet-j.js", "hash": "j", "immutable": true, "encodings": []},
        "rivulet.wasm": {"path": "assets/rivulet-w.wasm", "hash": "w", "immutable": true, "encodings": ["gzip"]}
    }"#;

    fn sample(path: &str) -> Option<Cow<'static, [u8]>> {
        let content = match path {
            "manifest.json" => MANIFEST,
            "favicon.svg" => "<svg/>",
            "assets/rivulet-c.css" => "plain css",
            "assets/rivulet-c.css.br" => "css in br",
            "assets/rivulet-c.css.gz" => "css in gzip",
            "assets/rivulet-j.js" => "plain js",
            "assets/rivulet-w.wasm" => "plain wasm",
            "assets/rivulet-w.wasm.gz" => "wasm in gzip",
            "secret.txt" => "a file that the manifest does not name",
            _ => return None,
        };
        Some(Cow::Borrowed(content.as_bytes()))
    }

    /// Asks for `path` with `headers`; expects these lines, among others.
    async fn check(request: &str, headers: &[(&str, &str)], expected: &[&str]) {
        let (method, path) = request.split_once(' ').unwrap();
        let mut builder = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let request_line = format!("{request} {headers:?}");
        let request = builder.body(Body::empty()).unwrap();
        let response = router_over::<()>(sample).oneshot(request).await.unwrap();
        let mut lines = vec![response.status().as_u16().to_string()];
        for (name, value) in response.headers() {
            lines.push(format!("{name}: {}", value.to_str().unwrap()));
        }
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        lines.push(format!("> {}", String::from_utf8_lossy(&body)));
        for line in expected {
            let found = lines.iter().any(|found| found == line);
            assert!(found, "{request_line}: no {line:?} in {lines:#?}");
        }
    }

    #[tokio::test]
    async fn each_client_gets_the_representation_it_can_read() {
        let css = "GET /assets/rivulet-c.css";
        let type_line = "content-type: text/css; charset=utf-8";
        check(css, &[], &["200", type_line, "> plain css"]).await;
        let all = [("accept-encoding", "gzip, deflate, br, zstd")];
        let br = ["200", type_line, "content-encoding: br", "> css in br"];
        check(css, &all, &br).await;
        let gzip = ["content-encoding: gzip", "> css in gzip"];
        check(css, &[("accept-encoding", "gzip")], &gzip).await;

        let wasm = ["content-type: application/wasm", "> wasm in gzip"];
        check("GET /assets/rivulet-w.wasm", &all, &wasm).await;
        check("GET /assets/rivulet-j.js", &all, &["> plain js"]).await;
    }

    #[tokio::test]
    async fn what_never_changes_is_kept_for_ever() {
        let forever = "cache-control: public, max-age=31536000, immutable";
        let common = ["vary: accept-encoding", "x-content-type-options: nosniff"];
        check(
            "GET /assets/rivulet-j.js",
            &[],
            &[forever, common[0], common[1]],
        )
        .await;
        let an_hour = "cache-control: public, max-age=3600";
        check("GET /favicon.svg", &[], &[an_hour, common[0], common[1]]).await;
    }

    #[tokio::test]
    async fn what_the_client_has_is_not_sent_again() {
        let css = "GET /assets/rivulet-c.css";
        let br = ("accept-encoding", "br");
        check(css, &[br], &["etag: \"c-br\""]).await;
        let not_modified = ["304", "etag: \"c-br\"", "vary: accept-encoding", "> "];
        check(css, &[br, ("if-none-match", "\"c-br\"")], &not_modified).await;
        check(
            css,
            &[br, ("if-none-match", "\"x\", W/\"c-br\"")],
            &not_modified,
        )
        .await;
        check(css, &[br, ("if-none-match", "*")], &not_modified).await;
        check(
            css,
            &[br, ("if-none-match", "\"c-gzip\"")],
            &["200", "> css in br"],
        )
        .await;
    }

    #[tokio::test]
    async fn head_is_get_without_the_body() {
        let expected = [
            "200",
            "content-length: 6",
            "content-type: image/svg+xml",
            "> ",
        ];
        check("HEAD /favicon.svg", &[], &expected).await;
    }

    #[tokio::test]
    async fn nothing_else_is_served() {
        check("GET /assets/rivulet-x.js", &[], &["404"]).await;
        check("GET /assets/../secret.txt", &[], &["404"]).await;
        check("GET /secret.txt", &[], &["404"]).await;
        check("GET /manifest.json", &[], &["404"]).await;
        check("GET /assets/rivulet-c.css.br", &[], &["404"]).await;
        check("POST /favicon.svg", &[], &["405"]).await;
    }

    #[test]
    fn the_html_is_told_what_to_name() {
        let expected = PageAssets {
            script: "/assets/rivulet-j.js".to_owned(),
            wasm: "/assets/rivulet-w.wasm".to_owned(),
            style: "/assets/rivulet-c.css".to_owned(),
        };
        assert_eq!(assets_in(&manifest(sample)), Some(expected));
        assert_eq!(assets_in(&manifest(|_| None)), None);
    }
}
