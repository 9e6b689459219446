//! Stop, at any moment: nothing stays open.

use std::time::Duration;

use futures::{StreamExt, stream};
use gateway::{Format, Gateway as _, Step};
use protocol::Outcome;
use serde_json::json;
use tokio::time::timeout;

use crate::world::{TEXT, World, chain, gateway, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_that_are_stopped_leave_no_connection() {
    let world = World::new().await;
    // Some never answer, some answer slowly, some break off on the way.
    for (name, script) in [
        ("silent", json!({"fault": {"kind": "silence"}})),
        (
            "slow",
            json!({"text": TEXT, "first_token_ms": 3, "tokens_per_second": 150}),
        ),
        (
            "broken",
            json!({"text": TEXT, "fault": {"kind": "cut", "after_tokens": 9}}),
        ),
        ("down", json!({"fault": {"kind": "status", "status": 503}})),
    ] {
        world.script(name, script).await;
    }
    let models = ["silent", "slow", "broken", "down"];
    let providers = Format::ALL.map(|it| world.provider(it.as_str(), it, &models));
    let gateway = gateway(chain(providers.into(), vec![]));
    let gate = &gateway;
    stream::iter(0..1_000_usize)
        .for_each_concurrent(100, |at| async move {
            let format = Format::ALL[at % Format::ALL.len()];
            let model = format!("{}/{}", format.as_str(), models[at / 5 % models.len()]);
            let mut answer = gate.answer(request(&model));
            // After so many steps, or when nothing more comes.
            let stopped = async {
                for _ in 0..1 + at % 13 {
                    answer.next().await;
                }
            };
            let _ = timeout(Duration::from_millis(150 + at as u64 % 50), stopped).await;
            match at % 3 {
                // Without a word, as a task that is aborted.
                0 => drop(answer),
                _ => {
                    answer.close();
                }
            }
        })
        .await;
    world.until(|stats| stats.open == 0).await;
    let stats = world.simulator.stats();
    assert!(
        stats.total > 500 && stats.closed_by_caller > 250,
        "{stats:?}"
    );
    drop(gateway);
    world.until(|stats| stats.open_connections == 0).await;
}

#[tokio::test]
async fn a_stopped_answer_is_in_the_books_with_what_was_shown() {
    let world = World::new().await;
    let script = json!({"text": TEXT, "fault": {"kind": "silence", "after_tokens": 20}});
    world.script("stops", script).await;
    let gateway = gateway(chain(
        vec![world.provider("a", Format::OpenAi, &["stops"])],
        vec![crate::world::said(
            "a/stops",
            "3",
            "15",
            gateway::Facts::default(),
        )],
    ));
    let mut answer = gateway.answer(request("a/stops"));
    assert_eq!(answer.report().attempts, [], "nobody was asked yet");
    let mut text = String::new();
    while text.len() < 60 {
        if let Some(Step::Text(more)) = answer.next().await {
            text.push_str(&more);
        }
    }
    let before = answer.report();
    let report = answer.close();
    assert_eq!(before.attempts[0].id, report.attempts[0].id);
    let attempt = &report.attempts[0];
    assert_eq!(attempt.outcome, Outcome::Stopped);
    assert!(attempt.usage.estimated);
    assert_eq!(attempt.usage.output, Some((text.len() as u64).div_ceil(4)));
    assert_eq!(report.usage, attempt.usage);
    let expected = attempt.usage.input.unwrap() * 3 + attempt.usage.output.unwrap() * 15;
    let cost = report.usage.cost.unwrap();
    assert_eq!(cost.picodollars(), expected as i64 * 1_000_000);
    world
        .until(|stats| stats.open == 0 && stats.closed_by_caller == 1)
        .await;
}
