//! The page as the server draws it.

use app::PageData;
use protocol::api;
use serde_json::json;

use crate::{
    reply::Reply,
    site::{Site, UNREACHABLE},
};

/// What the page carries for the browser to draw the same again.
fn data_in(html: &str) -> PageData {
    let (_, rest) = html
        .split_once("<script type=\"application/json\" id=\"page-data\">")
        .unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap()
}

#[tokio::test]
async fn the_history_is_readable_before_any_script_runs() {
    let site = Site::new().await;
    let text = "## So\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n```rust\nlet x = 1;\n```\n";
    let started = site.finish(json!({"text": text})).await;
    let reply = site
        .get(&api::conversation_page(started.conversation))
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(reply.header("cache-control"), "no-store");
    for part in ["Why?", "<h2", "<table", "<code>2</code>", "<form", "/ask"] {
        assert!(reply.body.contains(part), "no {part}: {}", reply.body);
    }
    let data = data_in(&reply.body);
    let conversation = data.conversation.unwrap();
    assert_eq!(conversation, site.conversation(started.conversation).await);
    assert_eq!(data.conversations.len(), 1);
}

#[tokio::test]
async fn what_is_said_is_never_html() {
    let site = Site::new().await;
    let hostile = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>\
                   [x](javascript:alert(1)) \u{2028} & \" '";
    site.script(json!({"text": hostile})).await;
    let started = site.start(json!({"text": hostile})).await;
    site.watch(started.turn, 0).await.rest().await;
    let reply = site
        .get(&api::conversation_page(started.conversation))
        .await;
    let data = data_in(&reply.body);
    let texts: Vec<_> = data
        .conversation
        .iter()
        .flat_map(|conversation| &conversation.messages)
        .map(|message| message.text.as_str())
        .collect();
    assert_eq!(texts, [hostile, hostile]);
    // Once as a question, once as an answer, and in the title and the sidebar.
    for part in [
        "<script>alert",
        "<img src=x",
        "<!--<img",
        "href=\"javascript:",
    ] {
        assert!(!reply.body.contains(part), "{part} in {}", reply.body);
    }
}

#[tokio::test]
async fn only_our_own_scripts_may_run() {
    let site = Site::new().await;
    let mut nonces = Vec::new();
    for path in ["/", "/c/7"] {
        let reply = site.get(path).await;
        let policy = reply.header("content-security-policy");
        for directive in [
            "default-src 'none'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        let (_, rest) = policy.split_once("'nonce-").unwrap();
        let (nonce, _) = rest.split_once('\'').unwrap();
        let scripts = reply.body.matches("<script").count();
        // Data is no script, and needs none.
        let data = reply
            .body
            .matches("<script type=\"application/json\"")
            .count();
        let allowed = reply.body.matches(&format!("nonce=\"{nonce}\"")).count();
        assert_eq!(scripts, allowed + data, "{path}");
        nonces.push(nonce.to_owned());
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_pages_with_a_sentence() {
    let site = Site::new().await;
    for (path, words) in [
        ("/c/7", "The address holds no valid id."),
        (
            "/c/00000000-0000-4000-8000-000000000000",
            "There is no such conversation.",
        ),
        ("/nowhere", "There is nothing at this address."),
    ] {
        let request = site.request(&format!("GET {path}"));
        let reply = Reply::to(request.header("accept", "text/html")).await;
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.body.contains(words), "{path}: {}", reply.body);
        assert_eq!(data_in(&reply.body).problem.unwrap().message, words);
    }
}

#[tokio::test]
async fn the_picker_offers_what_there_is() {
    let site = Site::new().await;
    let html = site.get("/").await.body;
    for part in ["The demo provider", "demo/thinker", UNREACHABLE] {
        assert!(html.contains(part), "no {part}: {html}");
    }
}
