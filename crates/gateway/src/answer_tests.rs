//! Answers and their records, against a scripted upstream.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use protocol::{Attempt, Outcome, Phase, ProblemKind, Role, Status, TurnId, Usage};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    AnswerRequest, ChatMessage, ChatRequest, FinishReason, Gateway, Options, Params,
    ProviderGateway, Step,
    scripted_upstream::{Upstream, config, once},
};

async fn gateway() -> (Upstream, Arc<ProviderGateway>) {
    let upstream = Upstream::default();
    let address = upstream.start().await;
    let gateway = ProviderGateway::new(once(vec![config("acme", &address)]), None).unwrap();
    (upstream, gateway)
}

fn request(model: &str) -> AnswerRequest {
    AnswerRequest {
        turn: TurnId(Uuid::now_v7()),
        ask: ChatRequest {
            model: model.into(),
            messages: [ChatMessage::text(Role::User, "12345678")].into(),
            params: Params {
                max_tokens: Some(50),
                ..Params::default()
            },
            stream: true,
            ..ChatRequest::default()
        },
        options: Options::default(),
    }
}

fn waiting(model: &str) -> Step {
    Step::Status(Status {
        phase: Phase::Waiting,
        provider: Some("acme".into()),
        model: Some(model.into()),
        attempt: Some(1),
        expected_tokens: Some(50),
        ..Status::default()
    })
}

/// All steps after the first, which must be the status, and the one attempt.
async fn run(gateway: &ProviderGateway, model: &str) -> (Vec<Step>, Attempt) {
    let request = request(model);
    let turn = request.turn;
    let mut answer = gateway.answer(request);
    assert_eq!(answer.next().await, Some(waiting(model)));
    let mut steps = Vec::new();
    while let Some(step) = answer.next().await {
        steps.push(step);
    }
    assert_eq!(answer.next().await, None);
    let mut attempts = answer.close().attempts;
    assert_eq!(attempts.len(), 1);
    let attempt = attempts.remove(0);
    assert_eq!((attempt.turn, attempt.number), (turn, 1));
    assert_eq!(format!("{}/{}", attempt.provider, attempt.model), model);
    assert!(attempt.started_ms > 1_600_000_000_000);
    (steps, attempt)
}

fn estimated() -> Usage {
    Usage {
        input: Some(2),
        output: Some(2),
        estimated: true,
        ..Usage::default()
    }
}

#[tokio::test]
async fn a_whole_answer_is_passed_on_and_recorded() {
    let (_, gateway) = gateway().await;
    let (steps, attempt) = run(&gateway, "acme/whole").await;
    let usage = Usage {
        input: Some(9),
        output: Some(2),
        ..Usage::default()
    };
    let text = Step::Text("Hello".into());
    let finished = Step::Finished(FinishReason::Stop);
    assert_eq!(steps, [text, Step::Usage(usage), finished]);
    assert_eq!(attempt.outcome, Outcome::Finished);
    assert_eq!(attempt.answered_by.as_deref(), Some("whole-2"));
    assert_eq!((attempt.status, attempt.usage), (Some(200), usage));
    assert!(attempt.first_token_ms.unwrap() <= attempt.duration_ms);
}

#[tokio::test]
async fn tokens_that_nobody_counted_are_estimated() {
    let (_, gateway) = gateway().await;
    let (steps, attempt) = run(&gateway, "acme/uncounted").await;
    let text = Step::Text("Hello".into());
    let finished = Step::Finished(FinishReason::Stop);
    assert_eq!(steps, [text, Step::Usage(estimated()), finished]);
    assert_eq!(attempt.usage, estimated());
}

#[tokio::test]
async fn failures_are_passed_on_and_recorded() {
    let (_, gateway) = gateway().await;
    let (steps, attempt) = run(&gateway, "acme/limited").await;
    let [Step::Failed(problem)] = steps.as_slice() else {
        panic!("{steps:?}");
    };
    assert_eq!(problem.message, "Slow down.");
    assert_eq!(problem.retry_after_ms, Some(2_000));
    assert_eq!(attempt.outcome, Outcome::Failed);
    assert_eq!(attempt.problem, Some(ProblemKind::RateLimited));
    assert_eq!(attempt.status, Some(429));
    assert_eq!(attempt.code.as_deref(), Some("rate_limit_exceeded"));
    assert_eq!(attempt.usage, Usage::default());

    let (steps, attempt) = run(&gateway, "acme/cut").await;
    let [Step::Text(_), Step::Usage(usage), Step::Failed(problem)] = steps.as_slice() else {
        panic!("{steps:?}");
    };
    assert_eq!(*usage, estimated());
    assert_eq!(problem.kind, ProblemKind::CutOff);
    assert_eq!(attempt.problem, Some(ProblemKind::CutOff));
    assert_eq!((attempt.status, attempt.usage), (Some(200), estimated()));
}

#[tokio::test]
async fn closing_stops_the_upstream_and_is_recorded() {
    let (upstream, gateway) = gateway().await;
    let mut answer = gateway.answer(request("acme/endless"));
    while !matches!(answer.next().await, Some(Step::Text(_))) {}
    let attempts = answer.close().attempts;
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].outcome, Outcome::Stopped);
    assert_eq!(attempts[0].usage, estimated());
    timeout(Duration::from_secs(10), upstream.closed.notified())
        .await
        .expect("the upstream sees the connection close");
}

#[tokio::test]
async fn nothing_sent_is_nothing_attempted() {
    let (upstream, gateway) = gateway().await;
    let answer = gateway.answer(request("acme/whole"));
    assert_eq!(answer.close().attempts, []);
    let mut answer = gateway.answer(request("acme/whole"));
    answer.next().await;
    assert_eq!(answer.close().attempts, []);
    run(&gateway, "acme/whole").await;
    assert_eq!(upstream.chats_asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_provider_that_does_not_exist_is_a_failure_without_attempt() {
    let (_, gateway) = gateway().await;
    let mut answer = gateway.answer(request("other/whole"));
    let step = answer.next().await;
    assert!(
        matches!(&step, Some(Step::Failed(problem)) if problem.kind == ProblemKind::NotFound),
        "{step:?}"
    );
    assert_eq!(answer.next().await, None);
    assert_eq!(answer.close().attempts, []);
}
