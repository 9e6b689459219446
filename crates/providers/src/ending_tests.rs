//! Answers over real sockets whose end is missing, or claimed too early.

use std::time::Duration;

use protocol::ProblemKind;
use tokio::time::timeout;

use crate::{
    Clocks,
    call_tests::{DONE, HELLO, STOP, STREAM, collect, hello, provider, request},
    scripted_server::{
        Act::{AwaitClose, Reset, Send, Sleep},
        Server,
    },
};

#[tokio::test]
async fn a_missing_end_mark_does_not_keep_the_reader_waiting() {
    let usage = Send("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n");
    for script in [
        &[STREAM, HELLO, STOP, AwaitClose][..],
        &[STREAM, HELLO, STOP, usage, AwaitClose],
        &[STREAM, HELLO, STOP, Reset],
    ] {
        let server = Server::start(&[script]).await;
        let mut stream = provider(&server.address, Clocks::default()).chat(request());
        let (_, error) = timeout(Duration::from_secs(30), collect(&mut stream))
            .await
            .unwrap();
        assert_eq!(error, None);
    }
}

#[tokio::test]
async fn a_finish_reason_that_comes_early_cuts_nothing_off() {
    let first = Send("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
    let both = Send(
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}],\
         \"usage\":{\"prompt_tokens\":1}}\n\n",
    );
    // Longer than what the end mark may take; shorter than that.
    let (long, short) = (Sleep(1_300), Sleep(300));
    for script in [
        &[STREAM, first, long, HELLO, long, HELLO, STOP, DONE][..],
        &[STREAM, both, short, both, long, both],
        &[STREAM, HELLO, STOP, short, HELLO, long, HELLO],
    ] {
        let server = Server::start(&[script]).await;
        let mut stream = provider(&server.address, Clocks::default()).chat(request());
        let (deltas, error) = collect(&mut stream).await;
        assert_eq!(error, None);
        let said = deltas.iter().filter(|delta| **delta == hello()).count();
        let expected = script
            .iter()
            .filter(|act| matches!(act, Send(it) if it.contains("Hello")));
        assert_eq!(said, expected.count());
    }

    // The reason stands where nothing else ends the answer, but not where
    // something breaks it off.
    let clocks = Clocks {
        silence: Duration::from_millis(300),
        ..Clocks::default()
    };
    let server = Server::start(&[&[STREAM, both, AwaitClose]]).await;
    let (_, error) = collect(&mut provider(&server.address, clocks).chat(request())).await;
    assert_eq!(error, None);
    let server = Server::start(&[&[STREAM, both, both, Reset]]).await;
    let (_, error) =
        collect(&mut provider(&server.address, Clocks::default()).chat(request())).await;
    assert_eq!(error.unwrap().kind, ProblemKind::CutOff);
}
