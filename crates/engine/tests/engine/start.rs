use protocol::api::StartTurn;
use protocol::{
    ConversationId, Event, MessageId, MessageState, ProblemKind, Role, Settings, TurnId,
};
use std::sync::atomic::Ordering;

use crate::{
    upstream::{Beat, finished, text},
    world::{World, ask, pass},
};

#[tokio::test(start_paused = true)]
async fn a_turn_exists_before_the_upstream_says_anything() {
    let world = World::new([Beat::Hang]);
    let ids = world.start().await;
    let first = world.watch(ids.turn, 0).await.next().await.unwrap();
    assert_eq!(first.id(), 1);
    assert_eq!(
        *first.event(),
        Event::Accepted {
            turn: ids.turn,
            conversation: ids.conversation,
            question: ids.question,
            answer: ids.answer,
        }
    );
    let conversation = world.engine.conversation(ids.conversation).await.unwrap();
    assert_eq!(conversation.title, "Why?");
    let states: Vec<_> = conversation
        .messages
        .iter()
        .map(|message| (message.id, message.role, message.state))
        .collect();
    assert_eq!(
        states,
        [
            (ids.question, Role::User, MessageState::Finished),
            (ids.answer, Role::Assistant, MessageState::Writing),
        ]
    );
    assert_eq!(world.engine.running(), 1);
}

async fn check_refused(request: StartTurn, kind: ProblemKind) {
    let world = World::new([finished()]);
    let problem = world.engine.start(request.clone()).await.unwrap_err();
    assert_eq!(problem.kind, kind, "{request:?}");
    assert!(problem.message.ends_with('.'), "{problem}");
    assert!(world.store.conversations.lock().unwrap().is_empty());
    assert_eq!(world.engine.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn bad_requests_are_refused_with_the_reason() {
    let settings = |settings| StartTurn {
        settings,
        ..ask("Why?")
    };
    let cases = [
        (ask(""), ProblemKind::BadRequest),
        (ask(" \n\t"), ProblemKind::BadRequest),
        (ask("a\0b"), ProblemKind::BadRequest),
        (ask(&"x".repeat(1_000_001)), ProblemKind::TooLarge),
        (
            StartTurn {
                model: Some("none/such".to_owned()),
                ..ask("Why?")
            },
            ProblemKind::NotFound,
        ),
        (
            StartTurn {
                conversation: Some(ConversationId(uuid::Uuid::now_v7())),
                ..ask("Why?")
            },
            ProblemKind::NotFound,
        ),
        (
            StartTurn {
                parent: Some(MessageId(uuid::Uuid::now_v7())),
                ..ask("Why?")
            },
            ProblemKind::BadRequest,
        ),
        (
            settings(Settings {
                temperature: Some(2.5),
                ..Settings::default()
            }),
            ProblemKind::BadRequest,
        ),
        (
            settings(Settings {
                temperature: Some(f32::NAN),
                ..Settings::default()
            }),
            ProblemKind::BadRequest,
        ),
        (
            settings(Settings {
                max_tokens: Some(0),
                ..Settings::default()
            }),
            ProblemKind::BadRequest,
        ),
        (
            settings(Settings {
                system: Some("x".repeat(1_000_001)),
                ..Settings::default()
            }),
            ProblemKind::TooLarge,
        ),
    ];
    for (request, kind) in cases {
        check_refused(request, kind).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_largest_message_is_taken() {
    let world = World::new([finished()]);
    world
        .engine
        .start(ask(&"x".repeat(1_000_000)))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_model_is_asked_with_the_path_to_the_question() {
    let world = World::new([text("Because."), finished()]);
    let first = world.start().await;
    world.all(first.turn, 0).await;
    let follow = |text: &str, parent| StartTurn {
        conversation: Some(first.conversation),
        parent,
        ..ask(text)
    };
    let second = world.engine.start(follow("And?", None)).await.unwrap();
    world.all(second.turn, 0).await;
    // Another branch, from the first answer.
    let branch = follow("Or?", Some(first.answer));
    let third = world.engine.start(branch).await.unwrap();
    world.all(third.turn, 0).await;
    let fourth = world.engine.start(follow("So?", None)).await.unwrap();
    world.all(fourth.turn, 0).await;

    let requests = world.upstream.requests.lock().unwrap();
    let asked: Vec<Vec<_>> = requests
        .iter()
        .map(|request| request.ask.messages.iter().map(|m| m.said()).collect())
        .collect();
    assert_eq!(
        asked,
        [
            vec!["Why?"],
            vec!["Why?", "Because.", "And?"],
            vec!["Why?", "Because.", "Or?"],
            vec!["Why?", "Because.", "Or?", "Because.", "So?"],
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_question_follows_a_complete_answer_of_its_conversation() {
    let world = World::new([text("a"), Beat::Wait(1000), finished()]);
    let here = world.start().await;
    let elsewhere = world.start().await;
    let start = async |parent| {
        let request = StartTurn {
            conversation: Some(here.conversation),
            parent,
            ..ask("And?")
        };
        let started = world.engine.start(request).await;
        started.map(|_| ()).map_err(|problem| problem.kind)
    };
    assert_eq!(start(None).await, Err(ProblemKind::Conflict));
    assert_eq!(start(Some(here.answer)).await, Err(ProblemKind::Conflict));
    assert_eq!(
        start(Some(here.question)).await,
        Err(ProblemKind::BadRequest)
    );
    assert_eq!(
        start(Some(elsewhere.answer)).await,
        Err(ProblemKind::NotFound)
    );
    pass(1100).await;
    assert_eq!(start(Some(here.answer)).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_stored_is_not_begun() {
    let world = World::new([finished()]);
    world.store.fail_begin.store(true, Ordering::SeqCst);
    let problem = world.engine.start(ask("Why?")).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Storage);
    assert_eq!(world.engine.running(), 0);
    assert_eq!(world.upstream.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_model_is_asked_while_the_turn_is_stored() {
    let world = World::new([text("a"), Beat::Wait(900), text("b"), finished()]);
    world.store.slow_begin.store(true, Ordering::SeqCst);
    let ids = world.start().await;
    world.all(ids.turn, 0).await;
    let stored = world.stored(ids.turn).await;
    assert_eq!(stored.text, "ab");
    let statistics = stored.statistics.unwrap();
    assert_eq!(statistics.duration_ms, 1000, "no longer than storing took");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_cannot_be_stored_asks_for_nothing_more() {
    let world = World::new([text("a"), Beat::Hang]);
    world.store.slow_begin.store(true, Ordering::SeqCst);
    world.store.fail_begin.store(true, Ordering::SeqCst);
    let problem = world.engine.start(ask("Why?")).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Storage);
    assert_eq!(world.upstream.requests.lock().unwrap().len(), 1);
    assert_eq!(world.upstream.open(), 0);
    assert_eq!(world.engine.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn stop_closes_the_upstream_while_the_turn_is_stored() {
    let world = World::new([text("a"), Beat::Hang]);
    world.store.slow_begin.store(true, Ordering::SeqCst);
    let turn = TurnId(uuid::Uuid::from_u128(7));
    let request = StartTurn {
        turn: Some(turn),
        ..ask("Why?")
    };
    let open_after_stop = async {
        pass(500).await;
        assert_eq!(world.upstream.open(), 1);
        tokio::select! {
            () = world.stop(turn, None) => panic!("storing takes another half of a second"),
            () = pass(1) => world.upstream.open(),
        }
    };
    let (started, open) = tokio::join!(world.engine.start(request), open_after_stop);
    assert_eq!(open, 0);
    started.unwrap();
    world.all(turn, 0).await;
    assert_eq!(world.stored(turn).await.state, MessageState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_fault_while_the_turn_is_stored_keeps_what_came() {
    let world = World::new([text("a"), Beat::Panic]);
    world.store.slow_begin.store(true, Ordering::SeqCst);
    let ids = world.start().await;
    world.all(ids.turn, 0).await;
    let stored = world.stored(ids.turn).await;
    assert_eq!(
        (stored.state, stored.text.as_str()),
        (MessageState::Failed, "a")
    );
}

#[tokio::test(start_paused = true)]
async fn a_turn_runs_even_if_who_asked_went_away_while_it_was_stored() {
    let world = World::new([text("a"), finished()]);
    world.store.slow_begin.store(true, Ordering::SeqCst);
    tokio::select! {
        _ = world.engine.start(ask("Why?")) => panic!("storing takes a second"),
        () = pass(500) => {}
    }
    pass(1000).await;
    let conversations = world.store.conversations.lock().unwrap();
    let answer = &conversations[0].messages[1];
    assert_eq!(
        (answer.state, answer.text.as_str()),
        (MessageState::Finished, "a")
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_sent_again_starts_nothing_twice() {
    let world = World::new([text("a"), finished()]);
    world.store.slow_begin.store(true, Ordering::SeqCst);
    let request = StartTurn {
        turn: Some(TurnId(uuid::Uuid::from_u128(7))),
        ..ask("Why?")
    };
    let start = || world.engine.start(request.clone());
    let (one, other) = tokio::join!(start(), start());
    let ids = one.unwrap();
    assert_eq!(ids.turn, request.turn.unwrap());
    assert_eq!(other.unwrap(), ids);
    world.all(ids.turn, 0).await;
    assert_eq!(start().await.unwrap(), ids, "from the log");
    pass(600_000).await;
    assert_eq!(start().await.unwrap(), ids, "from the store");
    assert_eq!(world.upstream.requests.lock().unwrap().len(), 1);
    assert_eq!(world.store.conversations.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_question_can_be_answered_anew() {
    let world = World::new([text("a"), Beat::Wait(1000), finished()]);
    let first = world.start().await;
    let retry = async |question, text: &str, parent| {
        let request = StartTurn {
            conversation: Some(first.conversation),
            retry: Some(question),
            parent,
            ..ask(text)
        };
        let started = world.engine.start(request).await;
        started.map_err(|problem| problem.kind)
    };
    let (question, answer) = (first.question, first.answer);
    assert_eq!(retry(question, "", None).await, Err(ProblemKind::Conflict));
    world.all(first.turn, 0).await;
    let bad = Err(ProblemKind::BadRequest);
    assert_eq!(retry(answer, "", None).await, bad);
    assert_eq!(retry(question, "Why?", None).await, bad);
    assert_eq!(retry(question, "", Some(answer)).await, bad);
    let unknown = MessageId(uuid::Uuid::now_v7());
    assert_eq!(retry(unknown, "", None).await, Err(ProblemKind::NotFound));

    let second = retry(question, "", None).await.unwrap();
    assert_eq!(second.question, question);
    world.all(second.turn, 0).await;
    let conversation = world.engine.conversation(first.conversation).await.unwrap();
    let shape: Vec<_> = conversation
        .messages
        .iter()
        .map(|message| (message.id, message.parent))
        .collect();
    assert_eq!(
        shape,
        [
            (question, None),
            (answer, Some(question)),
            (second.answer, Some(question)),
        ]
    );
    let requests = world.upstream.requests.lock().unwrap();
    let asked: Vec<_> = requests[1].ask.messages.iter().map(|m| m.said()).collect();
    assert_eq!(asked, ["Why?"]);
    assert_eq!(
        requests[1].options.cache,
        Some(false),
        "whoever asks again wants another answer"
    );
}
