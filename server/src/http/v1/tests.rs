//! What ends a call, and what its caller sees while it goes on, on a clock
//! that does not wait.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::response::IntoResponse;
use gateway::{Answer, FinishReason, Report, Step};
use protocol::{Attempt, AttemptReason, Problem, ProblemKind, TurnId};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{
    Identity,
    call::{Bounds, Call},
    error::ApiError,
    stream, whole,
};
use crate::http::recorder::tests::{attempt, recorder};

const SECOND: Duration = Duration::from_secs(1);

/// An answer whose steps come at these times; silent after them.
struct Scripted(VecDeque<(Instant, Step)>);

#[async_trait]
impl Answer for Scripted {
    async fn next(&mut self) -> Option<Step> {
        match self.0.front() {
            Some((at, _)) => sleep_until(*at).await,
            None => std::future::pending().await,
        }
        self.0.pop_front().map(|(_, step)| step)
    }

    fn report(&self) -> Report {
        Report {
            attempts: vec![attempt("m", AttemptReason::First)],
            model: Some("p/m".to_owned()),
            ..Report::default()
        }
    }

    fn close(self: Box<Self>) -> Report {
        self.report()
    }
}

/// A call, and what ends up on its record.
struct Scene {
    call: Call,
    identity: Identity,
    shutdown: CancellationToken,
    kept: Arc<Mutex<Vec<Attempt>>>,
    recorder: super::super::Recorder,
}

/// A call whose steps come so long after one another.
fn scene(steps: impl IntoIterator<Item = (Duration, Step)>) -> Scene {
    let mut at = Instant::now();
    let steps = steps.into_iter().map(|(after, step)| {
        at += after;
        (at, step)
    });
    let turn = TurnId::from_random_bytes([3; 16]);
    let (recorder, kept) = recorder();
    let shutdown = CancellationToken::new();
    let bounds = Bounds {
        whole: 60 * SECOND,
        shutdown: shutdown.clone(),
    };
    let answer = Box::new(Scripted(steps.collect()));
    Scene {
        call: Call::new(turn, answer, recorder.clone(), bounds),
        identity: Identity::new(turn),
        shutdown,
        kept,
        recorder,
    }
}

fn text(text: &str) -> Step {
    Step::Text(text.to_owned())
}

fn failed() -> Step {
    Step::Failed(Problem::new(ProblemKind::Overloaded, "Too busy.").retryable())
}

/// The status, `x-should-retry`, and the body.
async fn read(response: Result<axum::response::Response, ApiError>) -> (u16, String, String) {
    let response = response.into_response();
    let status = response.status().as_u16();
    let again = response.headers().get("x-should-retry");
    let again = again.map_or("", |value| value.to_str().unwrap()).to_owned();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
    let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
    (status, again, body)
}

#[tokio::test(start_paused = true)]
async fn a_stream_begins_before_the_first_word_where_that_is_late() {
    let scene = scene([
        (25 * SECOND, text("late")),
        (SECOND, Step::Finished(FinishReason::Stop)),
    ]);
    let began = Instant::now();
    let response = stream::respond(scene.call, scene.identity, true).await;
    assert_eq!(began.elapsed(), 10 * SECOND);
    assert_eq!(
        response.as_ref().unwrap().headers()["x-rivulet-model"],
        "p/m"
    );
    let (status, _, body) = read(response).await;
    assert_eq!(status, 200);
    let words = body.find("data: ").unwrap();
    assert_eq!(body[..words].matches("\n\n").count(), 2, "{body}");
    assert!(body[..words].starts_with(':'), "{body}");
    assert!(body.contains(r#""content":"late""#), "{body}");
    assert!(body.ends_with("data: [DONE]\n\n"), "{body}");
    assert!(!body.contains(r#""choices":[],"#), "nothing was counted");
}

#[tokio::test(start_paused = true)]
async fn a_failure_has_a_status_as_long_as_the_head_waits() {
    let early = scene([(9 * SECOND, failed())]);
    let (status, again, _) = read(stream::respond(early.call, early.identity, false).await).await;
    assert_eq!((status, again.as_str()), (503, "false"));
    let late = scene([(11 * SECOND, failed())]);
    let (status, _, body) = read(stream::respond(late.call, late.identity, false).await).await;
    assert_eq!(status, 200);
    assert!(body.contains("Too busy."), "{body}");
    assert!(!body.contains("[DONE]"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_with_the_clock_of_the_whole_turn() {
    let began = Instant::now();
    let silent = scene([]);
    let (status, again, body) = read(whole::respond(silent.call, &silent.identity).await).await;
    assert_eq!((status, again.as_str()), (504, "false"), "{body}");
    assert_eq!(began.elapsed(), 60 * SECOND);

    let slow = scene((0..100).map(|_| (SECOND, text("on "))));
    let (status, _, body) = read(stream::respond(slow.call, slow.identity, false).await).await;
    assert_eq!(status, 200);
    assert!(body.contains(r#""code":"timeout""#), "{body}");
    slow.recorder.flush().await;
    assert_eq!(slow.kept.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_calls_with_a_word_and_keeps_their_books() {
    for is_stream in [true, false] {
        let scene = scene([(SECOND, text("on and on"))]);
        let shutdown = scene.shutdown.clone();
        tokio::spawn(async move {
            sleep(2 * SECOND).await;
            shutdown.cancel();
        });
        let (status, again, body) = read(match is_stream {
            true => stream::respond(scene.call, scene.identity, false).await,
            false => whole::respond(scene.call, &scene.identity).await,
        })
        .await;
        match is_stream {
            true => assert_eq!(status, 200),
            false => assert_eq!((status, again.as_str()), (503, "true")),
        }
        assert!(body.contains("The server stopped"), "{body}");
        assert!(!body.contains("[DONE]"), "{body}");
        scene.recorder.flush().await;
        assert_eq!(scene.kept.lock().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_one_piece_has_a_largest_size() {
    let megabyte = "x".repeat(1 << 20);
    let scene = scene((0..40).map(|_| (Duration::ZERO, text(&megabyte))));
    let (status, _, body) = read(whole::respond(scene.call, &scene.identity).await).await;
    assert_eq!(status, 413, "{body}");
    assert!(body.contains("32 MB"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn a_tools_name_that_comes_twice_stands_once() {
    let call = |arguments: &str| Step::Tool {
        index: 0,
        id: Some("i".to_owned()),
        name: Some("weather".to_owned()),
        arguments: arguments.to_owned(),
    };
    let scene = scene([
        (SECOND, call("{")),
        (SECOND, call("}")),
        (SECOND, Step::Finished(FinishReason::ToolCalls)),
    ]);
    let (_, _, body) = read(whole::respond(scene.call, &scene.identity).await).await;
    let expected =
        r#"[{"function":{"arguments":"{}","name":"weather"},"id":"i","type":"function"}]"#;
    assert!(body.contains(expected), "{body}");
}
