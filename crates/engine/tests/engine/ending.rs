use std::time::Duration;

use engine::Config;
use gateway::Step;
use protocol::{MessageState, Problem, ProblemKind, Usage};

use crate::{
    upstream::{Beat, finished, text, thinking, tool},
    world::{World, fold, in_short, pass},
};

/// Runs the script to its end: what was seen, with one terminal event at the
/// end and the partial answer kept, is also what is stored.
async fn check(script: Vec<Beat>, seen: &[&str], state: MessageState) -> protocol::Message {
    let world = World::new(script);
    let ids = world.start().await;
    let entries = world.all(ids.turn, 1).await;
    assert_eq!(in_short(&entries), seen);
    let terminals = entries.iter().filter(|entry| entry.event.is_terminal());
    assert_eq!(terminals.count(), 1);
    let numbers: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");

    let folded = fold(&entries);
    let stored = world.stored(ids.turn).await;
    assert_eq!(folded.state, state);
    assert_eq!(
        (&stored.text, &stored.thinking, &stored.tools, stored.state),
        (&folded.text, &folded.thinking, &folded.tools, folded.state)
    );
    let ending = folded.ending.unwrap();
    assert_eq!(stored.last_event, folded.last);
    assert_eq!(stored.reason, Some(ending.reason));
    assert_eq!(stored.statistics, Some(ending.statistics));
    assert_eq!(stored.problem, ending.problem);
    assert_eq!(world.upstream.open(), 0);
    stored
}

#[tokio::test(start_paused = true)]
async fn finished_means_that_the_model_said_so() {
    let script = vec![
        thinking("m"),
        text("a"),
        tool(0, Some("look"), "{}"),
        finished(),
        text("never shown"),
    ];
    let seen = ["thinking:m", "text:a", "tool:0:{}", "finished:stop"];
    check(script, &seen, MessageState::Finished).await;
}

#[tokio::test(start_paused = true)]
async fn failed_keeps_the_partial_answer_and_the_problem() {
    let problem = Problem::new(ProblemKind::RateLimited, "Slow down.");
    let stored = check(
        vec![
            text("a"),
            text("b"),
            Beat::Say(Step::Failed(problem.clone())),
        ],
        &["text:ab", "failed:rate_limited"],
        MessageState::Failed,
    )
    .await;
    assert_eq!(stored.problem, Some(problem));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_without_its_end_has_failed() {
    check(
        vec![text("a"), Beat::Vanish],
        &["text:a", "failed:cut_off"],
        MessageState::Failed,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_ours_ends_the_turn_too() {
    check(
        vec![text("a"), text("b"), Beat::Panic],
        &["text:ab", "failed:internal"],
        MessageState::Failed,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_endless_answer_is_ended() {
    let mebibyte = text(&"x".repeat(1 << 20));
    let scripts = [
        vec![mebibyte.clone(); 20],
        vec![text(&"x".repeat(50_000)); 400],
        // Only the last words, still being gathered, do not fit.
        [
            vec![mebibyte; 15],
            vec![text(&"x".repeat((1 << 20) - 1000)), text(&"x".repeat(2000))],
        ]
        .concat(),
    ];
    for mut script in scripts {
        script.push(finished());
        let world = World::new(script);
        let ids = world.start().await;
        let folded = fold(&world.all(ids.turn, 0).await);
        assert_eq!(folded.ending.unwrap().reason, "too_large");
        let kept = folded.text.len();
        assert!(
            (14 << 20..=16 << 20).contains(&kept),
            "{kept} bytes are kept"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_the_whole_turn() {
    let config = Config {
        whole_turn: Duration::from_secs(10),
        ..Config::default()
    };
    let script = vec![[Beat::Wait(300), text("x")]; 1000].concat();
    let world = World::with(config, script);
    let ids = world.start().await;
    let entries = world.all(ids.turn, 0).await;
    assert_eq!(in_short(&entries).last().unwrap(), "failed:timeout");
    assert_eq!(world.stored(ids.turn).await.text.len(), 33);
    assert_eq!(world.upstream.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_statistics_say_what_it_took() {
    let usage = Usage {
        input: Some(7),
        output: Some(9),
        ..Usage::default()
    };
    let script = |last: Vec<Beat>| {
        let mut script = vec![
            Beat::Wait(250),
            text("Zwölf "),
            Beat::Wait(30),
            text("Böen"),
        ];
        script.extend(last);
        script
    };
    let reported = check(
        script(vec![Beat::Say(Step::Usage(usage)), finished()]),
        &["text:Zwölf ", "text:Böen", "usage", "finished:stop"],
        MessageState::Finished,
    );
    let estimated = check(
        script(vec![Beat::Vanish]),
        &["text:Zwölf ", "text:Böen", "failed:cut_off"],
        MessageState::Failed,
    );
    let estimate = Usage {
        input: Some(1),
        output: Some(3),
        estimated: true,
        ..Usage::default()
    };
    for (stored, usage) in [(reported.await, usage), (estimated.await, estimate)] {
        let statistics = stored.statistics.unwrap();
        assert_eq!(statistics.provider.as_deref(), Some("demo"));
        assert_eq!(statistics.model.as_deref(), Some("demo/default"));
        assert_eq!(statistics.first_token_ms, Some(250));
        assert_eq!(statistics.duration_ms, 280);
        assert_eq!((statistics.chunks, statistics.attempts), (2, 1));
        assert_eq!((statistics.characters, statistics.words), (10, 2));
        assert_eq!(statistics.usage, usage);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_came_has_no_estimate() {
    let world = World::new([Beat::Hang]);
    let ids = world.start().await;
    pass(10).await;
    world.stop(ids.turn, None).await;
    let statistics = world.stored(ids.turn).await.statistics.unwrap();
    assert_eq!(statistics.usage, Usage::default());
    assert_eq!(statistics.first_token_ms, None);
}
