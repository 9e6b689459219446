//! Watching a turn: formats, headers, and coming back.

use protocol::{Entry, Event, Transcript, api};
use reqwest::header;
use serde_json::json;

use crate::{
    reply::{Reply, Watching},
    site::Site,
};

const TEXT: &str = "Grüße, 世界! 🦀 Line one\nline two \"quoted\" \\ and data: id: 7\n\n: end";

#[tokio::test]
async fn each_format_tells_the_same_answer() {
    let site = Site::new().await;
    let script = json!({"text": TEXT, "thinking_tokens": 5, "split_bytes": 3});
    let turn = site.finish(script).await.turn;
    let path = api::events(turn, 0);
    let ask = async |accept: &str| {
        Reply::to(
            site.request(&format!("GET {path}"))
                .header("accept", accept),
        )
        .await
    };

    let sse = site.watch(turn, 0).await.rest().await;
    assert_eq!(sse.transcript.text, TEXT);
    assert!(!sse.transcript.thinking.is_empty());

    let ndjson = ask("application/x-ndjson").await;
    let entries: Vec<Entry> = ndjson
        .body
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(entries, sse.entries);

    assert_eq!(ask("text/plain").await.body, TEXT);
    let unnamed = ask("*/*").await;
    assert_eq!(unnamed.header("content-type"), "text/event-stream");
}

#[tokio::test]
async fn nothing_on_the_way_may_hold_or_change_the_stream() {
    let site = Site::new().await;
    let turn = site.finish(json!({"text": TEXT})).await.turn;
    for (accept, content_type) in [
        ("text/event-stream", "text/event-stream"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/plain", "text/plain; charset=utf-8"),
    ] {
        let request = site.request(&format!("GET {}", api::events(turn, 0)));
        let request = request.header(header::ACCEPT, accept);
        let reply = Reply::to(request.header(header::ACCEPT_ENCODING, "gzip, br")).await;
        for (name, value) in [
            ("content-type", content_type),
            ("cache-control", "no-cache, no-transform"),
            ("x-accel-buffering", "no"),
            ("content-encoding", ""),
            ("content-length", ""),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(reply.header(name), value, "{accept}: {name}");
        }
    }
}

#[tokio::test]
async fn coming_back_after_any_event_gives_the_rest_and_nothing_twice() {
    let site = Site::new().await;
    let script = json!({"text": TEXT.repeat(4), "tokens_per_second": 300, "thinking_tokens": 3});
    let turn = site.finish(script).await.turn;
    let whole = site.watch(turn, 0).await.rest().await;
    for seen in 0..whole.entries.len() {
        let (before, after) = whole.entries.split_at(seen);
        let last = before.last().map_or(0, |entry| entry.id);
        let by_query = site.watch(turn, last).await.rest().await;
        assert_eq!(by_query.entries, after, "after {last}");

        let request = site.request(&format!("GET /api/turns/{turn}/events"));
        let by_header = Watching::new(request.header("last-event-id", last)).await;
        assert_eq!(by_header.rest().await.entries, after, "after {last}");
    }
    let end = whole.entries.last().unwrap().id;
    let mut nothing_new = site.watch(turn, end).await;
    assert_eq!(nothing_new.next().await, None);
}

#[tokio::test]
async fn an_event_source_that_reconnects_repeats_its_address_and_adds_where_it_is() {
    let site = Site::new().await;
    let turn = site.finish(json!({"text": "whole"})).await.turn;
    let whole = site.watch(turn, 0).await.rest().await;
    let request = site.request(&format!("GET {}", api::events(turn, 1)));
    let again = Watching::new(request.header("last-event-id", whole.entries[2].id)).await;
    assert_eq!(again.rest().await.entries, whole.entries[3..]);
}

#[tokio::test]
async fn a_hundred_disconnects_lose_and_double_nothing() {
    let site = Site::new().await;
    let text: String = (0..600).map(|n| format!("{n} ")).collect();
    let script = json!({"text": text, "tokens_per_second": 400});
    site.script(script).await;
    let turn = site.start(json!({})).await.turn;
    let mut transcript = Transcript::default();
    let mut joined = String::new();
    let mut connections = 0;
    while transcript.ending.is_none() {
        let mut watching = site.watch(turn, transcript.last).await;
        connections += 1;
        // Leaves after one event, then after two, and so on up to five.
        for _ in 0..1 + connections % 5 {
            let Some(entry) = watching.next().await else {
                break;
            };
            if let Event::Text { delta } = &entry.event {
                joined.push_str(delta);
            }
            transcript.apply(&entry);
        }
    }
    assert_eq!(joined, text);
    assert_eq!(transcript.text, text);
    assert!(connections > 10, "only {connections} connections");
    assert_eq!(site.simulator.stats().total, 1);
}

#[tokio::test]
async fn any_number_of_watchers_share_one_upstream_call() {
    let site = Site::new().await;
    let (held, first) = site.hold("One two three").await;
    let mut others = Vec::new();
    for _ in 0..20 {
        others.push(site.watch(held.turn, 0).await);
    }
    let stop = site.post(&api::stop(held.turn), &json!({})).await;
    assert_eq!(stop.status, 204);
    let first = first.rest().await;
    for other in others {
        let other = other.rest().await;
        assert_eq!(other.transcript.text, first.transcript.text);
        assert_eq!(other.last(), first.last());
    }
    assert_eq!(site.simulator.stats().total, 1);
}

#[tokio::test]
async fn a_broken_answer_in_bare_text_does_not_look_whole() {
    let site = Site::new().await;
    let script = json!({"text": "a b c d", "fault": {"kind": "cut", "after_tokens": 2}});
    let turn = site.finish(script).await.turn;
    let request = site.request(&format!("GET {}", api::events(turn, 0)));
    let mut response = request.header("accept", "text/plain").send().await.unwrap();
    let mut text = Vec::new();
    let error = loop {
        match response.chunk().await {
            Ok(Some(bytes)) => text.extend_from_slice(&bytes),
            Ok(None) => panic!("it ended as if it were whole"),
            Err(error) => break error,
        }
    };
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(text, b"a b", "what came before the end got lost");
}
