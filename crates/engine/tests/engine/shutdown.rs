use std::sync::atomic::Ordering;

use protocol::{MessageState, ProblemKind, Settings, api::StartTurn};

use crate::{
    upstream::{Beat, finished, text},
    world::{World, all, ask, fold, in_short, pass},
};

#[tokio::test(start_paused = true)]
async fn running_turns_are_kept_whole_and_watchers_come_back() {
    let world = World::new([
        text("a"),
        Beat::Wait(205),
        text("b"),
        Beat::Wait(2),
        text("c"),
        Beat::Hang,
    ]);
    let ids = world.start().await;
    let other = world.start().await;
    let watcher = world.watch(ids.turn, 0).await;
    pass(210).await;
    world.engine.shutdown().await;
    assert_eq!((world.upstream.open(), world.engine.running()), (0, 0));
    for turn in [ids.turn, other.turn] {
        let stored = world.stored(turn).await;
        assert_eq!(stored.state, MessageState::Interrupted);
        assert_eq!(stored.text, "abc");
        assert_eq!(stored.problem.unwrap().kind, ProblemKind::Interrupted);
    }
    let seen = all(watcher).await;
    assert_eq!(in_short(&seen), ["accepted", "text:abc"]);

    let problem = world.engine.start(ask("Why?")).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Overloaded);

    let world = world.restarted();
    let rest = world.all(ids.turn, seen.last().unwrap().id).await;
    let folded = fold(&seen.into_iter().chain(rest).collect::<Vec<_>>());
    assert_eq!(folded.text, "abc");
    assert_eq!(folded.state, MessageState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_does_not_hold_the_shutdown_up() {
    let world = World::new([text("a"), Beat::Hang]);
    world.store.fail_ends.store(1000, Ordering::SeqCst);
    let ids = world.start().await;
    let watcher = world.watch(ids.turn, 0).await;
    pass(10).await;
    let begun = tokio::time::Instant::now();
    world.engine.shutdown().await;
    assert!(begun.elapsed().as_secs() < 5);
    assert_eq!(in_short(&all(watcher).await), ["accepted", "text:a"]);
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_stays_as_it_is() {
    let world = World::new([text("a"), finished()]);
    let ids = world.start().await;
    world.all(ids.turn, 0).await;
    world.engine.shutdown().await;
    assert_eq!(world.stored(ids.turn).await.state, MessageState::Finished);
}

#[tokio::test(start_paused = true)]
async fn what_came_before_the_turn_was_stored_is_kept_in_order() {
    let world = World::new([text("a"), text("b EN"), Beat::Hang]);
    world.store.slow_begin.store(true, Ordering::SeqCst);
    let asked = StartTurn {
        settings: Settings {
            stop: vec!["END".to_owned()],
            ..Settings::default()
        },
        ..ask("Why?")
    };
    let shutdown = async {
        pass(50).await;
        world.engine.shutdown().await;
    };
    let (ids, ()) = tokio::join!(world.engine.start(asked), shutdown);
    let stored = world.stored(ids.unwrap().turn).await;
    assert_eq!(stored.state, MessageState::Interrupted);
    assert_eq!(stored.text, "ab EN");
}
