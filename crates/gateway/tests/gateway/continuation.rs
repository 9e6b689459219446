//! Answers that break off, and go on elsewhere or in another way.

use futures::{StreamExt, stream};
use gateway::{Facts, Format, GatewayConfig, ModelConfig, Policy};
use protocol::{Outcome, ProblemKind};
use serde_json::json;

use crate::world::{Heard, TEXT, World, ask, chain, gateway, quick, request};

fn prefill(id: &str, takes: Option<bool>) -> ModelConfig {
    ModelConfig {
        id: id.into(),
        facts: Facts {
            prefill: takes,
            ..Facts::default()
        },
        first_token: None,
    }
}

/// What comes of a text that `a` breaks off after so many tokens and `b` goes
/// on with.
async fn broken_off(world: &World, text: &str, at: u64, mode: &str, format: Format) -> Heard {
    let [a, b] =
        ["a", "b"].map(|it| format!("{it}-{at}-{mode}-{}-{}", format.as_str(), text.len()));
    let cut = json!({"text": text, "fault": {"kind": "cut", "after_tokens": at}});
    world.script(&a, cut).await;
    let (mode, takes) = match mode {
        "prefill" => ("exact", None),
        mode => (mode, Some(false)),
    };
    world
        .script(&b, json!({"text": text, "continuation": mode}))
        .await;
    let gateway = gateway(chain(
        vec![
            world.provider("a", format, &[&a]),
            world.provider("b", format, &[&b]),
        ],
        vec![prefill(&format!("b/{b}"), takes)],
    ));
    ask(&gateway, request(&format!("a/{a}"))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_goes_on_wherever_it_broke_off() {
    let world = World::new().await;
    let mut runs = Vec::new();
    for at in (1..80).step_by(3) {
        for mode in ["prefill", "exact", "overlap", "restart"] {
            for format in [Format::OpenAi, Format::Anthropic] {
                runs.push((at, mode, format));
            }
        }
    }
    let world = &world;
    stream::iter(runs)
        .for_each_concurrent(16, |(at, mode, format)| async move {
            let heard = broken_off(world, TEXT, at, mode, format).await;
            assert_eq!(heard.text, TEXT, "cut at {at}, {mode}, {format:?}");
            let attempts = "a:first:cut_off b:continuation:ok";
            assert_eq!(
                heard.attempts(),
                attempts,
                "cut at {at}, {mode}, {format:?}"
            );
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_repeats_itself_is_not_taken_for_a_repetition() {
    let world = World::new().await;
    let song = "Row, row, row your boat gently down the stream.\n\n".repeat(8) + "And ashore.";
    for at in (20..90).step_by(7) {
        let heard = broken_off(&world, &song, at, "prefill", Format::Anthropic).await;
        assert_eq!(heard.text, song, "cut at {at}");
    }
}

#[tokio::test]
async fn what_does_not_fit_fails_cleanly_where_nothing_can_be_taken_back() {
    let world = World::new().await;
    let cut = json!({"text": TEXT, "fault": {"kind": "cut", "after_tokens": 31}});
    world.script("a", cut).await;
    world
        .script("b", json!({"text": TEXT, "continuation": "differ"}))
        .await;
    let gateway = gateway(chain(
        vec![
            world.provider("a", Format::OpenAi, &["a"]),
            world.provider("b", Format::OpenAi, &["b"]),
        ],
        vec![],
    ));
    let mut request = request("a/a");
    request.options.may_replace = false;
    let heard = ask(&gateway, request).await;
    assert_eq!(heard.result(), "failed: cut_off");
    assert!(!heard.replaced && heard.text.len() > 100 && TEXT.starts_with(&heard.text));
    assert_eq!(heard.attempts(), "a:first:cut_off b:continuation:stopped");
    world.until(|stats| stats.open == 0).await;
}

#[tokio::test]
async fn who_is_alone_goes_on_with_its_own_answer() {
    let world = World::new().await;
    for (kind, times, word) in [("cut", 4, "cut_off"), ("silence", 2, "timeout")] {
        let fault = json!({"kind": kind, "after_tokens": 14, "times": times});
        world
            .script(kind, json!({"text": TEXT, "fault": fault}))
            .await;
        let gateway = gateway(chain(
            vec![world.provider("a", Format::OpenAi, &[kind])],
            vec![],
        ));
        let heard = ask(&gateway, request(&format!("a/{kind}"))).await;
        assert_eq!(heard.result(), "whole", "{:?}", heard.end);
        let again = format!(" a:continuation:{word}").repeat(times - 1);
        let attempts = format!("a:first:{word}{again} a:continuation:ok");
        assert_eq!(heard.attempts(), attempts);
    }
}

#[tokio::test]
async fn calls_are_bounded() {
    let world = World::new().await;
    world
        .script("down", json!({"fault": {"kind": "status", "status": 503}}))
        .await;
    let gateway = gateway(GatewayConfig {
        policy: Policy {
            attempts: 4,
            retries: 100,
            ..quick()
        },
        ..chain(vec![world.provider("a", Format::OpenAi, &["down"])], vec![])
    });
    let heard = ask(&gateway, request("a/down")).await;
    assert_eq!(heard.result(), "failed: overloaded");
    assert_eq!(
        (heard.report.attempts.len(), world.counts("down").total),
        (4, 4)
    );
}

#[tokio::test]
async fn stop_sequences_are_met_where_a_model_refuses_them() {
    let world = World::new().await;
    let refuses = |id: &str| ModelConfig {
        id: id.into(),
        facts: Facts {
            refuses: vec!["stop".into()],
            ..Facts::default()
        },
        first_token: None,
    };
    let expected = TEXT.split_once("unremarkable").unwrap().0;
    for format in Format::ALL {
        let [whole, cut] = ["whole", "cut"].map(|it| format!("{it}-{}", format.as_str()));
        let names = ["stop", "stop_sequences", "stopSequences"];
        let script = json!({
            "text": TEXT, "refuse_parameters": names, "tokens_per_second": 400,
        });
        world.script(&whole, script).await;
        let fault = json!({"kind": "cut", "after_tokens": 18});
        let script = json!({"text": TEXT, "refuse_parameters": names, "fault": fault});
        world.script(&cut, script).await;
        let [of_whole, of_cut] = [&whole, &cut].map(|it| format!("a/{it}"));
        let gateway = gateway(GatewayConfig {
            fallbacks: [(of_cut.clone(), vec![of_whole.clone()])].into(),
            ..chain(
                vec![world.provider("a", format, &[&whole, &cut])],
                vec![refuses(&of_whole), refuses(&of_cut)],
            )
        });
        for (model, attempts) in [
            (of_whole, "a:first:ok"),
            (of_cut, "a:first:cut_off a:continuation:ok"),
        ] {
            let mut request = request(&model);
            request.ask.params.stop = vec!["unremarkable".into(), "never said".into()];
            let heard = ask(&gateway, request).await;
            assert_eq!(
                heard.result(),
                "finished: stop",
                "{format:?} {:?}",
                heard.end
            );
            assert_eq!(heard.text, expected, "{format:?} {model}");
            assert_eq!(heard.attempts(), attempts, "{format:?}");
            // It was ended by us, so that nobody counted it to the end.
            let last = heard.report.attempts.last().unwrap();
            assert_eq!(last.outcome, Outcome::Finished);
            assert!(last.usage.estimated, "{format:?}");
            assert!(
                last.usage.output.unwrap() >= 10,
                "{format:?} {:?}",
                last.usage
            );
        }
        world.until(|stats| stats.open == 0).await;
    }
}

#[tokio::test]
async fn a_wrong_request_is_no_dead_end_where_another_was_wanted() {
    let world = World::new().await;
    world
        .script("down", json!({"fault": {"kind": "status", "status": 503}}))
        .await;
    world
        .script("picky", json!({"fault": {"kind": "status", "status": 400}}))
        .await;
    world.script("good", json!({"text": TEXT})).await;
    let providers = ["down", "picky", "good"].map(|it| world.provider(it, Format::OpenAi, &[it]));
    let gateway = gateway(chain(providers.into(), vec![]));
    let heard = ask(&gateway, request("down/down")).await;
    assert_eq!(heard.result(), "whole");
    let problems: Vec<_> = heard.report.attempts.iter().map(|it| it.problem).collect();
    assert_eq!(problems[3..], [Some(ProblemKind::BadRequest), None]);
}
