use gateway::Step;
use protocol::{Entry, Usage};
use tokio::time::Instant;

use crate::{
    upstream::{Beat, finished, text, thinking, tool},
    world::{World, fold, in_short},
};

/// Each entry with the milliseconds at which it came, `accepted` left out.
async fn timed(script: Vec<Beat>) -> Vec<(u64, String)> {
    let world = World::new(script);
    let begun = Instant::now();
    let ids = world.start().await;
    let mut watcher = world.watch(ids.turn, 1).await;
    let mut entries: Vec<(u64, Entry)> = Vec::new();
    while let Some(bite) = watcher.next().await {
        entries.push((begun.elapsed().as_millis() as u64, bite.entry().clone()));
    }
    let short = in_short(
        &entries
            .iter()
            .map(|(_, entry)| entry.clone())
            .collect::<Vec<_>>(),
    );
    entries.iter().map(|(at, _)| *at).zip(short).collect()
}

async fn check(script: Vec<Beat>, expected: &[(u64, &str)]) {
    let entries = timed(script).await;
    let entries: Vec<_> = entries
        .iter()
        .map(|(at, text)| (*at, text.as_str()))
        .collect();
    assert_eq!(entries, expected);
}

#[tokio::test(start_paused = true)]
async fn the_first_text_goes_out_at_once_and_later_text_with_the_frame() {
    let mut script = vec![Beat::Wait(40), text("a")];
    for delta in ["b", "ä", "語", "e"] {
        script.extend([Beat::Wait(5), text(delta)]);
    }
    script.extend([Beat::Wait(100), text("f"), Beat::Wait(3), finished()]);
    check(
        script,
        &[
            (40, "text:a"),
            (57, "text:bä語"),
            (74, "text:e"),
            (160, "text:f"),
            (163, "finished:stop"),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_first_text_does_not_wait_behind_thinking() {
    check(
        vec![
            thinking("m"),
            Beat::Wait(2),
            thinking("n"),
            Beat::Wait(2),
            text(""),
            text("a"),
            Beat::Wait(2),
            text("b"),
            finished(),
        ],
        &[
            (0, "thinking:m"),
            (4, "thinking:n"),
            (4, "text:a"),
            (6, "text:b"),
            (6, "finished:stop"),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn kinds_are_never_reordered() {
    check(
        vec![
            text("a"),
            text("b"),
            tool(0, Some("look"), ""),
            tool(0, None, "{"),
            tool(0, None, "}"),
            tool(1, None, "["),
            text("c"),
            Beat::Say(Step::Status(protocol::Status::default())),
            text("d"),
            finished(),
        ],
        &[
            (0, "text:ab"),
            (0, "tool:0:{}"),
            (0, "tool:1:["),
            (0, "text:c"),
            (0, "status"),
            (0, "text:d"),
            (0, "finished:stop"),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_usage_report_with_every_token_does_not_break_the_frames() {
    let usage = |output| {
        Beat::Say(Step::Usage(Usage {
            output: Some(output),
            ..Usage::default()
        }))
    };
    let mut script = vec![text("a"), usage(1)];
    for count in 2..=5 {
        script.extend([text("b"), usage(count)]);
    }
    script.extend([Beat::Wait(20), usage(5), Beat::Wait(20), finished()]);
    check(
        script,
        &[
            (0, "text:a"),
            (17, "text:bbbb"),
            (17, "usage"),
            (40, "finished:stop"),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_huge_piece_is_cut_between_characters_into_events_a_client_takes() {
    let huge = "a語".repeat(500_000);
    let world = World::new([text(&huge), finished()]);
    let ids = world.start().await;
    let mut watcher = world.watch(ids.turn, 0).await;
    let mut entries = Vec::new();
    while let Some(bite) = watcher.next().await {
        assert!(bite.sse().len() < protocol::sse::EVENT_LIMIT);
        entries.push(bite.entry().clone());
    }
    assert_eq!(fold(&entries).text, huge);
}
