use std::time::Duration;

use engine::Config;
use protocol::MessageState;

use crate::{
    upstream::{Beat, finished, text},
    world::{World, pass},
};

/// The answer of the tests: a letter a second, a hundred times.
fn script() -> Vec<Beat> {
    (0..100)
        .flat_map(|_| [Beat::Wait(1000), text("x")])
        .chain([finished()])
        .collect()
}

fn world(grace: Option<u64>) -> World {
    let config = Config {
        grace: grace.map(Duration::from_millis),
        ..Config::default()
    };
    World::with(config, script())
}

/// A watcher comes at once and leaves after 2.5 s; how much text is there in
/// the end, and how did it end?
async fn check(grace: Option<u64>, letters: usize, state: MessageState) {
    let world = world(grace);
    let ids = world.start().await;
    let watcher = world.watch(ids.turn, 0).await;
    pass(2500).await;
    drop(watcher);
    pass(200_000).await;
    let stored = world.stored(ids.turn).await;
    assert_eq!((stored.text.len(), stored.state), (letters, state));
    if state == MessageState::Stopped {
        assert_eq!(stored.reason.as_deref(), Some("nobody was watching"));
    }
    assert_eq!(world.upstream.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_turn_nobody_watches_goes_on_for_the_grace_period() {
    check(Some(0), 2, MessageState::Stopped).await;
    check(Some(30_000), 32, MessageState::Stopped).await;
    check(None, 100, MessageState::Finished).await;
}

#[tokio::test(start_paused = true)]
async fn with_no_grace_leaving_closes_the_upstream_at_once() {
    let world = world(Some(0));
    let ids = world.start().await;
    let (one, other) = (
        world.watch(ids.turn, 0).await,
        world.watch(ids.turn, 0).await,
    );
    drop(one);
    pass(500).await;
    assert_eq!(world.upstream.open(), 1, "one was still watching");
    drop(other);
    pass(1).await;
    assert_eq!((world.upstream.open(), world.engine.running()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_turn_nobody_ever_watched_is_stopped_after_the_grace_period() {
    // Whoever starts a turn has five seconds to come and watch.
    for (grace, letters) in [(Some(0), 4), (Some(10_500), 10), (None, 100)] {
        let world = world(grace);
        let ids = world.start().await;
        pass(200_000).await;
        assert_eq!(
            world.stored(ids.turn).await.text.len(),
            letters,
            "{grace:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn coming_back_within_the_grace_period_keeps_the_turn() {
    let world = world(Some(5_500));
    let ids = world.start().await;
    for _ in 0..10 {
        drop(world.watch(ids.turn, 0).await);
        pass(5_000).await;
    }
    let watcher = world.watch(ids.turn, 0).await;
    pass(20_000).await;
    assert_eq!(world.engine.running(), 1);
    drop(watcher);
    pass(6_000).await;
    assert_eq!(world.stored(ids.turn).await.text.len(), 75);
}

#[tokio::test(start_paused = true)]
async fn looking_at_the_conversation_counts_as_coming_back() {
    let world = world(Some(10_000));
    let ids = world.start().await;
    for _ in 0..5 {
        pass(9_000).await;
        world.engine.conversation(ids.conversation).await.unwrap();
    }
    pass(9_000).await;
    assert_eq!(world.engine.running(), 1);
    pass(2_000).await;
    assert_eq!(world.engine.running(), 0);
    assert_eq!(world.stored(ids.turn).await.text.len(), 54);
}
