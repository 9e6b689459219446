//! Who is asked.

use gateway::{AUTO, Alias, Facts, Format, Gateway as _, GatewayConfig, Policy, Step};
use protocol::{Preference, ProblemKind};
use serde_json::json;

use crate::world::{TEXT, World, ask, chain, gateway, quick, request, said, usd};

#[tokio::test]
async fn an_alias_spreads_what_it_is_asked() {
    let world = World::new().await;
    let slow = json!({"text": TEXT, "first_token_ms": 1, "tokens_per_second": 100});
    let names = ["a", "b", "c"];
    for name in names {
        world.script(name, slow.clone()).await;
    }
    let gateway = gateway(GatewayConfig {
        aliases: vec![Alias {
            name: "river".into(),
            models: names.map(|it| format!("{it}/{it}")).into(),
            spread: true,
        }],
        ..chain(
            names
                .map(|it| world.provider(it, Format::OpenAi, &[it]))
                .into(),
            vec![],
        )
    });
    let mut open = Vec::new();
    for _ in 0..9 {
        let mut answer = gateway.answer(request("river"));
        while !matches!(answer.next().await, Some(Step::Text(_))) {}
        open.push(answer);
    }
    assert_eq!(names.map(|it| world.counts(it).open), [3, 3, 3]);
}

#[tokio::test]
async fn an_alias_without_spread_is_a_chain() {
    let world = World::new().await;
    world
        .script("a", json!({"fault": {"kind": "status", "status": 404}}))
        .await;
    world.script("b", json!({"text": TEXT})).await;
    let gateway = gateway(GatewayConfig {
        aliases: vec![Alias {
            name: "river".into(),
            models: vec!["a/a".into(), "b/b".into()],
            spread: false,
        }],
        ..chain(
            ["a", "b"]
                .map(|it| world.provider(it, Format::OpenAi, &[it]))
                .into(),
            vec![],
        )
    });
    let heard = ask(&gateway, request("river")).await;
    assert_eq!(heard.attempts(), "a:first:not_found b:fallback:ok");
    assert_eq!(heard.report.model.as_deref(), Some("b/b"));
}

#[tokio::test]
async fn the_same_model_elsewhere_stands_in_before_others_unless_that_is_unwanted() {
    let world = World::new().await;
    for (model, script) in [
        ("wide", json!({"fault": {"kind": "status", "status": 404}})),
        ("resold/wide", json!({"text": TEXT})),
        ("narrow", json!({"text": "Something else."})),
    ] {
        world.script(model, script).await;
    }
    let config = || GatewayConfig {
        policy: Policy {
            automatic_fallback: true,
            ..quick()
        },
        fallbacks: [].into(),
        ..chain(
            vec![
                world.provider("a", Format::OpenAi, &["wide"]),
                world.provider("b", Format::OpenAi, &["narrow"]),
                world.provider("c", Format::OpenAi, &["resold/wide"]),
            ],
            vec![],
        )
    };
    let gateway = gateway(config());
    let heard = ask(&gateway, request("a/wide")).await;
    assert_eq!(heard.attempts(), "a:first:not_found c:fallback:ok");
    let mut alone = request("a/wide");
    alone.options.fallbacks = Some(Vec::new());
    let heard = ask(&gateway, alone).await;
    assert_eq!(heard.attempts(), "a:first:not_found");
    let mut chosen = request("a/wide");
    chosen.options.fallbacks = Some(vec!["b/narrow".into()]);
    let heard = ask(&gateway, chosen).await;
    assert_eq!(heard.attempts(), "a:first:not_found b:fallback:ok");
}

/// Three models, from cheap and weak to dear and strong.
async fn three(world: &World) -> GatewayConfig {
    let names = ["small", "middle", "large"];
    for name in names {
        world.script(name, json!({"text": TEXT})).await;
    }
    let strong = |strength| Facts {
        strength: Some(strength),
        ..Facts::default()
    };
    chain(
        vec![world.provider("a", Format::OpenAi, &names)],
        vec![
            said("a/small", "0.1", "0.4", strong(0.2)),
            said("a/middle", "1", "4", strong(0.6)),
            said("a/large", "10", "40", strong(0.95)),
        ],
    )
}

#[tokio::test]
async fn the_choice_is_made_by_preference_and_told() {
    let world = World::new().await;
    let gateway = gateway(three(&world).await);
    for (prefer, expected) in [
        (Preference::Cheapest, "a/small"),
        (Preference::Best, "a/large"),
    ] {
        let mut request = request(AUTO);
        request.options.prefer = Some(prefer);
        let heard = ask(&gateway, request).await;
        assert_eq!(heard.report.model.as_deref(), Some(expected));
        assert!(
            heard.report.route.as_ref().unwrap().contains(expected),
            "{:?}",
            heard.report
        );
        assert_eq!(heard.report.attempts[0].route, heard.report.route);
        let told = heard.steps.iter().any(
            |step| matches!(step, Step::Status(status) if status.reason == heard.report.route),
        );
        assert!(told);
        match prefer {
            Preference::Cheapest => {
                let saving = heard.report.saving.unwrap();
                assert_eq!(saving.against.as_deref(), Some("a/large"));
                // A hundred times dearer.
                let cost = heard.report.usage.cost.unwrap().picodollars();
                assert_eq!(saving.usd.picodollars(), 99 * cost);
            }
            _ => assert_eq!(heard.report.saving, None),
        }
    }
}

#[tokio::test]
async fn nothing_dearer_than_allowed_is_asked() {
    let world = World::new().await;
    let gateway = gateway(three(&world).await);
    let asked = async |model: &str, most: &str| {
        let mut request = request(model);
        request.options.prefer = Some(Preference::Best);
        request.options.max_cost = Some(usd(most));
        ask(&gateway, request).await
    };
    // 500 tokens of an answer are reckoned with.
    let heard = asked(AUTO, "0.003").await;
    assert_eq!(heard.report.model.as_deref(), Some("a/middle"));
    for model in [AUTO, "a/large"] {
        let heard = asked(model, "0.00001").await;
        let problem = heard.end.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::BadRequest);
        assert!(problem.message.contains("at most $0.00001"), "{problem}");
        assert_eq!(heard.report.attempts, []);
    }
    assert_eq!(world.counts("large").total, 0);
}

#[tokio::test]
async fn one_that_is_not_there_is_replaced() {
    let world = World::new().await;
    world.script("b", json!({"text": TEXT})).await;
    let mut gone = world.provider("a", Format::OpenAi, &["a"]);
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    gone.base_url = format!("http://{port}/v1").parse().unwrap();
    let gateway = gateway(chain(
        vec![gone, world.provider("b", Format::Anthropic, &["b"])],
        vec![],
    ));
    let heard = ask(&gateway, request("a/a")).await;
    let tried = "a:first:unreachable a:retry:unreachable a:retry:unreachable";
    assert_eq!(heard.attempts(), format!("{tried} b:fallback:ok"));
}
