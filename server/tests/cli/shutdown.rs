//! SIGTERM.

use std::time::Duration;

use protocol::{MessageState, Outcome};
use serde_json::json;
use store::{SqliteStore, Store as _};

use crate::rivulet::Rivulet;

/// It has 5 s by itself; a service manager that is patient kills after 10.
const BEFORE_A_KILL: Duration = Duration::from_secs(10);

#[tokio::test]
async fn it_ends_by_itself_with_streams_open_and_keeps_all_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Rivulet::serve(directory.path()).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = server.ask("Count from 1 to 100000").await;
        stream.words(20).await;
        streams.push(stream);
    }
    server.terminate().await;
    let ended = server.end(BEFORE_A_KILL).await.expect("it ends by itself");
    assert_eq!(ended.code(), Some(0));

    let server = Rivulet::serve(directory.path()).await;
    for mut stream in streams {
        stream.rest().await;
        // No last word: the page comes back and asks how it stands.
        assert_eq!(stream.transcript.ending, None);
        let conversation = server.conversation(stream.conversation()).await;
        let answer = &conversation.messages[1];
        assert_eq!(answer.state, MessageState::Interrupted);
        assert!(
            answer.text.starts_with(&stream.transcript.text),
            "{}\n\nlacks some of\n\n{}",
            answer.text,
            stream.transcript.text
        );
    }
}

#[tokio::test]
async fn bare_text_that_it_interrupts_does_not_look_whole() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Rivulet::serve(directory.path()).await;
    let start = server.client.post(format!("{}/api/turns", server.url));
    let body = json!({"text": "Count from 1 to 100000", "model": "demo/novelist"});
    let start = start.header("accept", "text/plain").json(&body);
    let mut response = start.send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    server.terminate().await;
    let ended = server.end(BEFORE_A_KILL).await.expect("it ends by itself");
    assert_eq!(ended.code(), Some(0));
    let broke_off = loop {
        match response.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broke_off, "it ended as if it were whole");
}

#[tokio::test]
async fn without_anything_to_do_it_ends_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Rivulet::serve(directory.path()).await;
    // An idle connection, as browsers keep them.
    let ready = server.client.get(format!("{}/readyz", server.url));
    assert_eq!(ready.send().await.unwrap().status(), 204);
    server.terminate().await;
    let ended = server.end(BEFORE_A_KILL).await.expect("it ends by itself");
    assert_eq!(ended.code(), Some(0));
    // All is in the one file: nothing is left to be replayed.
    assert!(directory.path().join("rivulet.db").exists());
    assert!(!directory.path().join("rivulet.db-wal").exists());
}

#[tokio::test]
async fn completions_end_with_a_word_and_are_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Rivulet::serve(directory.path()).await;
    let ask = |stream: bool| {
        let url = format!("{}/v1/chat/completions", server.url);
        server.client.post(url).json(&json!({
            "model": "demo/novelist",
            "stream": stream,
            "messages": [{"role": "user", "content": "Count from 1 to 100000"}],
        }))
    };
    let whole = tokio::spawn(ask(false).send());
    let mut streamed = ask(true).send().await.unwrap();
    let mut said = streamed.chunk().await.unwrap().unwrap().to_vec();
    server.terminate().await;
    while let Some(more) = streamed.chunk().await.unwrap() {
        said.extend_from_slice(&more);
    }
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("The server stopped"), "{said}");
    assert!(!said.contains("[DONE]"), "{said}");
    let whole = whole.await.unwrap().unwrap();
    assert_eq!(whole.status(), 503);
    assert_eq!(whole.headers()["x-should-retry"], "true");
    let ended = server.end(BEFORE_A_KILL).await.expect("it ends by itself");
    assert_eq!(ended.code(), Some(0));

    let (_, id) = said.split_once("chatcmpl-").unwrap();
    let turn = id.split('"').next().unwrap().parse().unwrap();
    let store = SqliteStore::open(&directory.path().join("rivulet.db")).await;
    let attempts = store.unwrap().attempts(turn).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].outcome, Outcome::Stopped);
}
