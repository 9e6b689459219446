//! Asking without JavaScript.

use protocol::{Event, MessageState, api};
use reqwest::header;
use serde_json::json;

use crate::{reply::Reply, site::Site};

impl Site {
    async fn ask(&self, form: &[(&str, &str)]) -> Reply {
        let body = serde_urlencoded::to_string(form).unwrap();
        let content_type = "application/x-www-form-urlencoded";
        let request = self.request("POST /ask").body(body);
        Reply::to(request.header(header::CONTENT_TYPE, content_type)).await
    }
}

#[tokio::test]
async fn the_whole_answer_comes_back() {
    let site = Site::new().await;
    site.script(json!({"text": "It is **so**."})).await;
    let first = site
        .ask(&[("text", "Why?\r\nReally?"), ("model", "")])
        .await;
    assert_eq!(first.status, 303, "{}", first.body);
    let location = first.header("location").to_owned();
    let page = site.get(&location).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<strong>so</strong>"), "{}", page.body);

    let id = location.strip_prefix("/c/").unwrap();
    let again = site.ask(&[("text", "And?"), ("conversation", id)]).await;
    assert_eq!(again.header("location"), location);
    let conversation = site.conversation(id.parse().unwrap()).await;
    let states = conversation.messages.iter().map(|message| message.state);
    assert!(states.eq([MessageState::Finished; 4]));
    assert_eq!(conversation.messages[0].text, "Why?\nReally?");
}

#[tokio::test]
async fn a_refusal_is_a_page_that_keeps_what_was_written() {
    let site = Site::new().await;
    let text = "Keep </textarea><b>me</b> &amp; all";
    let deleted = site.finish(json!({"text": "Yes."})).await.conversation;
    Reply::to(site.request(&format!("DELETE {}", api::conversation(deleted)))).await;
    for (form, status, words) in [
        ([("text", " "), ("model", "")], 400, "The message is empty."),
        (
            [("text", text), ("model", "demo/nobody")],
            404,
            "No provider offers the model",
        ),
        (
            [("text", text), ("conversation", &deleted.to_string())],
            404,
            "There is no such conversation.",
        ),
        (
            [("text", text), ("conversation", "7")],
            404,
            "There is no such conversation.",
        ),
    ] {
        let reply = site.ask(&form).await;
        assert_eq!(reply.status, status, "{form:?}");
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
        assert!(reply.body.contains(words), "{form:?}: {}", reply.body);
        if form[0].1 == text {
            let (_, rest) = reply.body.split_once("<textarea").unwrap();
            let (_, rest) = rest.split_once('>').unwrap();
            let (kept, _) = rest.split_once("</textarea>").unwrap();
            let kept = kept.replace("&lt;", "<").replace("&gt;", ">");
            assert_eq!(kept.replace("&amp;", "&"), text, "{form:?}");
        }
    }
    assert_eq!(site.get(api::CONVERSATIONS).await.body, "[]");
}

#[tokio::test]
async fn a_message_that_is_too_long_is_told_on_the_page() {
    let site = Site::new().await;
    let body_limit = 6 * 1_000_000 + 64 * 1024;
    for bytes in [1_000_001, body_limit] {
        let reply = site.ask(&[("text", &"x".repeat(bytes))]).await;
        assert_eq!(reply.status, 413, "{bytes}");
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    }
}

#[tokio::test]
async fn an_answer_that_fails_is_shown_as_far_as_it_came() {
    let site = Site::new().await;
    let script = json!({"text": "so far so good", "fault": {"kind": "cut", "after_tokens": 2}});
    site.script(script).await;
    let reply = site.ask(&[("text", "Why?")]).await;
    assert_eq!(reply.status, 303);
    let page = site.get(reply.header("location")).await;
    assert!(page.body.contains("so far"), "{}", page.body);
    assert!(page.body.contains("before the answer was complete"));
}

#[tokio::test]
async fn while_an_answer_is_written_the_page_asks_for_itself_again() {
    let site = Site::new().await;
    let (held, watching) = site.hold("One two").await;
    let path = api::conversation_page(held.conversation);
    let refresh = "http-equiv=\"refresh\"";
    assert!(site.get(&path).await.body.contains(refresh));
    site.post(&api::stop(held.turn), &json!({})).await;
    assert!(matches!(watching.rest().await.last(), Event::Stopped(_)));
    assert!(!site.get(&path).await.body.contains(refresh));
}

#[tokio::test]
async fn its_address_opened_by_itself_leads_to_the_empty_page() {
    let site = Site::new().await;
    let reply = site.get("/ask").await;
    assert_eq!((reply.status, reply.header("location")), (303, "/"));
}
