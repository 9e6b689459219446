//! Answers asked to go on from what an earlier version of them had said.

use gateway::{Facts, Format, GatewayConfig, ModelConfig, Step};
use protocol::{AttemptReason, Phase};
use serde_json::{Value, json};

use crate::world::{Heard, TEXT, World, ask, chain, gateway, request, said};

/// What the reader has in the end of an answer that begins with this.
async fn go_on(world: &World, config: GatewayConfig, model: &str, begun: &str) -> (String, Heard) {
    let mut request = request(model);
    request.options.begun = begun.to_owned();
    let heard = ask(&gateway(config), request).await;
    let mut whole = begun.to_owned();
    for step in &heard.steps {
        match step {
            Step::Text(more) => whole.push_str(more),
            Step::Replace { keep, text } => {
                whole = whole.chars().take(*keep).chain(text.chars()).collect();
            }
            _ => {}
        }
    }
    world.until(|stats| stats.open == 0).await;
    (whole, heard)
}

/// The last request that the simulator was asked.
async fn last_asked(world: &World) -> Value {
    let url = format!("http://{}/control/requests", world.simulator.addr());
    let asked: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    asked.as_array().unwrap().last().unwrap().clone()
}

fn alone(world: &World, format: Format, model: &str, prefill: Option<bool>) -> GatewayConfig {
    let facts = Facts {
        prefill,
        ..Facts::default()
    };
    let said = said(&format!("a/{model}"), "1", "1", facts);
    chain(vec![world.provider("a", format, &[model])], vec![said])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_format_goes_on_from_what_was_there() {
    let world = World::new().await;
    for format in Format::ALL {
        for (mode, prefill) in [("exact", None), ("overlap", Some(false))] {
            let model = format!("{mode}-{}", format.as_str());
            let script = json!({"text": TEXT, "continuation": mode});
            world.script(&model, script).await;
            for at in [30, 33, 100, 238, TEXT.len() - 3] {
                let begun = &TEXT[..at];
                let config = alone(&world, format, &model, prefill);
                let (whole, heard) = go_on(&world, config, &format!("a/{model}"), begun).await;
                let which = format!("{model} at {at}");
                assert_eq!(whole, TEXT, "{which}");
                assert!(!heard.replaced, "{which}");
                assert_eq!(heard.text, TEXT[at..], "only what is new: {which}");
                assert_eq!(heard.attempts(), "a:first:ok", "{which}");
                let takes = matches!(format, Format::Anthropic | Format::Gemini | Format::Ollama);
                let last = match takes && prefill.is_none() {
                    true => "assistant",
                    false => "user",
                };
                assert_eq!(last_asked(&world).await["last_role"], last, "{which}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_begun_anew_does_not_take_the_old_one_away_for_nothing() {
    let world = World::new().await;
    let script = json!({"text": TEXT, "continuation": "restart"});
    world.script("restart", script).await;
    let config = || alone(&world, Format::OpenAi, "restart", None);
    let (whole, heard) = go_on(&world, config(), "a/restart", &TEXT[..150]).await;
    assert_eq!((whole.as_str(), heard.replaced), (TEXT, false));
    // It has nothing to add, and says less than there was.
    world
        .script("restart", json!({"text": TEXT, "tokens": 40}))
        .await;
    let (whole, heard) = go_on(&world, config(), "a/restart", TEXT).await;
    assert_eq!((whole.as_str(), heard.replaced), (TEXT, false));
    // It says something else from the middle on, so that this is another answer.
    let other = format!("{}elsewhere, in another town.", &TEXT[..60]);
    world.script("restart", json!({"text": other})).await;
    let (whole, heard) = go_on(&world, config(), "a/restart", &TEXT[..150]).await;
    assert_eq!((whole, heard.replaced), (other, true));
}

#[tokio::test]
async fn what_fails_before_it_goes_on_is_asked_again_as_at_the_beginning() {
    let world = World::new().await;
    let fault = json!({"kind": "status", "status": 503, "times": 1});
    world
        .script("a", json!({"text": TEXT, "fault": fault}))
        .await;
    let config = alone(&world, Format::OpenAi, "a", None);
    let (whole, heard) = go_on(&world, config, "a/a", &TEXT[..90]).await;
    assert_eq!(whole, TEXT);
    let reasons: Vec<_> = heard.report.attempts.iter().map(|it| it.reason).collect();
    assert_eq!(reasons, [AttemptReason::First, AttemptReason::Retry]);
    // And what breaks off on the way goes on from all of it.
    let fault = json!({"kind": "cut", "after_tokens": 12, "times": 1});
    world
        .script("b", json!({"text": TEXT, "fault": fault}))
        .await;
    let config = alone(&world, Format::OpenAi, "b", None);
    let (whole, heard) = go_on(&world, config, "a/b", &TEXT[..90]).await;
    assert_eq!(whole, TEXT);
    assert_eq!(heard.attempts(), "a:first:cut_off a:continuation:ok");
}

#[tokio::test]
async fn a_limit_bounds_what_is_new_and_the_cache_knows_nothing_of_it() {
    let world = World::new().await;
    world.script("m", json!({"text": TEXT})).await;
    let gateway = gateway(alone(&world, Format::OpenAi, "m", None));
    let mut first = request("a/m");
    first.options.cache = Some(true);
    assert_eq!(ask(&gateway, first.clone()).await.result(), "whole");
    let mut more = first;
    more.options.begun = TEXT[..200].to_owned();
    more.ask.params.max_tokens = Some(10);
    let heard = ask(&gateway, more).await;
    assert_eq!(heard.result(), "finished: length");
    assert!(!heard.report.cached);
    assert_eq!(heard.report.usage.output, Some(10));
    assert!(heard.text.len() > 10, "{}", heard.text);
    assert_eq!(world.counts("m").total, 2);
}

#[tokio::test]
async fn how_long_answers_are_is_told_once_it_is_known() {
    let world = World::new().await;
    world.script("m", json!({"tokens": 40})).await;
    let gateway = gateway(alone(&world, Format::OpenAi, "m", None));
    let expected = |heard: &Heard| match &heard.steps[0] {
        Step::Status(status) if status.phase == Phase::Waiting => status.expected_tokens,
        other => panic!("{other:?}"),
    };
    for _ in 0..3 {
        assert_eq!(typical(&gateway).await, None);
        assert_eq!(expected(&ask(&gateway, request("a/m")).await), None);
    }
    assert_eq!(typical(&gateway).await, Some(40));
    let mut bounded = request("a/m");
    for (most, expects) in [(None, 40), (Some(4_000), 40), (Some(7), 7)] {
        bounded.ask.params.max_tokens = most;
        let heard = ask(&gateway, bounded.clone()).await;
        assert_eq!(expected(&heard), Some(expects), "at most {most:?}");
    }
    let mut begun = request("a/m");
    begun.options.begun = "water runs over".into();
    assert_eq!(expected(&ask(&gateway, begun).await), None);
}

async fn typical(gateway: &gateway::ProviderGateway) -> Option<u64> {
    use gateway::Gateway as _;
    let list = gateway.models().await;
    list.find("a/m").unwrap().1.typical_tokens
}

#[tokio::test]
async fn the_list_tells_what_models_see_and_do_not_take() {
    use gateway::{Alias, Gateway as _};
    let world = World::new().await;
    let facts = |id: &str, images, refuses: &str| ModelConfig {
        id: id.into(),
        facts: Facts {
            images,
            refuses: refuses.split_whitespace().map(str::to_owned).collect(),
            ..Facts::default()
        },
        first_token: None,
    };
    let alias = |name: &str, models: &[&str]| Alias {
        name: name.into(),
        models: models.iter().map(|&it| it.to_owned()).collect(),
        spread: false,
    };
    let mut demo = world.provider("demo", Format::OpenAi, &["guide"]);
    demo.simulated = true;
    let gateway = gateway(GatewayConfig {
        aliases: vec![
            alias("both", &["a/sees", "a/blind"]),
            alias("blind", &["a/blind"]),
            alias("perhaps", &["a/blind", "a/other"]),
        ],
        ..chain(
            vec![
                world.provider("a", Format::OpenAi, &["sees", "blind", "other"]),
                demo,
            ],
            vec![
                facts("a/sees", Some(true), "temperature top_p"),
                facts("a/blind", Some(false), "temperature top_p@temperature seed"),
            ],
        )
    });
    let list = gateway.models().await;
    for (id, images, refuses) in [
        ("a/sees", Some(true), &["temperature", "top_p"][..]),
        ("a/blind", Some(false), &["temperature"]),
        ("a/other", None, &[]),
        ("both", Some(true), &["temperature"]),
        ("blind", Some(false), &["temperature"]),
        ("perhaps", None, &[]),
        ("auto", Some(true), &[]),
        ("demo/guide", Some(true), &[]),
    ] {
        let (_, model) = list.find(id).unwrap();
        assert_eq!(model.images, images, "{id}");
        assert_eq!(gateway.sees_images(id), images, "{id}");
        assert_eq!(model.refuses, refuses, "{id}");
    }
    assert_eq!(gateway.sees_images("a/unknown"), None);
}
