//! Several versions of questions and answers, side by side.

use std::sync::atomic::Ordering;

use protocol::{
    ConversationId, Message, MessageId, MessageState, ProblemKind, Settings,
    api::{StartTurn, Started},
};

use crate::{
    upstream::{Beat, finished, text},
    world::{World, ask, fold, in_short, pass},
};

/// Another question, or none, in a conversation.
fn within(conversation: ConversationId, text: &str) -> StartTurn {
    StartTurn {
        conversation: Some(conversation),
        ..ask(text)
    }
}

impl World {
    async fn run(&self, request: StartTurn) -> Started {
        let started = self.engine.start(request).await.unwrap();
        self.all(started.turn, 0).await;
        started
    }

    async fn refuses(&self, request: StartTurn, kind: ProblemKind) {
        let problem = self.engine.start(request.clone()).await.unwrap_err();
        assert_eq!(problem.kind, kind, "{request:?}");
        assert!(problem.message.ends_with('.'), "{problem}");
    }

    /// What the model was asked the last time.
    fn asked(&self) -> Vec<String> {
        let requests = self.upstream.requests.lock().unwrap();
        let messages = requests.last().unwrap().ask.messages.iter();
        messages
            .map(|message| message.said().into_owned())
            .collect()
    }

    async fn message(&self, conversation: ConversationId, id: MessageId) -> Message {
        let conversation = self.engine.conversation(conversation).await.unwrap();
        conversation.find(id).unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn an_edited_question_stands_beside_the_old_one() {
    let world = World::new([text("a"), finished()]);
    let first = world.run(ask("Why?")).await;
    let here = first.conversation;
    let second = world.run(within(here, "And?")).await;
    let edit = |question, text| StartTurn {
        edit: Some(question),
        ..within(here, text)
    };
    let edited = world.run(edit(second.question, "Or?")).await;
    assert_eq!(world.asked(), ["Why?", "a", "Or?"]);
    let parent = world.message(here, edited.question).await.parent;
    assert_eq!(parent, Some(first.answer));
    let old = world.message(here, second.question).await;
    assert_eq!((old.text.as_str(), old.parent), ("And?", parent));

    let of_first = world.run(edit(first.question, "How?")).await;
    assert_eq!(world.asked(), ["How?"]);
    assert_eq!(world.message(here, of_first.question).await.parent, None);
    let conversation = world.engine.conversation(here).await.unwrap();
    assert_eq!(conversation.versions(first.question).len(), 2);
    assert_eq!(conversation.title, "Why?", "a title stays");
}

#[tokio::test(start_paused = true)]
async fn an_edit_has_one_place_and_it_is_a_questions() {
    let world = World::new([text("a"), finished()]);
    let first = world.run(ask("Why?")).await;
    let here = first.conversation;
    let elsewhere = world.run(ask("Where?")).await;
    let edit = |message| StartTurn {
        edit: Some(message),
        ..within(here, "Or?")
    };
    world
        .refuses(edit(first.answer), ProblemKind::BadRequest)
        .await;
    world
        .refuses(edit(elsewhere.question), ProblemKind::NotFound)
        .await;
    let question = Some(first.question);
    let answer = Some(first.answer);
    for request in [
        StartTurn {
            text: String::new(),
            ..edit(first.question)
        },
        StartTurn {
            parent: answer,
            ..edit(first.question)
        },
        StartTurn {
            retry: question,
            ..edit(first.question)
        },
        StartTurn {
            extend: answer,
            ..edit(first.question)
        },
        StartTurn {
            conversation: None,
            ..edit(first.question)
        },
        StartTurn {
            extend: answer,
            parent: answer,
            ..within(here, "")
        },
        StartTurn {
            extend: answer,
            retry: question,
            ..within(here, "")
        },
        StartTurn {
            extend: answer,
            ..within(here, "More")
        },
        StartTurn {
            extend: question,
            ..within(here, "")
        },
        StartTurn {
            temporary: true,
            ..within(here, "And?")
        },
    ] {
        world.refuses(request, ProblemKind::BadRequest).await;
    }
    assert_eq!(
        world
            .engine
            .conversation(here)
            .await
            .unwrap()
            .messages
            .len(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn any_question_is_answered_anew_while_another_branch_is_written() {
    let world = World::new([text("a"), Beat::Wait(1000), finished()]);
    let first = world.run(ask("Why?")).await;
    let here = first.conversation;
    let running = world.engine.start(within(here, "And?")).await.unwrap();
    let retry = |question| StartTurn {
        retry: Some(question),
        ..within(here, "")
    };
    let edit = |question| StartTurn {
        edit: Some(question),
        ..within(here, "Or?")
    };
    let again = world.engine.start(retry(first.question)).await.unwrap();
    assert_eq!(world.asked(), ["Why?"]);
    let edited = world.engine.start(edit(running.question)).await.unwrap();
    assert_eq!(world.asked(), ["Why?", "a", "Or?"]);
    assert_eq!(world.engine.running(), 3);
    // Those that are written to the same question wait for each other, and a
    // question for the answer that it follows.
    for question in [first.question, running.question, edited.question] {
        world.refuses(retry(question), ProblemKind::Conflict).await;
    }
    let follow = StartTurn {
        parent: Some(again.answer),
        ..within(here, "So?")
    };
    world.refuses(follow, ProblemKind::Conflict).await;
    let extend = StartTurn {
        extend: Some(first.answer),
        ..within(here, "")
    };
    world.refuses(extend, ProblemKind::Conflict).await;
    pass(1100).await;
    for ids in [running, again, edited] {
        let answer = world.message(here, ids.answer).await;
        assert_eq!(
            (answer.text.as_str(), answer.parent),
            ("a", Some(ids.question))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_whose_answers_were_deleted_can_be_followed() {
    let world = World::new([text("a"), finished()]);
    let first = world.run(ask("Why?")).await;
    let drop_answer = |id| {
        let mut conversations = world.store.conversations.lock().unwrap();
        conversations[0].messages.retain(|message| message.id != id);
    };
    drop_answer(first.answer);
    let second = world.run(within(first.conversation, "And?")).await;
    assert_eq!(world.asked(), ["Why?", "And?"]);
    let question = world.message(first.conversation, second.question).await;
    assert_eq!(question.parent, Some(first.question));
}

fn extend(of: Started) -> StartTurn {
    StartTurn {
        extend: Some(of.answer),
        ..within(of.conversation, "")
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_goes_on_from_an_older_version() {
    let world = World::new([
        Beat::Wait(20),
        text("wörds and"),
        Beat::Wait(1000),
        text(" more"),
        finished(),
    ]);
    let stopped = world.engine.start(ask("Why?")).await.unwrap();
    pass(50).await;
    world.stop(stopped.turn, None).await;
    pass(1000).await;
    let started = world.engine.start(extend(stopped)).await.unwrap();
    assert_eq!(started.question, stopped.question);
    assert_ne!(started.answer, stopped.answer);
    let mut watcher = world.watch(started.turn, 1).await;
    let first = watcher.next().await.unwrap();
    assert_eq!(in_short(&[first.entry().clone()]), ["text:wörds and"]);
    // It is kept with the next checkpoint, whether anything follows or not.
    pass(10).await;
    assert_eq!(world.stored(started.turn).await.text, "wörds and");
    let entries = world.all(started.turn, 0).await;
    assert_eq!(fold(&entries).text, "wörds andwörds and more");
    {
        let requests = world.upstream.requests.lock().unwrap();
        let last = requests.last().unwrap();
        assert_eq!(last.options.begun, "wörds and");
        assert_eq!(last.options.cache, Some(false));
        assert!(last.options.may_replace);
    }
    assert_eq!(world.asked(), ["Why?"]);
    let stored = world.stored(started.turn).await;
    assert_eq!(stored.text, "wörds andwörds and more");
    let statistics = stored.statistics.unwrap();
    assert_eq!(
        (statistics.begun, statistics.characters, statistics.words),
        (9, 14, 3)
    );
    assert_eq!(
        statistics.usage.output,
        Some(4),
        "an estimate of what is new"
    );
    let old = world.stored(stopped.turn).await;
    assert_eq!(
        (old.text.as_str(), old.state),
        ("wörds and", MessageState::Stopped)
    );
}

#[tokio::test(start_paused = true)]
async fn what_replaces_a_beginning_is_new() {
    let replace = Beat::Say(gateway::Step::Replace {
        keep: 2,
        text: "rlds end".to_owned(),
    });
    let world = World::new([text("wörds"), replace, finished()]);
    let first = world.run(ask("Why?")).await;
    assert_eq!(world.stored(first.turn).await.text, "wörlds end");
    assert_eq!(world.stored(first.turn).await.statistics.unwrap().begun, 0);
    let second = world.run(extend(first)).await;
    let stored = world.stored(second.turn).await;
    assert_eq!(stored.text, "wörlds end");
    let statistics = stored.statistics.unwrap();
    assert_eq!((statistics.begun, statistics.characters), (2, 8));
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_text_is_asked_for_anew() {
    let world = World::new([Beat::Wait(100), text("a"), finished()]);
    let stopped = world.engine.start(ask("Why?")).await.unwrap();
    world.stop(stopped.turn, None).await;
    let second = world.run(extend(stopped)).await;
    assert_eq!(world.stored(second.turn).await.text, "a");
    let requests = world.upstream.requests.lock().unwrap();
    assert_eq!(requests.last().unwrap().options.begun, "");
}

#[tokio::test(start_paused = true)]
async fn a_stop_phrase_may_begin_in_the_older_version() {
    let world = World::new([text("END. b"), Beat::Wait(10), finished()]);
    let until = |phrase: &str| Settings {
        stop: vec![phrase.to_owned()],
        ..Settings::default()
    };
    let first = world.run(ask("Why?")).await;
    let second = StartTurn {
        settings: until(" bEN"),
        ..extend(first)
    };
    let second = world.run(second).await;
    let stored = world.stored(second.turn).await;
    assert_eq!(stored.text, "END.");
    let statistics = stored.statistics.unwrap();
    assert_eq!(statistics.stop_phrase.unwrap().at, 4);
    assert_eq!((statistics.begun, statistics.characters), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_temporary_is_not_for_the_cache() {
    let world = World::new([text("a"), finished()]);
    let certain = |request| StartTurn {
        settings: Settings {
            cache: Some(true),
            ..Settings::default()
        },
        ..request
    };
    let temporary = StartTurn {
        temporary: true,
        ..ask("Why?")
    };
    let first = world.run(certain(temporary)).await;
    world.run(certain(within(first.conversation, "And?"))).await;
    world.run(certain(ask("Why?"))).await;
    let requests = world.upstream.requests.lock().unwrap();
    let cached: Vec<_> = requests.iter().map(|it| it.options.cache).collect();
    assert_eq!(cached, [Some(false), Some(false), Some(true)]);
    let conversations = world.store.conversations.lock().unwrap();
    let temporary: Vec<_> = conversations.iter().map(|it| it.temporary).collect();
    assert_eq!(temporary, [true, false]);
}

#[tokio::test(start_paused = true)]
async fn listeners_hear_of_beginnings_and_ends_once_they_are_stored() {
    use tokio::sync::broadcast::error::TryRecvError;
    let world = World::new([text("a"), Beat::Wait(100), finished()]);
    let mut changes = world.engine.changes();
    let ids = world.start().await;
    assert_eq!(changes.try_recv(), Ok(ids.conversation));
    assert_eq!(changes.try_recv(), Err(TryRecvError::Empty));
    world.all(ids.turn, 0).await;
    assert_eq!(changes.recv().await, Ok(ids.conversation));
    assert_eq!(world.stored(ids.turn).await.state, MessageState::Finished);
    // Whoever does not listen is told so, and holds nobody up.
    for _ in 0..200 {
        world.run(ask("Why?")).await;
    }
    assert!(matches!(changes.try_recv(), Err(TryRecvError::Lagged(_))));
}

#[tokio::test(start_paused = true)]
async fn of_two_requests_for_an_answer_at_once_one_is_refused() {
    let world = World::new([text("a"), finished()]);
    let first = world.run(ask("Why?")).await;
    world.store.slow_begin.store(true, Ordering::SeqCst);
    let retry = StartTurn {
        retry: Some(first.question),
        ..within(first.conversation, "")
    };
    let (one, other) = tokio::join!(
        world.engine.start(retry.clone()),
        world.engine.start(retry.clone()),
    );
    let one = one.unwrap();
    assert_eq!(other.unwrap_err().kind, ProblemKind::Conflict);
    world.all(one.turn, 0).await;
    world.run(retry).await;
}
