use std::sync::atomic::Ordering;

use protocol::{
    ConversationId, Event, MessageId, MessageState, ProblemKind, TurnId,
    api::{StartTurn, Stop},
};

use crate::{
    upstream::{Beat, finished, text},
    world::{World, all, ask, fold, in_short, pass},
};

/// Runs the script until `at` milliseconds, presses Stop with what had been
/// shown, and tells what watchers saw and what is stored, which must agree.
async fn check(script: Vec<Beat>, at: u64, shown: Option<usize>, seen: &[&str], kept: &str) {
    let world = World::new(script);
    let ids = world.start().await;
    let watchers = [
        world.watch(ids.turn, 1).await,
        world.watch(ids.turn, 1).await,
    ];
    pass(at).await;
    world.stop(ids.turn, shown).await;
    assert_eq!(world.upstream.open(), 0, "the upstream is still open");
    assert_eq!(world.engine.running(), 0);
    let stored = world.stored(ids.turn).await;
    assert_eq!(stored.text, kept);
    for watcher in watchers {
        let entries = all(watcher).await;
        assert_eq!(in_short(&entries), seen);
        let folded = fold(&entries);
        assert_eq!((folded.text.as_str(), folded.state), (kept, stored.state));
        assert_eq!(folded.last, stored.last_event);
    }
}

#[tokio::test(start_paused = true)]
async fn before_the_first_token() {
    let script = vec![Beat::Hang];
    let seen = ["stopped:stopped by the reader"];
    check(script.clone(), 0, None, &seen, "").await;
    check(script, 50, Some(0), &seen, "").await;
}

#[tokio::test(start_paused = true)]
async fn in_the_middle_what_had_been_shown_stays() {
    let script = vec![
        text("wörld"),
        Beat::Wait(100),
        text(" and more"),
        Beat::Hang,
    ];
    let end = "stopped:stopped by the reader";
    let cut = ["text:wörld and more", "replace:2:", end];
    check(script.clone(), 50, None, &["text:wörld", end], "wörld").await;
    // The watchers read after the end, so they take all text in one bite.
    let merged = ["text:wörld and more", end];
    check(script.clone(), 150, None, &merged, "wörld and more").await;
    check(script.clone(), 150, Some(99), &merged, "wörld and more").await;
    check(script, 150, Some(2), &cut, "wö").await;
}

#[tokio::test(start_paused = true)]
async fn text_that_was_gathered_but_not_shown_is_not_kept() {
    let script = vec![text("a"), Beat::Wait(5), text("b"), Beat::Hang];
    let seen = ["text:a", "stopped:stopped by the reader"];
    check(script, 10, None, &seen, "a").await;
}

#[tokio::test(start_paused = true)]
async fn after_the_end_it_changes_nothing() {
    let script = vec![text("a"), finished()];
    check(script, 50, Some(0), &["text:a", "finished:stop"], "a").await;
}

#[tokio::test(start_paused = true)]
async fn twice_and_from_two_watchers_the_first_counts() {
    let world = World::new([text("abc"), Beat::Hang]);
    let ids = world.start().await;
    let watcher = world.watch(ids.turn, 1).await;
    pass(50).await;
    tokio::join!(
        world.stop(ids.turn, Some(2)),
        world.stop(ids.turn, Some(1)),
        world.stop(ids.turn, None),
    );
    world.stop(ids.turn, None).await;
    let entries = all(watcher).await;
    assert_eq!(
        in_short(&entries),
        ["text:abc", "replace:2:", "stopped:stopped by the reader"]
    );
    assert_eq!(world.stored(ids.turn).await.text, "ab");
}

#[tokio::test(start_paused = true)]
async fn long_after_the_end_and_of_an_unknown_turn() {
    let world = World::new([finished()]);
    let ids = world.start().await;
    world.all(ids.turn, 0).await;
    pass(3_600_000).await;
    world.stop(ids.turn, None).await;
    let unknown = TurnId(uuid::Uuid::now_v7());
    let problem = world
        .engine
        .stop(unknown, Stop::default())
        .await
        .unwrap_err();
    assert_eq!(problem.kind, ProblemKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_never_pauses_is_stopped_too() {
    let script: Vec<_> = (0..200_000)
        .map(|_| text("x"))
        .chain([Beat::Hang])
        .collect();
    let world = World::new(script);
    let ids = world.start().await;
    let mut watcher = world.watch(ids.turn, 1).await;
    watcher.next().await;
    world.stop(ids.turn, None).await;
    assert_eq!(world.upstream.open(), 0);
    let stored = world.stored(ids.turn).await;
    assert_eq!(stored.state, MessageState::Stopped);
    let kept = stored.text.len();
    assert!(kept < 10_000, "{kept} tokens came before the turn listened");
}

#[tokio::test(start_paused = true)]
async fn what_is_at_or_below_messages_is_stopped_and_nothing_beside_them() {
    let world = World::new([text("a"), Beat::Wait(100), finished()]);
    let first = world.start().await;
    world.all(first.turn, 0).await;
    let behind = |parent| StartTurn {
        conversation: Some(first.conversation),
        parent: Some(parent),
        ..ask("And?")
    };
    let [one, other] = [
        world.engine.start(behind(first.answer)).await.unwrap(),
        world.engine.start(behind(first.answer)).await.unwrap(),
    ];
    let states = async || {
        let [one, other] = [world.stored(one.turn).await, world.stored(other.turn).await];
        (one.state, other.state)
    };
    let stop = async |messages: &[MessageId]| {
        let conversation = first.conversation;
        let stopped = world.engine.stop_messages(conversation, messages).await;
        stopped.unwrap();
    };
    use MessageState::{Stopped, Writing};
    stop(&[]).await;
    assert_eq!(states().await, (Writing, Writing));
    stop(&[one.question]).await;
    assert_eq!(states().await, (Stopped, Writing));
    stop(&[first.answer]).await;
    assert_eq!(states().await, (Stopped, Stopped));
    assert_eq!(world.upstream.open(), 0);
    // Where nothing runs there is nothing to look up.
    let unknown = ConversationId(uuid::Uuid::now_v7());
    world.engine.stop_messages(unknown, &[]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_conversation_is_stopped_as_a_whole_and_no_other() {
    let world = World::new([text("a"), Beat::Hang]);
    let (here, there) = (world.start().await, world.start().await);
    pass(50).await;
    world
        .engine
        .stop_conversations(&[here.conversation])
        .await
        .unwrap();
    assert_eq!(world.stored(here.turn).await.state, MessageState::Stopped);
    assert_eq!(world.stored(there.turn).await.state, MessageState::Writing);
    assert_eq!((world.engine.running(), world.upstream.open()), (1, 1));
    let entries = world.all(here.turn, 0).await;
    assert!(matches!(entries.last().unwrap().event, Event::Stopped(_)));
}

#[tokio::test(start_paused = true)]
async fn what_began_while_its_conversation_was_deleted_is_stopped() {
    let world = World::new([text("a"), Beat::Hang]);
    let (deleted, there) = (world.start().await, world.start().await);
    let forget = |answer| {
        for conversation in world.store.conversations.lock().unwrap().iter_mut() {
            conversation.messages.retain(|message| message.id != answer);
        }
    };
    forget(deleted.answer);
    let both = [deleted.conversation, there.conversation];
    world.engine.stop_deleted(&both).await;
    assert_eq!((world.engine.running(), world.upstream.open()), (1, 1));
    assert_eq!(world.stored(there.turn).await.state, MessageState::Writing);

    // One that is on its way into the store is no deleted one.
    world.store.slow_begin.store(true, Ordering::SeqCst);
    let again = StartTurn {
        conversation: Some(deleted.conversation),
        parent: Some(deleted.question),
        ..ask("Why?")
    };
    let (begun, ()) = tokio::join!(world.engine.start(again), world.engine.stop_deleted(&both));
    let begun = begun.unwrap();
    assert_eq!(world.stored(begun.turn).await.state, MessageState::Writing);
    assert_eq!((world.engine.running(), world.upstream.open()), (2, 2));
}
