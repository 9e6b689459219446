//! Stop, from the request to the upstream's closed connection.

use protocol::{Event, MessageState, api};
use serde_json::json;

use crate::{reply::Reply, site::Site};

#[tokio::test]
async fn stop_closes_the_upstream_and_keeps_what_came() {
    let site = Site::new().await;
    let (held, watching) = site.hold("One two three").await;
    assert_eq!(site.simulator.stats().open, 1);
    let reply = Reply::to(site.request(&format!("POST {}", api::stop(held.turn)))).await;
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    let stats = site.upstream(|stats| stats.open == 0).await;
    assert_eq!((stats.closed_by_caller, stats.completed), (1, 0));

    let watching = watching.rest().await;
    let Event::Stopped(ending) = watching.last() else {
        panic!("not stopped: {:?}", watching.last());
    };
    assert_eq!(ending.reason, "stopped by the reader");
    assert!(ending.statistics.usage.estimated);
    let answer = site.conversation(held.conversation).await.messages[1].clone();
    assert_eq!(answer.state, MessageState::Stopped);
    assert_eq!(answer.text, "One two three");

    // Twice is as good as once, and after the end it changes nothing.
    let again = site.post(&api::stop(held.turn), &json!({"shown": 0})).await;
    assert_eq!(again.status, 204);
    let after = site.conversation(held.conversation).await;
    assert_eq!(after.messages[1], answer);
}

#[tokio::test]
async fn stop_keeps_no_more_than_was_shown() {
    let site = Site::new().await;
    let (held, watching) = site.hold("Grüße an alle").await;
    let stop = json!({"shown": 5});
    assert_eq!(site.post(&api::stop(held.turn), &stop).await.status, 204);
    let watching = watching.rest().await;
    assert_eq!(watching.transcript.text, "Grüße");
    let conversation = site.conversation(held.conversation).await;
    assert_eq!(conversation.messages[1].text, "Grüße");
}

#[tokio::test]
async fn stop_works_before_the_first_token() {
    for fault in [
        json!({"kind": "silence"}),
        json!({"kind": "silence", "after_tokens": 0}),
    ] {
        let site = Site::new().await;
        site.script(json!({"fault": fault})).await;
        let started = site.start(json!({})).await;
        site.upstream(|stats| stats.open == 1).await;
        let watching = site.watch(started.turn, 0).await;
        let stop = site.post(&api::stop(started.turn), &json!({})).await;
        assert_eq!(stop.status, 204);
        let stats = site.upstream(|stats| stats.open == 0).await;
        assert_eq!(stats.closed_by_caller, 1);
        let watching = watching.rest().await;
        assert!(matches!(watching.last(), Event::Stopped(_)));
        assert_eq!(watching.transcript.text, "");
    }
}

#[tokio::test]
async fn watchers_that_leave_stop_nothing() {
    let site = Site::new().await;
    let script = json!({"text": "One two three", "tokens_per_second": 20, "first_token_ms": 50});
    site.script(script).await;
    let started = site.start(json!({})).await;
    let mut watching = site.watch(started.turn, 0).await;
    assert!(watching.next().await.is_some());
    drop(watching);
    let rest = site.watch(started.turn, 0).await.rest().await;
    assert!(matches!(rest.last(), Event::Finished(_)));
    assert_eq!(rest.transcript.text, "One two three");
    assert_eq!(site.simulator.stats().completed, 1);
}
