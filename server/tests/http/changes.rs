//! The stream that tells every page what has changed.

use protocol::{ConversationId, api, api::Change, sse};
use reqwest::{Response, header};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{reply::Reply, site::Site};

/// A page that listens.
struct Listening {
    response: Response,
    decoder: sse::Decoder,
}

impl Listening {
    /// Comes back once the stream has said that it is there.
    async fn to(site: &Site) -> Self {
        let request = site.request(&format!("GET {}", api::CHANGES));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mut listening = Self {
            response,
            decoder: sse::Decoder::default(),
        };
        assert_eq!(listening.next().await, Some(anything()));
        listening
    }

    /// The next change; `None` at the end.
    async fn next(&mut self) -> Option<Change> {
        loop {
            if let Some(frame) = self.decoder.next_frame().unwrap() {
                assert_eq!((frame.event.as_str(), frame.id), ("change", None));
                return Some(serde_json::from_str(&frame.data).unwrap());
            }
            let bytes = self.response.chunk().await.unwrap()?;
            self.decoder.push(&bytes);
        }
    }
}

fn anything() -> Change {
    Change {
        conversation: None,
        presets: false,
    }
}

fn of(id: ConversationId) -> Change {
    Change {
        conversation: Some(id),
        ..anything()
    }
}

#[tokio::test]
async fn what_changes_is_told_in_order() {
    let site = Site::new().await;
    let mut listening = Listening::to(&site).await;
    site.script(json!({"text": "Yes."})).await;
    let started = site.start(json!({})).await;
    let id = started.conversation;
    assert_eq!(listening.next().await, Some(of(id)), "it began");
    assert_eq!(listening.next().await, Some(of(id)), "it ended");

    let path = api::conversation(id);
    let messages = json!({"messages": [started.answer]});
    let many = json!({"conversations": [id], "change": "archive"});
    let presets = Change {
        presets: true,
        ..anything()
    };
    for (line, body, expected) in [
        (format!("PATCH {path}"), json!({"pinned": true}), of(id)),
        (format!("DELETE {path}"), json!(null), of(id)),
        (format!("POST {}", api::restore(id)), json!(null), of(id)),
        (
            format!("POST {}", api::delete_messages(id)),
            messages.clone(),
            of(id),
        ),
        (
            format!("POST {}", api::restore_messages(id)),
            messages,
            of(id),
        ),
        (format!("POST {}", api::CHANGE_MANY), many, anything()),
        ("PUT /api/presets/Terse".to_owned(), json!({}), presets),
        ("DELETE /api/presets/Terse".to_owned(), json!(null), presets),
    ] {
        let reply = Reply::to(site.request(&line).json(&body)).await;
        assert_eq!(reply.status, 204, "{line}: {}", reply.body);
        assert_eq!(listening.next().await, Some(expected), "{line}");
    }
}

#[tokio::test]
async fn everyone_is_told_and_by_then_it_is_so() {
    let site = Site::new().await;
    let id = site.finish(json!({"text": "Yes."})).await.conversation;
    let mut pages = Vec::new();
    for _ in 0..10 {
        pages.push(Listening::to(&site).await);
    }
    let rename = site.request(&format!("PATCH {}", api::conversation(id)));
    assert_eq!(
        Reply::to(rename.json(&json!({"title": "New"})))
            .await
            .status,
        204
    );
    for page in &mut pages {
        assert_eq!(page.next().await, Some(of(id)));
        assert_eq!(site.conversation(id).await.title, "New");
    }
}

#[tokio::test]
async fn what_is_refused_is_not_told() {
    let site = Site::new().await;
    let id = site.finish(json!({"text": "Yes."})).await.conversation;
    let mut listening = Listening::to(&site).await;
    let change = async |body| {
        let change = site.request(&format!("PATCH {}", api::conversation(id)));
        Reply::to(change.json(&body)).await.status
    };
    assert_eq!(change(json!({"title": ""})).await, 400);
    assert_eq!(
        site.post(api::TURNS, &json!({"text": ""})).await.status,
        400
    );
    let elsewhere = site.finish(json!({"text": "Yes."})).await.conversation;
    assert_eq!(listening.next().await, Some(of(elsewhere)));
}

#[tokio::test]
async fn nothing_on_the_way_may_hold_the_stream_and_it_ends_with_the_server() {
    let shutdown = CancellationToken::new();
    let site = Site::with_state(|state| state.until(shutdown.clone())).await;
    let mut listening = Listening::to(&site).await;
    let headers = listening.response.headers();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        assert_eq!(headers[&name], value, "{name}");
    }
    assert!(!headers.contains_key(header::CONTENT_ENCODING));
    shutdown.cancel();
    assert_eq!(listening.next().await, None);
}
