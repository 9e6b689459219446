//! Search over titles and messages.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::{Role, api, api::Hit};
use serde_json::json;

use crate::{
    bad_input::{BAD, check},
    site::Site,
};

impl Site {
    async fn search(&self, query: &str) -> Vec<Hit> {
        let encoded = utf8_percent_encode(query, NON_ALPHANUMERIC);
        let reply = self.get(&format!("{}?q={encoded}", api::SEARCH)).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }
}

#[tokio::test]
async fn titles_and_messages_are_found() {
    let site = Site::new().await;
    let first = site
        .finish(json!({"text": "The heron stands still."}))
        .await;
    site.finish(json!({"text": "Nothing of the kind."})).await;
    let hits = site.search("heron").await;
    let [hit] = &hits[..] else {
        panic!("{hits:?}");
    };
    assert_eq!(hit.conversation, first.conversation);
    assert_eq!(hit.message, Some(first.answer));
    assert_eq!(hit.role, Some(Role::Assistant));
    assert_eq!(hit.excerpt[1], "heron");

    let by_title = site.search("why").await;
    assert!(
        by_title.iter().any(|hit| hit.message.is_none()),
        "{by_title:?}"
    );
    assert!(site.search("pelican").await.is_empty());
}

#[tokio::test]
async fn whatever_is_asked_there_is_an_answer() {
    let site = Site::new().await;
    site.finish(json!({"text": "The heron stands still."}))
        .await;
    for query in [
        "",
        " ",
        "\"",
        "\"\"",
        "*",
        "^",
        "a AND",
        "NEAR(",
        "-heron",
        "col:x",
        "'; DROP TABLE x",
        "%",
        "_",
        "\0",
        "日本",
        "\u{202e}",
        "(",
        ")",
        "heron\"",
    ] {
        site.search(query).await;
    }
    assert_eq!(site.get(api::SEARCH).await.body, "[]");
    for _ in 0..60 {
        site.finish(json!({"text": "pond"})).await;
    }
    assert_eq!(site.search("pond").await.len(), 50);
    site.search(&"ä".repeat(500)).await;
    let line = format!("GET {}?q={}", api::SEARCH, "x".repeat(501));
    check(&site, &line, "", BAD, "at most 500 characters").await;
}
