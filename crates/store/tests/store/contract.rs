//! What the engine and the server count on, whatever the database.

use protocol::{
    Conversation, ConversationId, Message, MessageId, MessageState, ProblemKind, ToolCall,
    Transcript, TurnId, api::ChangeConversation,
};
use store::{Checkpoint, Error, Library, NewTurn, SqliteStore};
use uuid::Uuid;

use crate::{
    cached, files, library,
    library::{assert_not_found, begun},
    search, temporary,
    turns::{another_answer, finished, first, next, text},
};

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("store.db"))
        .await
        .unwrap();
    contract(&store).await;
    store.close().await;
}

/// Everything, on an empty store.
async fn contract(store: &dyn Library) {
    store.ping().await.unwrap();
    assert_eq!(store.conversations().await.unwrap(), []);
    a_turn_is_kept_from_its_question_to_its_end(store).await;
    a_turn_begins_whole_or_not_at_all(store).await;
    messages_come_in_the_order_of_the_tree(store).await;
    checkpoints_add_up(store).await;
    checkpoints_that_come_too_late_change_nothing(store).await;
    an_answer_ends_once(store).await;
    open_turns_become_interrupted(store).await;
    the_newest_conversation_comes_first(store).await;
    deleted_is_hidden_until_restored(store).await;
    purged_is_gone_but_its_attempts_stay(store).await;
    attempts_without_a_turn_are_kept(store).await;
    library::a_conversation_is_changed_in_parts(store).await;
    library::many_conversations_are_changed_alike(store).await;
    library::messages_are_deleted_with_what_follows(store).await;
    library::deleted_messages_are_purged_in_time(store).await;
    library::presets_are_kept_by_name(store).await;
    files::files_last_as_long_as_a_message_has_them(store).await;
    library::an_import_keeps_everything(store).await;
    temporary::temporary_conversations_are_like_others(store).await;
    search::words_are_found_in_titles_and_messages(store).await;
    search::what_is_hidden_is_not_found(store).await;
    search::no_conversation_takes_all_the_room(store).await;
    search::the_newer_of_two_alike_comes_first(store).await;
    cached::answers_are_kept_within_bounds(store).await;
    what_is_unknown_is_not_found(store).await;
}

/// The change that gives a conversation this title.
fn titled(title: &str) -> ChangeConversation {
    ChangeConversation {
        title: Some(title.into()),
        ..ChangeConversation::default()
    }
}

async fn messages(store: &dyn Library, turn: &NewTurn) -> Vec<Message> {
    store
        .conversation(turn.conversation)
        .await
        .unwrap()
        .messages
}

/// The turn's answer, which reads the same either way.
async fn answer(store: &dyn Library, turn: &NewTurn) -> Message {
    let (conversation, answer) = store.answer_of(turn.answer.turn.unwrap()).await.unwrap();
    assert_eq!(conversation, turn.conversation);
    assert!(messages(store, turn).await.contains(&answer));
    answer
}

async fn a_turn_is_kept_from_its_question_to_its_end(store: &dyn Library) {
    let turn = begun(store, first(1000)).await;
    let conversation = |updated_ms, messages| Conversation {
        messages,
        ..Conversation::new(turn.conversation, "A title".into(), updated_ms)
    };
    let question = turn.question.clone().unwrap();
    assert_eq!(
        store.conversation(turn.conversation).await.unwrap(),
        conversation(1001, vec![question.clone(), turn.answer.clone()])
    );

    store.checkpoint(&[text(&turn, 3, "Bec")]).await.unwrap();
    let end = finished(&turn, "Because.");
    store.end_turn(&end).await.unwrap();
    let ending = end.transcript.ending.clone().unwrap();
    assert_eq!(
        store.conversation(turn.conversation).await.unwrap(),
        conversation(
            1011,
            vec![
                question,
                Message {
                    state: MessageState::Finished,
                    text: "Because.".into(),
                    thinking: "Well…".into(),
                    tools: end.transcript.tools.clone(),
                    last_event: 99,
                    statistics: Some(ending.statistics),
                    reason: Some("stop".into()),
                    ..turn.answer.clone()
                }
            ],
        )
    );
    assert_eq!(store.attempts(end.turn).await.unwrap(), end.attempts);
}

async fn a_turn_begins_whole_or_not_at_all(store: &dyn Library) {
    let turn = begun(store, first(1000)).await;
    let elsewhere = begun(store, first(1000)).await;
    let before = store.conversation(turn.conversation).await.unwrap();

    let under_a_stranger = next(turn.conversation, Some(elsewhere.answer.id), 5000);
    assert_not_found(store.begin_turn(&under_a_stranger).await, "message");

    let mut orphan = next(turn.conversation, Some(turn.answer.id), 5000);
    orphan.answer.parent = Some(MessageId(Uuid::now_v7()));
    assert_not_found(store.begin_turn(&orphan).await, "message");

    let mut twice = next(turn.conversation, Some(turn.answer.id), 5000);
    twice.answer.turn = turn.answer.turn;
    let refused = store.begin_turn(&twice).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");

    assert_eq!(store.conversation(turn.conversation).await.unwrap(), before);

    let mut new_orphan = first(5000);
    new_orphan.answer.parent = Some(turn.answer.id);
    assert_not_found(store.begin_turn(&new_orphan).await, "message");
    assert_not_found(
        store.conversation(new_orphan.conversation).await,
        "conversation",
    );

    let nowhere = next(ConversationId(Uuid::now_v7()), None, 5000);
    assert_not_found(store.begin_turn(&nowhere).await, "conversation");

    store.delete(elsewhere.conversation, 6000).await.unwrap();
    let hidden = next(elsewhere.conversation, Some(elsewhere.answer.id), 5000);
    assert_not_found(store.begin_turn(&hidden).await, "conversation");
}

async fn messages_come_in_the_order_of_the_tree(store: &dyn Library) {
    // The clock goes back: order does not come from it.
    let turn = begun(store, first(9000)).await;
    let mut expected = vec![turn.question.as_ref().unwrap().id, turn.answer.id];
    let second = begun(store, next(turn.conversation, Some(turn.answer.id), 7000)).await;
    expected.extend([second.question.as_ref().unwrap().id, second.answer.id]);
    for created_ms in [5000, 3000] {
        let version = NewTurn {
            question: None,
            answer: another_answer(expected[0], created_ms),
            ..second.clone()
        };
        expected.push(version.answer.id);
        begun(store, version).await;
    }
    let conversation = store.conversation(turn.conversation).await.unwrap();
    let order: Vec<_> = conversation.messages.iter().map(|m| m.id).collect();
    assert_eq!(order, expected);
    assert_eq!(conversation.updated_ms, 9001);
}

async fn checkpoints_add_up(store: &dyn Library) {
    let one = begun(store, first(1000)).await;
    let other = begun(store, first(1000)).await;
    store
        .checkpoint(&[text(&one, 3, "a"), text(&other, 8, "x")])
        .await
        .unwrap();
    store
        .checkpoint(&[Checkpoint {
            thinking: "hm".into(),
            ..text(&one, 5, "b")
        }])
        .await
        .unwrap();
    assert_eq!(
        answer(store, &one).await,
        Message {
            text: "ab".into(),
            thinking: "hm".into(),
            last_event: 5,
            ..one.answer.clone()
        }
    );
    assert_eq!(answer(store, &other).await.text, "x");

    let tools = vec![ToolCall {
        name: "look".into(),
        ..ToolCall::default()
    }];
    let whole = Checkpoint {
        whole: Some(Transcript {
            last: 6,
            text: "new".into(),
            thinking: "ah".into(),
            tools: tools.clone(),
            ..Transcript::default()
        }),
        ..text(&one, 6, "ignored")
    };
    store
        .checkpoint(&[whole, text(&one, 7, "er")])
        .await
        .unwrap();
    assert_eq!(
        answer(store, &one).await,
        Message {
            text: "newer".into(),
            thinking: "ah".into(),
            tools,
            last_event: 7,
            ..one.answer.clone()
        }
    );
    store.checkpoint(&[]).await.unwrap();
}

async fn checkpoints_that_come_too_late_change_nothing(store: &dyn Library) {
    let running = begun(store, first(1000)).await;
    let ended = begun(store, first(1000)).await;
    store.checkpoint(&[text(&running, 5, "a")]).await.unwrap();
    store.end_turn(&finished(&ended, "whole")).await.unwrap();

    let stale = Checkpoint {
        whole: Some(Transcript::default()),
        ..text(&running, 4, "")
    };
    store
        .checkpoint(&[
            text(&running, 5, "a"),
            stale,
            text(&ended, 100, "more"),
            text(&first(1000), 1, "of a turn that was never stored"),
            text(&running, 6, "b"),
        ])
        .await
        .unwrap();
    assert_eq!(answer(store, &running).await.text, "ab");
    assert_eq!(answer(store, &ended).await.text, "whole");
}

async fn an_answer_ends_once(store: &dyn Library) {
    let turn = begun(store, first(1000)).await;
    let end = finished(&turn, "first");
    store.end_turn(&end).await.unwrap();
    let before = store.conversation(turn.conversation).await.unwrap();
    let mut again = finished(&turn, "second");
    again.now_ms += 1000;
    again.attempts.clone_from(&end.attempts);
    store.end_turn(&again).await.unwrap();
    assert_eq!(store.conversation(turn.conversation).await.unwrap(), before);
    assert_eq!(store.attempts(end.turn).await.unwrap(), end.attempts);
}

async fn open_turns_become_interrupted(store: &dyn Library) {
    store.interrupt_open_turns().await.unwrap();
    let with_text = begun(store, first(1000)).await;
    let without = begun(store, first(1000)).await;
    let ended = begun(store, first(1000)).await;
    store
        .checkpoint(&[text(&with_text, 4, "Half a")])
        .await
        .unwrap();
    store.end_turn(&finished(&ended, "whole")).await.unwrap();

    assert_eq!(store.interrupt_open_turns().await.unwrap(), 2);
    for (turn, text, last_event) in [(&with_text, "Half a", 4), (&without, "", 0)] {
        let answer = answer(store, turn).await;
        assert_eq!(answer.state, MessageState::Interrupted);
        assert_eq!(answer.text, text);
        assert_eq!(answer.last_event, last_event);
        assert_eq!(answer.reason.as_deref(), Some("interrupted"));
        assert_eq!(answer.problem.unwrap().kind, ProblemKind::Interrupted);
    }
    assert_eq!(answer(store, &ended).await.state, MessageState::Finished);
    assert_eq!(store.interrupt_open_turns().await.unwrap(), 0);

    let before = messages(store, &with_text).await;
    store.end_turn(&finished(&with_text, "late")).await.unwrap();
    assert_eq!(messages(store, &with_text).await, before);
}

async fn the_newest_conversation_comes_first(store: &dyn Library) {
    // Later than all conversations of the other checks.
    let old = begun(store, first(100_000)).await;
    let new = begun(store, first(200_000)).await;
    let newest = async || {
        let ids: Vec<_> = store.conversations().await.unwrap();
        [ids[0].id, ids[1].id]
    };
    assert_eq!(newest().await, [new.conversation, old.conversation]);
    begun(store, next(old.conversation, Some(old.answer.id), 300_000)).await;
    assert_eq!(newest().await, [old.conversation, new.conversation]);

    store
        .change(new.conversation, &titled("Better"))
        .await
        .unwrap();
    let summary = &store.conversations().await.unwrap()[1];
    assert_eq!(
        (summary.title.as_str(), summary.updated_ms),
        ("Better", 200_001)
    );
}

async fn deleted_is_hidden_until_restored(store: &dyn Library) {
    let turn = begun(store, first(1000)).await;
    let id = turn.conversation;
    let before = store.conversation(id).await.unwrap();
    store.delete(id, 2000).await.unwrap();
    store.delete(id, 3000).await.unwrap();
    assert_not_found(store.conversation(id).await, "conversation");
    assert_not_found(store.change(id, &titled("x")).await, "conversation");
    assert_not_found(store.answer_of(turn.answer.turn.unwrap()).await, "turn");
    let listed = store.conversations().await.unwrap();
    assert!(listed.iter().all(|summary| summary.id != id));

    store.restore(id).await.unwrap();
    store.restore(id).await.unwrap();
    assert_eq!(store.conversation(id).await.unwrap(), before);
}

async fn purged_is_gone_but_its_attempts_stay(store: &dyn Library) {
    store.purge(i64::MAX, 0).await.unwrap();
    let kept = begun(store, first(1000)).await;
    let recent = begun(store, first(1000)).await;
    // Longer than a cascade from parent to child could go in SQLite.
    let long = begun(store, first(1000)).await;
    let mut parent = long.answer.id;
    for created_ms in 0..600 {
        let turn = begun(store, next(long.conversation, Some(parent), created_ms)).await;
        parent = turn.answer.id;
    }
    let end = finished(&long, "Because.");
    store.end_turn(&end).await.unwrap();
    let running = begun(store, first(1000)).await;
    store.checkpoint(&[text(&running, 1, "a")]).await.unwrap();

    store.delete(long.conversation, 2000).await.unwrap();
    store.delete(running.conversation, 2000).await.unwrap();
    store.delete(recent.conversation, 3000).await.unwrap();
    assert_eq!(store.purge(3000, 3000).await.unwrap(), 2);
    assert_eq!(store.purge(3000, 3000).await.unwrap(), 0);

    assert_not_found(store.restore(long.conversation).await, "conversation");
    store.restore(recent.conversation).await.unwrap();
    assert_eq!(messages(store, &recent).await.len(), 2);
    assert_eq!(messages(store, &kept).await.len(), 2);
    assert_eq!(store.attempts(end.turn).await.unwrap(), end.attempts);

    let end = finished(&running, "too late");
    store.end_turn(&end).await.unwrap();
    assert_eq!(store.attempts(end.turn).await.unwrap(), end.attempts);
}

async fn what_is_unknown_is_not_found(store: &dyn Library) {
    let id = ConversationId(Uuid::now_v7());
    let turn = TurnId(Uuid::now_v7());
    assert_not_found(store.conversation(id).await, "conversation");
    assert_not_found(store.change(id, &titled("x")).await, "conversation");
    assert_not_found(store.delete(id, 1).await, "conversation");
    assert_not_found(store.restore(id).await, "conversation");
    assert_not_found(store.answer_of(turn).await, "turn");
    assert_eq!(store.attempts(turn).await.unwrap(), []);
}

async fn attempts_without_a_turn_are_kept(store: &dyn Library) {
    let turn = TurnId(Uuid::now_v7());
    let mut attempts = finished(&first(9000), "").attempts;
    for attempt in &mut attempts {
        attempt.turn = turn;
    }
    store.record_attempts(&attempts).await.unwrap();
    assert_eq!(store.attempts(turn).await.unwrap(), attempts);
    // Once is enough.
    store.record_attempts(&attempts).await.unwrap();
    assert_eq!(store.attempts(turn).await.unwrap(), attempts);
}
