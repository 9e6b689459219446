//! What an answer costs, to the last decimal.

use gateway::{Facts, Format, Step};
use serde_json::json;

use crate::world::{TEXT, World, ask, chain, gateway, request, said};

#[tokio::test]
async fn a_known_price_gives_an_exact_cost() {
    let world = World::new().await;
    for format in Format::ALL {
        let model = format!("m-{}", format.as_str());
        world.script(&model, json!({"tokens": 1234})).await;
        let gateway = gateway(chain(
            vec![world.provider("a", format, &[&model])],
            vec![said(
                &format!("a/{model}"),
                "0.07",
                "0.123457",
                Facts::default(),
            )],
        ));
        let heard = ask(&gateway, request(&format!("a/{model}"))).await;
        let usage = heard.report.usage;
        assert_eq!(
            (usage.output, usage.estimated),
            (Some(1234), false),
            "{format:?}"
        );
        let output = 1234 * 123_457;
        let input = i64::try_from(usage.input.unwrap()).unwrap() * 70_000;
        assert_eq!(
            usage.cost.unwrap().picodollars(),
            input + output,
            "{format:?}"
        );
    }
}

#[tokio::test]
async fn all_that_was_written_is_paid_for_and_what_failed_at_once_is_not() {
    let world = World::new().await;
    let cut = json!({"text": TEXT, "fault": {"kind": "cut", "after_tokens": 31}});
    world
        .script("a", json!({"fault": {"kind": "status", "status": 503}}))
        .await;
    world.script("b", cut).await;
    world.script("c", json!({"text": TEXT})).await;
    let providers = ["a", "b", "c"].map(|it| world.provider(it, Format::OpenAi, &[it]));
    let gateway = gateway(chain(
        providers.into(),
        vec![
            said("a/a", "100", "100", Facts::default()),
            said("b/b", "1", "2", Facts::default()),
            said("c/c", "4", "8", Facts::default()),
        ],
    ));
    let heard = ask(&gateway, request("a/a")).await;
    assert_eq!(heard.result(), "whole");
    let [.., by_b, by_c] = heard.report.attempts.as_slice() else {
        panic!("{}", heard.attempts());
    };
    assert!(by_b.usage.estimated && !by_c.usage.estimated);
    for failed in &heard.report.attempts[..3] {
        assert_eq!((failed.usage.cost, failed.usage.output), (None, None));
    }
    let cost = |usage: &protocol::Usage, input: u64, output: u64| {
        (usage.input.unwrap() * input + usage.output.unwrap() * output) * 1_000_000
    };
    let all = cost(&by_b.usage, 1, 2) + cost(&by_c.usage, 4, 8);
    let usage = heard.report.usage;
    assert_eq!(usage.cost.unwrap().picodollars() as u64, all);
    let sum = |of: fn(&protocol::Usage) -> Option<u64>| of(&by_b.usage).zip(of(&by_c.usage));
    assert_eq!(usage.output, sum(|it| it.output).map(|(b, c)| b + c));
    assert!(usage.estimated, "a part of it is");
    let told = heard.steps.iter().rev().find_map(|step| match step {
        Step::Usage(usage) => Some(*usage),
        _ => None,
    });
    assert_eq!(told, Some(usage));
}

#[tokio::test]
async fn an_unknown_price_stays_unknown() {
    let world = World::new().await;
    world.script("nobody-knows", json!({"text": TEXT})).await;
    let gateway = gateway(chain(
        vec![world.provider("a", Format::OpenAi, &["nobody-knows"])],
        vec![],
    ));
    let heard = ask(&gateway, request("a/nobody-knows")).await;
    assert_eq!(
        (
            heard.report.usage.cost,
            heard.report.attempts[0].price.clone()
        ),
        (None, None)
    );
}
