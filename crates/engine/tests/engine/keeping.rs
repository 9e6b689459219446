use std::sync::atomic::Ordering;

use protocol::{MessageState, ProblemKind, api::Stop};
use tokio::time::Instant;

use crate::{
    upstream::{Beat, finished, text, thinking, tool},
    world::{World, fold, in_short, pass},
};

/// How old the text is, in milliseconds, that must survive a crash.
const KEPT_AFTER: u64 = 250;

#[tokio::test(start_paused = true)]
async fn text_is_kept_within_a_quarter_of_a_second() {
    // A letter each 7 ms, with pauses now and then.
    let gaps: Vec<u64> = (0..400)
        .map(|n| if n % 50 == 49 { 700 } else { 7 })
        .collect();
    let script: Vec<_> = gaps
        .iter()
        .flat_map(|gap| [Beat::Wait(*gap), text("x")])
        .chain([Beat::Hang])
        .collect();
    let world = World::new(script);
    let begun = Instant::now();
    let turns = [world.start().await, world.start().await];
    let _watchers = [
        world.watch(turns[0].turn, 0).await,
        world.watch(turns[1].turn, 0).await,
    ];
    while begun.elapsed().as_millis() < 8_000 {
        pass(9).await;
        let now = begun.elapsed().as_millis() as u64;
        let mut at = 0;
        let received = gaps.iter().take_while(|gap| {
            at += **gap;
            at + KEPT_AFTER <= now
        });
        let due = received.count();
        for ids in &turns {
            let kept = world.stored(ids.turn).await.text.len();
            assert!(kept >= due, "at {now} ms only {kept} of {due} are kept");
        }
    }
    // One transaction for both turns, five a second.
    let checkpoints = world.store.checkpoints.load(Ordering::SeqCst);
    assert!(
        checkpoints <= 41,
        "{checkpoints} checkpoints in eight seconds"
    );
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_has_thinking_and_tool_calls_too() {
    let world = World::new([
        thinking("m"),
        text("a"),
        Beat::Wait(300),
        tool(0, Some("look"), "{\"a\""),
        Beat::Wait(300),
        tool(0, None, ":1}"),
        text("b"),
        Beat::Wait(300),
        thinking("n"),
        text("c"),
        Beat::Hang,
    ]);
    let ids = world.start().await;
    for expected in ["a", "a", "ab", "abc"] {
        pass(290).await;
        assert_eq!(world.stored(ids.turn).await.text, expected);
    }
    let stored = world.stored(ids.turn).await;
    let live = world.engine.conversation(ids.conversation).await.unwrap();
    assert_eq!(stored, live.messages[1]);
    assert_eq!(stored.thinking, "mn");
    assert_eq!(stored.tools[0].arguments, "{\"a\":1}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_while_catches_up() {
    let world = World::new([text("a"), Beat::Wait(1000), text("b"), Beat::Hang]);
    world.store.fail_checkpoints.store(true, Ordering::SeqCst);
    let ids = world.start().await;
    pass(1500).await;
    assert_eq!(world.stored(ids.turn).await.text, "");
    world.store.fail_checkpoints.store(false, Ordering::SeqCst);
    pass(250).await;
    assert_eq!(world.stored(ids.turn).await.text, "ab");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_stored_at_first_is_tried_again() {
    let world = World::new([text("a"), finished()]);
    world.store.fail_ends.store(3, Ordering::SeqCst);
    let ids = world.start().await;
    let entries = world.all(ids.turn, 1).await;
    assert_eq!(in_short(&entries), ["text:a", "finished:stop"]);
    assert_eq!(world.stored(ids.turn).await.state, MessageState::Finished);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_stored_is_said() {
    let world = World::new([text("a"), Beat::Hang]);
    world.store.fail_ends.store(100, Ordering::SeqCst);
    let ids = world.start().await;
    pass(300).await;
    let problem = world
        .engine
        .stop(ids.turn, Stop::default())
        .await
        .unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Storage);
    assert_eq!(world.upstream.open(), 0);
    // The log still serves the text.
    let entries = world.all(ids.turn, 1).await;
    assert_eq!(in_short(&entries), ["text:a", "failed:storage"]);
    let conversation = world.engine.conversation(ids.conversation).await.unwrap();
    assert_eq!(conversation.messages[1].text, "a");
    assert_eq!(conversation.messages[1].state, MessageState::Failed);
    // Once it is gone there is the last checkpoint, and nobody writes it.
    pass(600_000).await;
    let conversation = world.engine.conversation(ids.conversation).await.unwrap();
    assert_eq!(conversation.messages[1].state, MessageState::Interrupted);
    let late = world.all(ids.turn, 0).await;
    assert_eq!(in_short(&late), ["replace:0:a", "failed:interrupted"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_the_last_checkpoint_serves() {
    let world = World::new([
        text("abc"),
        Beat::Wait(300),
        text("def"),
        Beat::Wait(50),
        text("lost"),
        Beat::Hang,
    ]);
    let ids = world.start().await;
    let mut watcher = world.watch(ids.turn, 0).await;
    pass(360).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(watcher.next().await.unwrap().entry().clone());
    }
    assert_eq!(in_short(&seen), ["accepted", "text:abcdeflost"]);
    // A new engine on the store knows nothing of the turn. What was seen
    // beyond the checkpoint is taken back.
    let world = world.restarted();
    let last = seen[1].id;
    let rest = world.all(ids.turn, last).await;
    assert!(rest.iter().all(|entry| entry.id > last));
    assert_eq!(in_short(&rest), ["replace:0:abcdef", "failed:interrupted"]);
    let whole: Vec<_> = seen.into_iter().chain(rest).collect();
    assert_eq!(fold(&whole).text, "abcdef");
}
