//! What exactly is asked of whom: seals that come back, words that a format
//! lacks, a caller's own beginning of the answer, a price that must be kept to.

use gateway::{AUTO, AnswerFormat, ChatMessage, Effort, Facts, Format, Part, Step};
use protocol::{ProblemKind, Role};
use serde_json::{Value, json};

use crate::world::{TEXT, World, ask, chain, gateway, request, said, usd};

/// What the simulator was asked, newest first.
async fn asked(world: &World) -> Vec<Value> {
    let url = format!("http://{}/control/requests", world.simulator.addr());
    let response = reqwest::get(url).await.unwrap();
    let mut all: Vec<Value> = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    all.reverse();
    all
}

#[tokio::test]
async fn a_model_is_not_chosen_whose_format_has_no_word_for_it() {
    let world = World::new().await;
    for model in ["claude", "plain"] {
        world.script(model, json!({"text": TEXT})).await;
    }
    let gateway = gateway(chain(
        vec![
            world.provider("a", Format::Anthropic, &["claude"]),
            world.provider("b", Format::OpenAi, &["plain"]),
        ],
        vec![],
    ));
    let mut json_please = request(AUTO);
    json_please.ask.params.format = Some(AnswerFormat::Json);
    let heard = ask(&gateway, json_please.clone()).await;
    assert_eq!(heard.report.model.as_deref(), Some("b/plain"));

    // Whoever names it is told, and nothing was sent.
    json_please.ask.model = "a/claude".into();
    let heard = ask(&gateway, json_please).await;
    let problem = heard.end.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::BadRequest);
    assert_eq!(heard.report.attempts, []);
    assert_eq!(world.counts("claude").total, 0);
}

#[tokio::test]
async fn words_to_go_on_from_are_gone_on_from_in_another_way_where_refused() {
    let world = World::new().await;
    world
        .script("proud", json!({"text": TEXT, "refuse_prefill": true}))
        .await;
    let provider = world.provider("a", Format::Anthropic, &["proud"]);
    let gateway = gateway(chain(vec![provider], vec![]));
    let mut begun = request("a/proud");
    let beginning = ChatMessage::text(Role::Assistant, &TEXT[..60]);
    begun.ask.messages = begun
        .ask
        .messages
        .iter()
        .cloned()
        .chain([beginning])
        .collect();
    let heard = ask(&gateway, begun.clone()).await;
    assert_eq!(heard.attempts(), "a:first:bad_request a:retry:ok");
    assert_eq!(heard.text, &TEXT[60..]);
    // It is known from then on.
    let heard = ask(&gateway, begun).await;
    assert_eq!(heard.attempts(), "a:first:ok");
}

#[tokio::test]
async fn seals_come_back_with_the_results_of_tools() {
    for format in [Format::Anthropic, Format::Gemini] {
        let world = World::new().await;
        let calls = json!([{"name": "look", "arguments": {"at": "river"}}]);
        let script = json!({"thinking_tokens": 4, "tool_calls": calls});
        world.script("m", script).await;
        let gateway = gateway(chain(vec![world.provider("a", format, &["m"])], vec![]));
        let mut first = request("a/m");
        first.ask.params.effort = Some(Effort::Low);
        let heard = ask(&gateway, first.clone()).await;
        let (id, name) = heard
            .steps
            .iter()
            .find_map(|step| match step {
                Step::Tool { id, name, .. } => Some((id.clone()?, name.clone()?)),
                _ => None,
            })
            .unwrap();

        world.script("m", json!({"text": TEXT})).await;
        let call = Part::ToolCall {
            id: id.clone(),
            name: name.clone(),
            arguments: r#"{"at":"river"}"#.into(),
            signature: None,
        };
        let result = Part::ToolResult {
            id,
            name: Some(name),
            content: "wet".into(),
            is_error: false,
        };
        let said = [(Role::Assistant, call), (Role::User, result)];
        let more = said.map(|(role, part)| ChatMessage {
            role,
            parts: vec![part],
        });
        let mut second = first;
        second.ask.messages = second.ask.messages.iter().cloned().chain(more).collect();
        let heard = ask(&gateway, second).await;
        assert_eq!(heard.text, TEXT);
        if format == Format::Anthropic {
            // Without its seal the adapter would not ask for thinking at all.
            let parameters = asked(&world).await[0]["parameters"].to_string();
            assert!(parameters.contains("thinking"), "{parameters}");
        }
    }
}

#[tokio::test]
async fn a_maximum_price_bounds_the_answer() {
    let world = World::new().await;
    world.script("m", json!({"text": TEXT})).await;
    let gateway = gateway(chain(
        vec![world.provider("a", Format::OpenAi, &["m"])],
        // A dollar for ten output tokens.
        vec![said("a/m", "0", "100000", Facts::default())],
    ));
    let mut cheap = request("a/m");
    cheap.ask.params.max_tokens = Some(10);
    cheap.options.max_cost = Some(usd("1"));
    let heard = ask(&gateway, cheap).await;
    assert_eq!(heard.end.unwrap().as_str(), "length");
    assert_eq!(heard.report.usage.output, Some(10));
    assert_eq!(heard.report.usage.cost, Some(usd("1")));
}

#[tokio::test]
async fn a_tool_call_that_nobody_has_seen_is_begun_anew() {
    let world = World::new().await;
    let calls = json!([{"name": "look", "arguments": "{\"at\":\"the river\"}"}]);
    let cut = json!({"kind": "cut", "after_tokens": 3, "times": 1});
    let script = json!({"tool_calls": calls, "fault": cut});
    world.script("m", script).await;
    let gateway = gateway(chain(
        vec![world.provider("a", Format::OpenAi, &["m"])],
        vec![],
    ));
    let mut unseen = request("a/m");
    unseen.options.unseen = true;
    let heard = ask(&gateway, unseen).await;
    assert_eq!(heard.attempts(), "a:first:cut_off a:retry:ok");
    let said = heard.steps.iter().filter_map(|step| match step {
        Step::Tool { arguments, .. } => Some(arguments.as_str()),
        _ => None,
    });
    assert_eq!(said.collect::<String>(), "{\"at\":\"the river\"}");
}
