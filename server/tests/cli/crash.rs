//! `kill -9` in the middle of an answer.

use protocol::{MessageState, ProblemKind};

use crate::rivulet::Rivulet;

/// What may be lost, in words: those of the last 250 ms are 15 at 60 tokens a
/// second; the rest is for a machine that is busy.
const MAY_BE_LOST: usize = 90;

#[tokio::test]
async fn a_killed_server_loses_at_most_the_last_moment() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Rivulet::serve(directory.path()).await;
    let mut stream = server.ask("Count from 1 to 100000").await;
    stream.words(240).await;
    server.kill().await;
    stream.rest().await;
    let shown = &stream.transcript.text;
    assert_eq!(stream.transcript.ending, None);

    let server = Rivulet::serve(directory.path()).await;
    let conversation = server.conversation(stream.conversation()).await;
    assert_eq!(conversation.messages.len(), 2);
    let answer = &conversation.messages[1];
    assert_eq!(answer.state, MessageState::Interrupted);
    let problem = answer.problem.as_ref().unwrap();
    assert_eq!(problem.kind, ProblemKind::Interrupted);
    assert!(problem.retryable);
    // It may have been written down just before it was to be sent.
    assert!(
        shown.starts_with(&answer.text) || answer.text.starts_with(shown),
        "{shown}\n\nis not the beginning of\n\n{}",
        answer.text
    );
    let words = |text: &str| text.split_whitespace().count();
    let (shown, kept) = (words(shown), words(&answer.text));
    assert!(kept + MAY_BE_LOST >= shown, "of {shown} words {kept} kept");

    // The conversation goes on from there.
    let mut next = server.ask("Count from 1 to 3").await;
    next.rest().await;
    assert_eq!(next.transcript.state, MessageState::Finished);
}
