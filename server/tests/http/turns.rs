//! Starting a turn, and what comes of it.

use protocol::{
    Event, MessageId, MessageState, ProblemKind, Role, TurnId, Usage,
    api::{self, Started},
};
use reqwest::header;
use serde_json::json;

use crate::{
    reply::{Reply, Watching},
    site::{MODEL, Site, UNREACHABLE},
};

#[tokio::test]
async fn the_answer_to_a_start_is_the_ids_or_the_stream_itself() {
    let site = Site::new().await;
    site.script(json!({"text": "Because."})).await;
    let reply = site.post(api::TURNS, &json!({"text": "Why?"})).await;
    assert_eq!(reply.status, 201);
    let started: Started = serde_json::from_str(&reply.body).unwrap();
    let location = format!("/api/turns/{}/events", started.turn);
    assert_eq!(reply.header("location"), location);

    let request = site.request("POST /api/turns");
    let request = request.header(header::ACCEPT, "text/event-stream");
    let mut watching = Watching::new(request.json(&json!({"text": "Why?"}))).await;
    let first = watching.next().await.unwrap();
    assert_eq!(first.id, 1);
    let Event::Accepted { turn, answer, .. } = first.event else {
        panic!("not accepted first: {first:?}");
    };
    let watching = watching.rest().await;
    assert!(matches!(watching.last(), Event::Finished(_)));
    assert_eq!(watching.transcript.text, "Because.");

    let (_, stored) = store::Store::answer_of(&site.store, turn).await.unwrap();
    assert_eq!((stored.id, stored.text.as_str()), (answer, "Because."));
    assert_eq!(stored.model.as_deref(), Some(MODEL));
}

#[tokio::test]
async fn a_start_that_is_repeated_starts_nothing_twice() {
    let site = Site::new().await;
    site.script(json!({"text": "Once."})).await;
    let turn = TurnId::from_random_bytes([7; 16]);
    let request = json!({"turn": turn});
    let (first, again) = tokio::join!(site.start(request.clone()), site.start(request.clone()));
    assert_eq!((first.turn, first), (turn, again));
    site.watch(turn, 0).await.rest().await;
    assert_eq!(site.start(request).await, first, "after its end, too");
    assert_eq!(site.simulator.stats().total, 1);
    let conversation = site.conversation(first.conversation).await;
    assert_eq!(conversation.messages.len(), 2);
}

#[tokio::test]
async fn a_retry_writes_another_version_of_the_answer() {
    let site = Site::new().await;
    let first = site.finish(json!({"text": "One."})).await;
    site.script(json!({"text": "Two."})).await;
    let retry = json!({"text": "", "conversation": first.conversation, "retry": first.question});
    let second = site.start(retry).await;
    assert_eq!(second.question, first.question);
    site.watch(second.turn, 0).await.rest().await;

    let conversation = site.conversation(first.conversation).await;
    let versions: Vec<_> = conversation
        .messages
        .iter()
        .filter(|message| message.parent == Some(first.question))
        .map(|message| message.text.as_str())
        .collect();
    assert_eq!(versions, ["One.", "Two."]);

    for (wrong, status) in [
        (json!({"text": "x", "retry": first.question}), 400),
        (json!({"text": "", "retry": first.answer}), 400),
        (
            json!({"text": "", "retry": MessageId::from_random_bytes([1; 16])}),
            404,
        ),
    ] {
        let mut request = wrong;
        request["conversation"] = json!(first.conversation);
        let reply = site.post(api::TURNS, &request).await;
        assert_eq!(reply.status, status, "{request}");
        reply.problem();
    }
}

#[tokio::test]
async fn a_question_follows_the_newest_answer_or_the_one_named() {
    let site = Site::new().await;
    let first = site.finish(json!({"text": "One."})).await;
    let follow = async |parent: Option<MessageId>| {
        let mut request = json!({"conversation": first.conversation});
        if let Some(parent) = parent {
            request["parent"] = json!(parent);
        }
        let started = site.start(request).await;
        site.watch(started.turn, 0).await.rest().await;
        started
    };
    let second = follow(None).await;
    let other = follow(Some(first.answer)).await;
    let conversation = site.conversation(first.conversation).await;
    for question in [second.question, other.question] {
        let message = conversation.messages.iter().find(|it| it.id == question);
        assert_eq!(message.unwrap().parent, Some(first.answer));
    }
}

#[tokio::test]
async fn a_second_turn_under_a_running_answer_is_refused() {
    let site = Site::new().await;
    let (held, _watching) = site.hold("One two").await;
    for request in [
        json!({"text": "And?", "conversation": held.conversation}),
        json!({"text": "", "conversation": held.conversation, "retry": held.question}),
    ] {
        let reply = site.post(api::TURNS, &request).await;
        assert_eq!(reply.status, 409, "{request}");
        let problem = reply.problem();
        assert_eq!(problem.kind, ProblemKind::Conflict);
        assert!(problem.retryable, "{problem:?}");
    }
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_named_in_a_failed_event() {
    let site = Site::new().await;
    let started = site.start(json!({"model": UNREACHABLE})).await;
    let watching = site.watch(started.turn, 0).await.rest().await;
    let Event::Failed(ending) = watching.last() else {
        panic!("not failed: {:?}", watching.last());
    };
    assert_eq!(ending.reason, "unreachable");
    assert_eq!(ending.statistics.attempts, 3);
    let problem = ending.problem.clone().unwrap();
    assert_eq!(problem.kind, ProblemKind::Unreachable);
    assert_eq!(problem.provider.as_deref(), Some("absent"));
    assert!(
        problem.message.starts_with("Cannot reach absent at 127."),
        "{}",
        problem.message
    );

    let conversation = site.conversation(started.conversation).await;
    let answer = &conversation.messages[1];
    assert_eq!(answer.state, MessageState::Failed);
    assert_eq!(answer.problem, Some(problem.clone()));
    let page = site
        .get(&api::conversation_page(started.conversation))
        .await;
    assert!(page.body.contains("Cannot reach absent at 127."));
}

#[tokio::test]
async fn an_answer_that_breaks_off_has_failed_and_keeps_its_text() {
    let site = Site::new().await;
    let script = json!({"text": "a b c d", "fault": {"kind": "cut", "after_tokens": 2}});
    let started = site.finish(script).await;
    let answer = site.conversation(started.conversation).await.messages[1].clone();
    assert_eq!(answer.state, MessageState::Failed);
    assert_eq!(answer.text, "a b");
    assert_eq!(answer.problem.unwrap().kind, ProblemKind::CutOff);
}

#[tokio::test]
async fn what_an_answer_took_is_told_and_recorded() {
    let site = Site::new().await;
    let started = site
        .finish(json!({"text": "one two three", "usage": "last"}))
        .await;
    let answer = site.conversation(started.conversation).await.messages[1].clone();
    assert_eq!(
        (answer.role, answer.state),
        (Role::Assistant, MessageState::Finished)
    );
    let statistics = answer.statistics.unwrap();
    assert_eq!((statistics.words, statistics.characters), (3, 13));
    assert_eq!(statistics.model.as_deref(), Some(MODEL));
    let Usage {
        output, estimated, ..
    } = statistics.usage;
    assert_eq!((output, estimated), (Some(3), false));
    let attempts = store::Store::attempts(&site.store, started.turn)
        .await
        .unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].usage, statistics.usage);
}

#[tokio::test]
async fn models_are_listed_by_provider() {
    let site = Site::new().await;
    let list: protocol::ModelList =
        serde_json::from_str(&site.get(api::MODELS).await.body).unwrap();
    assert_eq!(list.default.as_deref(), Some(MODEL));
    let (provider, _) = list.find(MODEL).unwrap();
    assert!(provider.simulated);
    assert!(list.find(UNREACHABLE).is_some());
}

#[tokio::test]
async fn pieces_are_drawn_or_left_as_they_are() {
    let site = Site::new().await;
    let pieces = json!([
        {"kind": "code", "language": "rust", "source": "let a = \"<b>\";"},
        {"kind": "code", "language": "no such language", "source": "x"},
        {"kind": "math", "source": "x^2", "display": false},
    ]);
    let reply: Reply = site.post(api::ENRICH, &pieces).await;
    let drawn: Vec<Option<String>> = serde_json::from_str(&reply.body).unwrap();
    let code = drawn[0].as_deref().unwrap();
    assert!(code.contains("let") && !code.contains("<b>"), "{code}");
    assert_eq!(drawn[1], None);
    assert!(drawn[2].as_deref().unwrap().contains("<math"), "{drawn:?}");
}
