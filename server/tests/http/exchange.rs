//! Export and import: what goes out comes in again.

use std::io;

use bytes::Bytes;
use futures::stream;
use protocol::{Conversation, ConversationSummary, Message, ProblemKind, api, api::ImportReport};
use reqwest::Body;
use serde_json::{Value, json};
use server::http::Limits;
use tokio::sync::mpsc;

use crate::{
    bad_input::{BAD, LARGE, check, refused},
    reply::Reply,
    site::Site,
};

impl Site {
    async fn import(&self, file: impl Into<Body>) -> Reply {
        let request = self.request(&format!("POST {}", api::IMPORT));
        Reply::to(request.body(file)).await
    }

    async fn imported(&self, file: impl Into<Body>) -> ImportReport {
        let reply = self.import(file).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }
}

/// What an import keeps of a message: all but the ids, which are new.
fn kept(message: &Message) -> Value {
    let mut message = serde_json::to_value(message).unwrap();
    for id in ["id", "parent", "turn"] {
        message.as_object_mut().unwrap().remove(id);
    }
    message
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_exported_can_be_imported_elsewhere() {
    let site = Site::new().await;
    let picture = site.attach("notes.txt", b"Of herons.").await;
    site.script(json!({"text": "Yes.", "thinking_tokens": 3}))
        .await;
    let first = site.start(json!({"attachments": [picture]})).await;
    site.watch(first.turn, 0).await.rest().await;
    let second = site.start(json!({"text": "And then?"})).await;
    site.watch(second.turn, 0).await.rest().await;
    let hidden = site
        .start(json!({"text": "Of secrets", "temporary": true}))
        .await;
    site.watch(hidden.turn, 0).await.rest().await;
    site.keep_preset("Terse", json!({"ask": {"system": "Be brief."}}))
        .await;
    let rename = site.request(&format!("PATCH {}", api::conversation(first.conversation)));
    let change = json!({"title": "Of birds", "folder": "Nature", "archived": true});
    assert_eq!(Reply::to(rename.json(&change)).await.status, 204);

    let file = site.get(api::EXPORT).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.header("content-type"), "application/json");
    let disposition = file.header("content-disposition");
    assert!(
        disposition.starts_with("attachment; filename=\"rivulet-2"),
        "{disposition}"
    );
    assert!(!file.body.contains("Of secrets"), "temporary ones stay out");

    let other = Site::new().await;
    let report = other.imported(file.body).await;
    let expected = ImportReport {
        conversations: 2,
        messages: 4,
        presets: 1,
        problems: Vec::new(),
    };
    assert_eq!(report, expected);
    assert_eq!(other.presets().await, site.presets().await);
    let of = |list: Vec<ConversationSummary>| {
        let list = list.into_iter().filter(|it| !it.temporary);
        list.map(|it| (it.title, it.updated_ms, it.folder, it.archived))
            .collect::<Vec<_>>()
    };
    let summaries = other.list().await;
    let there = summaries
        .iter()
        .find(|it| it.title == "Of birds")
        .unwrap()
        .id;
    assert_ne!(there, first.conversation, "ids are new");
    assert_eq!(of(summaries), of(site.list().await));
    let (here, there) = (
        site.conversation(first.conversation).await,
        other.conversation(there).await,
    );
    let messages = |it: &Conversation| it.messages.iter().map(kept).collect::<Vec<_>>();
    assert_eq!(messages(&there), messages(&here));
    let attachment = &there.messages[0].attachments[0];
    let bytes = other.get(&api::attachment(&attachment.hash)).await;
    assert_eq!(bytes.body, "Of herons.");

    // Once more is twice.
    let again = other.imported(site.get(api::EXPORT).await.body).await;
    assert_eq!((again.conversations, again.presets), (2, 0));
    assert_eq!(other.list().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_conversation_is_a_file_of_its_own() {
    let site = Site::new().await;
    let id = site.finish(json!({"text": "Yes."})).await.conversation;
    let rename = site.request(&format!("PATCH {}", api::conversation(id)));
    let title = "a/b: \"日本\"\r\nX-Evil: 1";
    assert_eq!(
        Reply::to(rename.json(&json!({"title": title})))
            .await
            .status,
        204
    );
    site.keep_preset("Terse", json!({})).await;
    let path = format!("{}/export", api::conversation(id));

    let markdown = site.get(&format!("{path}?format=markdown")).await;
    assert_eq!(
        markdown.header("content-type"),
        "text/markdown; charset=utf-8"
    );
    assert!(markdown.body.contains("Yes."), "{}", markdown.body);
    let disposition = markdown.header("content-disposition");
    assert!(
        disposition.contains("filename*=UTF-8''a-b"),
        "{disposition}"
    );
    assert!(disposition.ends_with(".md"), "{disposition}");
    assert_eq!(disposition.matches('"').count(), 2, "{disposition}");
    assert_eq!(markdown.header("x-evil"), "");

    for format in ["", "?format=json"] {
        let json = site.get(&format!("{path}{format}")).await;
        assert_eq!(json.header("content-type"), "application/json");
        let report = site.imported(json.body).await;
        assert_eq!((report.conversations, report.presets), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_as_markdown_is_an_archive() {
    let site = Site::new().await;
    for _ in 0..2 {
        site.finish(json!({"text": "Yes."})).await;
    }
    let request = site.request(&format!("GET {}?format=markdown", api::EXPORT));
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/zip");
    let bytes = response.bytes().await.unwrap();
    assert!(bytes.starts_with(b"PK\x03\x04"));
    let holds = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    assert!(holds(b"Why-.md") && holds(b"Why- (2).md"), "{bytes:?}");
}

#[tokio::test]
async fn formats_that_there_are_not_are_refused() {
    let site = Site::new().await;
    let id = site.finish(json!({"text": "Yes."})).await.conversation;
    for path in [
        api::EXPORT.to_owned(),
        format!("{}/export", api::conversation(id)),
    ] {
        for format in ["pdf", "", "JSON"] {
            let line = format!("GET {path}?format={format}");
            check(&site, &line, "", BAD, "expected `json` or `markdown`").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_refused_and_half_a_file_gives_what_it_can() {
    let site = Site::with_state(|state| {
        state.limited(Limits {
            import_bytes: 1_000_000,
            ..Limits::default()
        })
    })
    .await;
    for (what, file) in [
        ("nothing", Vec::new()),
        ("words", b"Hello".to_vec()),
        ("another's JSON", b"{\"a\": [1, 2]}".to_vec()),
        ("deep JSON", b"[".repeat(100_000)),
        ("half a ZIP", b"PK\x03\x04\x14\0\0\0".to_vec()),
        ("bytes", (0..=255).cycle().take(10_000).collect()),
    ] {
        let reply = site.import(file).await;
        refused(what, &reply, BAD, "");
    }
    let reply = site.import(vec![b'x'; 1_000_001]).await;
    refused("too much", &reply, LARGE, "The file is larger than 1 MB.");
    assert!(site.list().await.is_empty());

    for _ in 0..2 {
        site.finish(json!({"text": "Yes."})).await;
    }
    let file = site.get(api::EXPORT).await.body;
    let last_message = file.rfind("\"id\"").unwrap();
    let report = site.imported(file[..last_message].to_owned()).await;
    assert_eq!(
        (report.conversations, report.messages),
        (2, 3),
        "{report:?}"
    );
    assert!(!report.problems.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_file_says_of_its_attachments_is_not_believed() {
    let site = Site::new().await;
    let page = site.attach("page.html", b"<script>alert(1)</script>").await;
    let started = site.start(json!({"attachments": [page]})).await;
    site.watch(started.turn, 0).await.rest().await;
    let file = site.get(api::EXPORT).await.body;
    let file = file
        .replace("text/plain", "text/html")
        .replace("page.html", "../page.html");
    let other = Site::new().await;
    other.imported(file).await;
    let id = other.list().await[0].id;
    let conversation = other.conversation(id).await;
    let attachment = &conversation.messages[0].attachments[0];
    assert_eq!(attachment.media_type, "text/plain");
    assert_eq!(attachment.name, "page.html");
    let reply = other.get(&api::attachment(&attachment.hash)).await;
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presets_that_are_there_stay_as_they_are() {
    let site = Site::new().await;
    site.keep_preset("Terse", json!({"ask": {"system": "Be brief."}}))
        .await;
    let file = site.get(api::EXPORT).await.body;
    site.keep_preset("Terse", json!({"ask": {"system": "Be very brief."}}))
        .await;
    assert_eq!(site.imported(file).await.presets, 1);
    let presets = site.presets().await;
    let system = |name: &str| {
        let preset = presets.iter().find(|it| it.name == name).unwrap();
        preset.settings.ask.system.clone().unwrap()
    };
    assert_eq!(system("Terse"), "Be very brief.");
    assert_eq!(system("Terse (2)"), "Be brief.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presets_are_imported_up_to_a_number() {
    let site = Site::new().await;
    let preset =
        |number: u32| json!({"name": "Terse", "settings": {"ask": {"max_tokens": number}}});
    let presets: Vec<_> = (1..=1_002).map(preset).collect();
    let file = json!({"format": "rivulet", "version": 1, "presets": presets, "conversations": []});
    let report = site.imported(file.to_string()).await;
    assert_eq!(report.presets, 1_000);
    assert_eq!(
        report.problems,
        ["2 presets were left out: at most 1000 are imported."]
    );
    assert_eq!(site.presets().await.len(), 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_one_import_at_a_time() {
    let site = Site::new().await;
    let (sender, body) = mpsc::channel::<io::Result<Bytes>>(1);
    let body = stream::unfold(body, |mut body| async { Some((body.recv().await?, body)) });
    let slow = site.request(&format!("POST {}", api::IMPORT));
    let slow = tokio::spawn(Reply::to(slow.body(Body::wrap_stream(body))));
    // More than can wait in between: some of it is read.
    let piece = Bytes::from(vec![b'x'; 1_000_000]);
    for _ in 0..50 {
        sender.send(Ok(piece.clone())).await.unwrap();
    }
    let refusal = site.import("no file").await;
    let problem = refused(
        "a second",
        &refusal,
        (409, ProblemKind::Conflict),
        "under way",
    );
    assert!(problem.retryable);
    drop(sender);
    assert_eq!(slow.await.unwrap().status, 400);
    assert_eq!(site.import("no file").await.status, 400);
}
