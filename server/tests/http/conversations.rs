//! Conversations as JSON: list, read, rename, delete, restore.

use protocol::{ConversationSummary, Event, MessageState, api};
use serde_json::json;

use crate::{reply::Reply, site::Site};

impl Site {
    pub(crate) async fn list(&self) -> Vec<ConversationSummary> {
        serde_json::from_str(&self.get(api::CONVERSATIONS).await.body).unwrap()
    }

    async fn titles(&self) -> Vec<String> {
        let list = self.list().await;
        list.into_iter().map(|summary| summary.title).collect()
    }
}

#[tokio::test]
async fn they_are_listed_newest_first_and_titled_by_their_question() {
    let site = Site::new().await;
    site.script(json!({"text": "Yes."})).await;
    for question in ["# First, a question\nand more", "Second"] {
        let started = site.start(json!({"text": question})).await;
        site.watch(started.turn, 0).await.rest().await;
    }
    assert_eq!(site.titles().await, ["Second", "First, a question"]);
}

#[tokio::test]
async fn rename_delete_and_restore() {
    let site = Site::new().await;
    let id = site.finish(json!({"text": "Yes."})).await.conversation;
    let path = api::conversation(id);
    let send = async |line: String| Reply::to(site.request(&line)).await.status;

    let rename = site.request(&format!("PATCH {path}"));
    let renamed = Reply::to(rename.json(&json!({"title": "  Of names "}))).await;
    assert_eq!(renamed.status, 204);
    assert_eq!(site.titles().await, ["Of names"]);
    let whole = site.conversation(id).await;
    assert_eq!(whole.title, "Of names");

    assert_eq!(send(format!("DELETE {path}")).await, 204);
    assert!(site.list().await.is_empty());
    assert_eq!(site.get(&path).await.status, 404);
    assert_eq!(
        send(format!("DELETE {path}")).await,
        204,
        "twice is as once"
    );
    let question = json!({"text": "Still there?", "conversation": id});
    assert_eq!(site.post(api::TURNS, &question).await.status, 404);

    assert_eq!(send(format!("POST {}", api::restore(id))).await, 204);
    assert_eq!(site.conversation(id).await, whole);
}

#[tokio::test]
async fn deleting_stops_what_is_being_written() {
    let site = Site::new().await;
    let (held, watching) = site.hold("One two").await;
    let path = api::conversation(held.conversation);
    let deleted = Reply::to(site.request(&format!("DELETE {path}"))).await;
    assert_eq!(deleted.status, 204);
    let stats = site.upstream(|stats| stats.open == 0).await;
    assert_eq!(stats.closed_by_caller, 1);
    let watching = watching.rest().await;
    assert!(matches!(watching.last(), Event::Stopped(_)));
}

#[tokio::test]
async fn a_running_answer_is_there_with_the_place_to_go_on_from() {
    let site = Site::new().await;
    let (held, watching) = site.hold("One two three").await;
    let conversation = site.conversation(held.conversation).await;
    let answer = &conversation.messages[1];
    assert_eq!(answer.state, MessageState::Writing);
    assert_eq!(answer.text, "One two three");
    assert_eq!(answer.turn, Some(held.turn));
    assert!(answer.last_event >= watching.transcript.last);

    let going_on = site.watch(held.turn, answer.last_event).await;
    let stop = site.post(&api::stop(held.turn), &json!({})).await;
    assert_eq!(stop.status, 204);
    let rest = going_on.rest().await;
    assert_eq!(rest.transcript.text, "", "the text came twice");
    assert!(rest.entries[0].id > answer.last_event);
}
