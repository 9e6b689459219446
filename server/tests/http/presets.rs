//! Settings under names.

use protocol::{Preset, api};
use serde_json::json;

use crate::{
    bad_input::{BAD, check},
    reply::Reply,
    site::Site,
};

impl Site {
    pub(crate) async fn presets(&self) -> Vec<Preset> {
        serde_json::from_str(&self.get(api::PRESETS).await.body).unwrap()
    }

    pub(crate) async fn keep_preset(&self, name: &str, settings: serde_json::Value) {
        let request = self.request(&format!("PUT {}/{name}", api::PRESETS));
        let reply = Reply::to(request.json(&settings)).await;
        assert_eq!(reply.status, 204, "{name}: {}", reply.body);
    }
}

#[tokio::test]
async fn they_are_kept_replaced_listed_and_removed() {
    let site = Site::new().await;
    assert!(site.presets().await.is_empty());
    for name in ["Terse", "a%2Fb%3F", "%E6%97%A5%E6%9C%AC", "%20%25%20"] {
        site.keep_preset(name, json!({"ask": {"temperature": 1.0}}))
            .await;
    }
    site.keep_preset("Terse", json!({"ask": {"system": "Be brief."}}))
        .await;
    let mut names: Vec<_> = site.presets().await.into_iter().map(|it| it.name).collect();
    names.sort();
    assert_eq!(names, ["%", "Terse", "a/b?", "日本"]);
    let presets = site.presets().await;
    let terse = presets.iter().find(|it| it.name == "Terse").unwrap();
    assert_eq!(terse.settings.ask.system.as_deref(), Some("Be brief."));
    assert_eq!(terse.settings.ask.temperature, None);

    let remove = site.request("DELETE /api/presets/a%2Fb%3F");
    assert_eq!(Reply::to(remove).await.status, 204);
    assert_eq!(site.presets().await.len(), 3);
}

#[tokio::test]
async fn names_and_settings_are_checked() {
    let site = Site::new().await;
    let long = "%C3%A4".repeat(81);
    for name in ["%20", "a%0Ab", "%00", "%ff", long.as_str()] {
        for (method, body) in [("PUT", "{}"), ("DELETE", "")] {
            let line = format!("{method} /api/presets/{name}");
            check(&site, &line, body, BAD, "1 to 80 characters").await;
        }
    }
    let longest = "%C3%A4".repeat(80);
    site.keep_preset(&longest, json!({})).await;
    for (body, words) in [
        (r#"{"ask": {"temperature": 3}}"#, "between 0 and 2"),
        (r#"{"ask": {"top_p": 0}}"#, "Top-p"),
        (
            r#"{"ask": {"stop": [""]}}"#,
            "A stop phrase has 1 to 200 bytes",
        ),
        (
            r#"{"watch": {"words": [""]}}"#,
            "A watch word has 1 to 200 bytes",
        ),
        (r#"{"typing": {"typewriter": 2000}}"#, "1 to 1000"),
        ("[]", "ConversationSettings"),
        ("{", "line 1"),
    ] {
        check(&site, "PUT /api/presets/x", body, BAD, words).await;
    }
}
