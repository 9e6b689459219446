//! Deployments that ail, and come back.

use std::{sync::Arc, time::Duration};

use gateway::{Format, Gateway as _, GatewayConfig, Policy, ProviderGateway, Step};
use protocol::Phase;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::world::{TEXT, World, ask, chain, gateway, quick, request};

const COOLDOWN: Duration = Duration::from_millis(700);

/// A gateway whose first deployment falls back on the second.
fn two(world: &World, format: Format) -> Arc<ProviderGateway> {
    gateway(GatewayConfig {
        policy: Policy {
            retries: 0,
            cooldown: COOLDOWN,
            cooldown_limit: COOLDOWN,
            cooldown_broken: COOLDOWN,
            first_token: Duration::from_secs(5),
            ..quick()
        },
        ..chain(
            vec![
                world.provider("a", format, &["a", "a2"]),
                world.provider("b", format, &["b"]),
            ],
            vec![],
        )
    })
}

async fn models(world: &World) {
    world
        .script("a", json!({"fault": {"kind": "status", "status": 503}}))
        .await;
    for well in ["a2", "b"] {
        world.script(well, json!({"text": TEXT})).await;
    }
}

/// A gateway that has found out that the first one is down.
async fn opened(world: &World) -> Arc<ProviderGateway> {
    models(world).await;
    let gateway = two(world, Format::OpenAi);
    for _ in 0..3 {
        let heard = ask(&gateway, one()).await;
        assert_eq!(heard.attempts(), "a:first:overloaded b:fallback:ok");
    }
    let heard = ask(&gateway, one()).await;
    assert_eq!(
        (heard.attempts().as_str(), heard.result().as_str()),
        ("b:first:ok", "whole")
    );
    assert_eq!(world.counts("a").total, 3);
    gateway
}

/// A request to the first, or else the second.
fn one() -> gateway::AnswerRequest {
    let mut request = request("a/a");
    request.options.fallbacks = Some(vec!["b/b".into()]);
    request
}

#[tokio::test]
async fn one_that_is_down_is_left_alone_probed_once_and_taken_back() {
    let world = World::new().await;
    let gateway = opened(&world).await;
    // Still down: one probe, and it is left alone again.
    sleep(COOLDOWN).await;
    assert_eq!(
        ask(&gateway, one()).await.attempts(),
        "a:first:overloaded b:fallback:ok"
    );
    assert_eq!(ask(&gateway, one()).await.attempts(), "b:first:ok");
    // Back, but slow to answer: of several requests one finds out.
    world
        .script("a", json!({"text": TEXT, "first_token_ms": 100}))
        .await;
    sleep(COOLDOWN).await;
    let several = (0..5).map(|_| ask(&gateway, one()));
    let heard = futures::future::join_all(several).await;
    let asked: Vec<_> = heard
        .iter()
        .filter(|it| it.attempts() == "a:first:ok")
        .collect();
    assert_eq!((asked.len(), world.counts("a").total), (1, 5));
    assert_eq!(ask(&gateway, one()).await.attempts(), "a:first:ok");
}

#[tokio::test]
async fn a_probe_that_is_dropped_leaves_room_for_the_next() {
    let world = World::new().await;
    let gateway = opened(&world).await;
    world
        .script("a", json!({"text": TEXT, "first_token_ms": 200}))
        .await;
    sleep(COOLDOWN).await;
    let mut probe = gateway.answer(one());
    let stopped = tokio::time::timeout(Duration::from_millis(50), async {
        while probe.next().await.is_some() {}
    });
    assert!(stopped.await.is_err());
    assert_eq!(world.counts("a").open, 1);
    drop(probe);
    assert_eq!(ask(&gateway, one()).await.attempts(), "a:first:ok");
}

#[tokio::test]
async fn a_key_that_is_refused_is_not_used_again_for_any_model() {
    let world = World::new().await;
    for format in Format::ALL {
        models(&world).await;
        world
            .script("a", json!({"text": TEXT, "require_key": "sk-other"}))
            .await;
        let gateway = two(&world, format);
        let before = world.counts("a2").total;
        assert_eq!(
            ask(&gateway, one()).await.attempts(),
            "a:first:auth b:fallback:ok"
        );
        for model in ["a/a", "a/a2"] {
            let mut request = request(model);
            request.options.fallbacks = Some(vec!["b/b".into()]);
            assert_eq!(
                ask(&gateway, request).await.attempts(),
                "b:first:ok",
                "{format:?}"
            );
        }
        assert_eq!(world.counts("a2").total, before);
        // The operator has changed it.
        world.script("a", json!({"text": TEXT})).await;
        sleep(COOLDOWN).await;
        assert_eq!(
            ask(&gateway, one()).await.attempts(),
            "a:first:ok",
            "{format:?}"
        );
    }
}

#[tokio::test]
async fn a_model_that_is_forbidden_speaks_against_no_other() {
    let world = World::new().await;
    models(&world).await;
    world
        .script("a", json!({"fault": {"kind": "status", "status": 403}}))
        .await;
    let gateway = two(&world, Format::OpenAi);
    assert_eq!(
        ask(&gateway, one()).await.attempts(),
        "a:first:auth b:fallback:ok"
    );
    assert_eq!(ask(&gateway, one()).await.attempts(), "b:first:ok");
    assert_eq!(
        ask(&gateway, request("a/a2")).await.attempts(),
        "a:first:ok"
    );
}

#[tokio::test]
async fn an_empty_account_is_left_alone_at_once() {
    let world = World::new().await;
    models(&world).await;
    let fault = json!({"kind": "status", "status": 429, "code": "insufficient_quota"});
    world.script("a", json!({"fault": fault})).await;
    let gateway = two(&world, Format::OpenAi);
    let heard = ask(&gateway, one()).await;
    assert_eq!(heard.attempts(), "a:first:quota_exhausted b:fallback:ok");
    assert_eq!(ask(&gateway, one()).await.attempts(), "b:first:ok");
}

#[tokio::test]
async fn limits_that_are_used_up_hold_calls() {
    let world = World::new().await;
    for (format, reset_ms, least) in [(Format::OpenAi, 300, 200), (Format::Anthropic, 1, 0)] {
        let limit = json!({"remaining_requests": 0, "reset_ms": reset_ms});
        world
            .script("a", json!({"text": TEXT, "rate_limit": limit}))
            .await;
        world.script("b", json!({"text": TEXT})).await;
        let gateway = two(&world, format);
        assert_eq!(ask(&gateway, one()).await.attempts(), "a:first:ok");
        let began = Instant::now();
        let heard = ask(&gateway, one()).await;
        // Anthropic's resets are whole seconds.
        assert_eq!(heard.attempts(), "a:first:ok", "{format:?}");
        assert!(
            heard.report.attempts[0].waited_ms >= least,
            "{:?}",
            heard.report
        );
        assert!(began.elapsed() >= Duration::from_millis(least));
        let queued = |step: &Step| matches!(step, Step::Status(it) if it.phase == Phase::Queued);
        assert!(heard.steps.iter().any(queued), "{format:?}");
    }
    // Longer than anybody waits who could ask elsewhere.
    let limit = json!({"remaining_tokens": 0, "reset_ms": 30_000});
    world
        .script("a", json!({"text": TEXT, "rate_limit": limit}))
        .await;
    let gateway = two(&world, Format::OpenAi);
    assert_eq!(ask(&gateway, one()).await.attempts(), "a:first:ok");
    let asked = world.counts("a").total;
    let began = Instant::now();
    assert_eq!(ask(&gateway, one()).await.attempts(), "b:fallback:ok");
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(world.counts("a").total, asked);
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_kept_while_others_serve() {
    let world = World::new().await;
    models(&world).await;
    let fault = json!({"kind": "status", "status": 429, "retry_after": 30});
    world.script("a", json!({"fault": fault})).await;
    let gateway = two(&world, Format::OpenAi);
    assert_eq!(
        ask(&gateway, one()).await.attempts(),
        "a:first:rate_limited b:fallback:ok"
    );
    assert_eq!(ask(&gateway, one()).await.attempts(), "b:first:ok");
    assert_eq!(world.counts("a").total, 1);
}
