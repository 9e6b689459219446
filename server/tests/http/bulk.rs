//! Changes of many conversations, and of messages.

use protocol::{ConversationSummary, Event, MessageState, api};
use serde_json::{Value, json};

use crate::{
    bad_input::{BAD, LARGE, MISSING, NOTHING, check},
    site::Site,
};

impl Site {
    async fn change_many(&self, body: Value) {
        let reply = self.post(api::CHANGE_MANY, &body).await;
        assert_eq!(reply.status, 204, "{}", reply.body);
    }
}

#[tokio::test]
async fn many_conversations_change_at_once() {
    let site = Site::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(site.finish(json!({"text": "Yes."})).await.conversation);
    }
    let some = json!([ids[0], ids[1], NOTHING]);
    let count = async |wish: fn(&ConversationSummary) -> bool| {
        site.list().await.iter().filter(|it| wish(it)).count()
    };

    let folder = json!({"conversations": some, "change": {"folder": " Work "}});
    site.change_many(folder).await;
    assert_eq!(count(|it| it.folder.as_deref() == Some("Work")).await, 2);
    let out = json!({"conversations": some, "change": {"folder": ""}});
    site.change_many(out).await;
    assert_eq!(count(|it| it.folder.is_some()).await, 0);

    for (change, archived) in [("archive", 2), ("unarchive", 0)] {
        site.change_many(json!({"conversations": some, "change": change}))
            .await;
        assert_eq!(count(|it| it.archived).await, archived);
    }
    for (change, left) in [("delete", 1), ("delete", 1), ("restore", 3)] {
        site.change_many(json!({"conversations": some, "change": change}))
            .await;
        assert_eq!(count(|_| true).await, left, "after {change}");
    }
}

#[tokio::test]
async fn deleting_many_stops_what_is_being_written() {
    let site = Site::new().await;
    let (held, watching) = site.hold("One two").await;
    let many = json!({"conversations": [held.conversation], "change": "delete"});
    site.change_many(many).await;
    site.upstream(|stats| stats.open == 0).await;
    assert!(matches!(watching.rest().await.last(), Event::Stopped(_)));
}

#[tokio::test]
async fn a_change_of_many_is_checked() {
    let site = Site::new().await;
    let line = format!("POST {}", api::CHANGE_MANY);
    let ids = |count: usize| vec![NOTHING; count];
    let long = json!({"folder": "x".repeat(81)});
    for (body, expected, words) in [
        (
            json!({"conversations": [], "change": "burn"}),
            BAD,
            "`burn`",
        ),
        (
            json!({"conversations": ["7"], "change": "delete"}),
            BAD,
            "line 1",
        ),
        (json!({"conversations": []}), BAD, "`change`"),
        (json!({"conversations": [], "change": long}), BAD, "0 to 80"),
        (
            json!({"conversations": ids(10_001), "change": "archive"}),
            LARGE,
            "At most 10000",
        ),
    ] {
        check(&site, &line, &body.to_string(), expected, words).await;
    }
    site.change_many(json!({"conversations": ids(10_000), "change": "delete"}))
        .await;
}

#[tokio::test]
async fn messages_go_with_what_follows_them_and_come_back() {
    let site = Site::new().await;
    let first = site.finish(json!({"text": "Yes."})).await;
    let id = first.conversation;
    let second = site.start(json!({"conversation": id})).await;
    site.watch(second.turn, 0).await.rest().await;
    let whole = site.conversation(id).await;
    assert_eq!(whole.messages.len(), 4);

    let answer = json!({"messages": [first.answer]});
    let deleted = site.post(&api::delete_messages(id), &answer).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    let left = site.conversation(id).await.messages;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].id, first.question);

    let restored = site.post(&api::restore_messages(id), &answer).await;
    assert_eq!(restored.status, 204, "{}", restored.body);
    assert_eq!(site.conversation(id).await.messages, whole.messages);
}

#[tokio::test]
async fn a_message_being_written_is_stopped_before_it_goes() {
    let site = Site::new().await;
    let (held, watching) = site.hold("One two").await;
    let id = held.conversation;
    // The question takes its answer along.
    let question = json!({"messages": [held.question]});
    let deleted = site.post(&api::delete_messages(id), &question).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    site.upstream(|stats| stats.open == 0).await;
    assert!(matches!(watching.rest().await.last(), Event::Stopped(_)));
    assert!(site.conversation(id).await.messages.is_empty());

    site.post(&api::restore_messages(id), &question).await;
    let messages = site.conversation(id).await.messages;
    assert_eq!(messages[1].state, MessageState::Stopped);
    assert_eq!(messages[1].text, "One two");
}

#[tokio::test]
async fn messages_to_delete_are_checked() {
    let site = Site::new().await;
    let id = site.finish(json!({"text": "Yes."})).await.conversation;
    for path in [api::delete_messages(id), api::restore_messages(id)] {
        let line = format!("POST {path}");
        for (body, expected, words) in [
            (json!({"messages": [NOTHING]}), MISSING, "message"),
            (json!({"messages": ["7"]}), BAD, "line 1"),
            (json!({"message": []}), BAD, "unknown field `message`"),
            (
                json!({"messages": vec![NOTHING; 10_001]}),
                LARGE,
                "At most 10000",
            ),
        ] {
            check(&site, &line, &body.to_string(), expected, words).await;
        }
    }
}
