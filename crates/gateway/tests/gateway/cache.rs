//! Answers that nobody has to be asked for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::future::join_all;
use gateway::{
    Answer, AnswerRequest, CacheConfig, CacheStore, CachedAnswer, Facts, Format, Gateway as _,
    GatewayConfig, ProviderGateway, Step,
};
use protocol::{AttemptReason, Outcome, Usd};
use serde_json::json;
use tokio::time::sleep;

use crate::world::{TEXT, World, ask, chain, gateway, hear, request, said};

fn config(world: &World, shared: bool) -> GatewayConfig {
    GatewayConfig {
        cache: CacheConfig {
            shared,
            ..CacheConfig::default()
        },
        ..chain(
            vec![world.provider("a", Format::OpenAi, &["m"])],
            vec![said("a/m", "3", "15", Facts::default())],
        )
    }
}

async fn world() -> World {
    let world = World::new().await;
    let script = json!({"text": TEXT, "first_token_ms": 20, "tokens_per_second": 400});
    world.script("m", script).await;
    world
}

fn again() -> AnswerRequest {
    let mut request = request("a/m");
    request.ask.params.temperature = Some(0.0);
    request
}

fn by(owner: &str) -> AnswerRequest {
    let mut request = again();
    request.options.owner = Some(owner.into());
    request
}

/// Reads so much, and no more.
async fn read(answer: &mut Box<dyn Answer>, bytes: usize) -> String {
    let mut text = String::new();
    while text.len() < bytes {
        match answer.next().await {
            Some(Step::Text(more)) => text.push_str(&more),
            Some(_) => {}
            None => panic!("it ended at {text:?}"),
        }
    }
    text
}

#[tokio::test]
async fn the_same_question_is_answered_from_memory() {
    let world = world().await;
    let gateway = gateway(config(&world, true));
    let first = ask(&gateway, again()).await;
    let second = ask(&gateway, again()).await;
    assert_eq!(
        (first.result(), second.result()),
        ("whole".into(), "whole".into())
    );
    assert_eq!(world.counts("m").total, 1);
    assert!(!first.report.cached && second.report.cached);
    let paid = first.report.usage.cost.unwrap();
    assert!(paid > Usd::ZERO);
    assert_eq!(second.report.usage.cost, Some(Usd::ZERO));
    assert_eq!(second.report.saving.as_ref().unwrap().usd, paid);
    assert_eq!(second.report.attempts[0].reason, AttemptReason::Cache);
    let statistics = gateway.cache_statistics();
    assert_eq!(
        (statistics.hits, statistics.misses, statistics.saved),
        (1, 1, paid)
    );
}

#[tokio::test]
async fn no_answer_is_remembered_that_should_not_be() {
    let world = world().await;
    let gateway = gateway(config(&world, true));
    let mut never = again();
    never.options.cache = Some(false);
    let mut warm = again();
    warm.ask.params.temperature = Some(0.7);
    for request in [
        never.clone(),
        never,
        warm.clone(),
        warm,
        request("a/m"),
        request("a/m"),
    ] {
        ask(&gateway, request).await;
    }
    assert_eq!(world.counts("m").total, 6);
    let mut wanted = again();
    wanted.ask.params.temperature = Some(0.7);
    wanted.options.cache = Some(true);
    for _ in 0..2 {
        assert_eq!(ask(&gateway, wanted.clone()).await.result(), "whole");
    }
    assert_eq!(world.counts("m").total, 7);
    // What broke off is no answer, nor is a stand-in's the named model's.
    let fault = json!({"kind": "status", "status": 404, "times": 1});
    world
        .script("m", json!({"text": TEXT, "fault": fault}))
        .await;
    world
        .script("stand-in", json!({"text": "I stand in."}))
        .await;
    let mut other = config(&world, true);
    other
        .providers
        .push(world.provider("b", Format::OpenAi, &["stand-in"]));
    other.fallbacks = [("a/m".to_owned(), vec!["b/stand-in".to_owned()])].into();
    let gateway = crate::world::gateway(other);
    assert_eq!(ask(&gateway, again()).await.text, "I stand in.");
    assert_eq!(ask(&gateway, again()).await.text, TEXT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_who_ask_the_same_share_one_call() {
    let world = world().await;
    let gateway = gateway(config(&world, true));
    let heard = join_all((0..50).map(|_| ask(&gateway, again()))).await;
    assert!(heard.iter().all(|it| it.result() == "whole"));
    assert_eq!(world.counts("m").total, 1);
    let paid: Vec<_> = heard.iter().filter(|it| !it.report.cached).collect();
    assert_eq!(paid.len(), 1, "one of them pays");
    let statistics = gateway.cache_statistics();
    assert_eq!((statistics.joined, statistics.misses), (49, 1));
}

#[tokio::test]
async fn who_stops_leaves_the_call_and_the_bill_to_those_who_go_on() {
    let world = world().await;
    let gateway = gateway(config(&world, true));
    let (mut first, mut second) = (gateway.answer(again()), gateway.answer(again()));
    let begun = read(&mut first, 60).await;
    let other = read(&mut second, 20).await;
    assert!(TEXT.starts_with(&begun) && TEXT.starts_with(&other));
    let left = first.close();
    assert!(left.cached);
    assert_eq!(left.attempts[0].outcome, Outcome::Stopped);
    let rest = hear(second).await;
    assert_eq!(other + &rest.text, TEXT);
    assert!(!rest.report.cached, "somebody has to pay for the call");
    assert_eq!(rest.report.attempts.len(), 1);
    assert!(rest.report.usage.cost > Some(Usd::ZERO) && !rest.report.usage.estimated);
    assert_eq!(
        (world.counts("m").total, world.counts("m").completed),
        (1, 1)
    );
}

#[tokio::test]
async fn the_last_to_leave_closes_the_upstream() {
    let world = world().await;
    let gateway = gateway(config(&world, true));
    let mut all: Vec<_> = (0..3).map(|_| gateway.answer(again())).collect();
    for answer in &mut all {
        read(answer, 20).await;
    }
    drop(all.pop());
    all.pop().unwrap().close();
    sleep(Duration::from_millis(20)).await;
    assert_eq!(world.counts("m").open, 1, "one is still there");
    let report = all.pop().unwrap().close();
    assert!(report.usage.cost > Some(Usd::ZERO));
    world
        .until(|stats| stats.open == 0 && stats.closed_by_caller == 1)
        .await;
    // Half an answer is not remembered.
    assert_eq!(ask(&gateway, again()).await.result(), "whole");
    assert_eq!(world.counts("m").total, 2);
}

#[tokio::test]
async fn a_failure_is_not_shared_with_those_who_come_after_it() {
    let world = world().await;
    let fault = json!({"kind": "status", "status": 400, "times": 1});
    world
        .script("m", json!({"text": TEXT, "fault": fault}))
        .await;
    let gateway = gateway(config(&world, true));
    let mut failed = gateway.answer(again());
    while let Some(step) = failed.next().await {
        if matches!(step, Step::Failed(_)) {
            break;
        }
    }
    assert_eq!(ask(&gateway, again()).await.result(), "whole");
    assert_eq!(failed.close().attempts[0].outcome, Outcome::Failed);
}

#[tokio::test]
async fn text_is_taken_back_only_where_that_is_understood() {
    let world = world().await;
    let gateway = gateway(config(&world, true));
    let mut strict = again();
    strict.options.may_replace = false;
    let both = [again(), strict].map(|request| ask(&gateway, request));
    let heard = join_all(both).await;
    assert!(heard.iter().all(|it| it.result() == "whole"));
    assert_eq!(world.counts("m").total, 2, "they shared no flight");
}

#[tokio::test]
async fn people_are_kept_apart_where_that_is_wanted() {
    let world = world().await;
    for (shared, calls) in [(true, 1), (false, 3)] {
        let before = world.counts("m").total;
        let gateway = gateway(config(&world, shared));
        for owner in ["ada", "ada", "bob"] {
            ask(&gateway, by(owner)).await;
        }
        ask(&gateway, again()).await;
        assert_eq!(world.counts("m").total - before, calls, "shared: {shared}");
    }
}

#[derive(Default)]
struct Memory(Mutex<HashMap<String, CachedAnswer>>);

#[async_trait]
impl CacheStore for Memory {
    async fn get(&self, key: &str, not_before_ms: i64) -> Option<CachedAnswer> {
        let found = self.0.lock().unwrap().get(key).cloned();
        found.filter(|it| it.created_ms >= not_before_ms)
    }

    async fn put(&self, key: &str, answer: &CachedAnswer, _most_bytes: u64) {
        // Slower than the reader.
        sleep(Duration::from_millis(20)).await;
        self.0
            .lock()
            .unwrap()
            .insert(key.to_owned(), answer.clone());
    }
}

#[tokio::test]
async fn a_store_outlives_the_gateway() {
    let world = world().await;
    let store = Arc::new(Memory::default());
    let start = || ProviderGateway::new(config(&world, true), Some(store.clone())).unwrap();
    assert_eq!(ask(&start(), again()).await.result(), "whole");
    // Stored although the only reader has left.
    while store.0.lock().unwrap().is_empty() {
        sleep(Duration::from_millis(2)).await;
    }
    let heard = ask(&start(), again()).await;
    assert_eq!(
        (heard.result().as_str(), heard.report.cached),
        ("whole", true)
    );
    assert_eq!(world.counts("m").total, 1);
}
