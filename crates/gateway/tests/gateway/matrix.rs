//! Every format × every fault.

use std::fmt::Write as _;

use futures::{StreamExt, stream};
use gateway::{Format, cost};
use protocol::{Outcome, ProblemKind};

use crate::{
    cases::{self, Case},
    world::{Heard, TEXT, World, ask, chain, gateway, price, request, said},
};

/// The models of a cell: each has its own, so that the simulator's counts are
/// the cell's.
fn models(case: &Case, format: Format) -> [String; 2] {
    ["a", "b"].map(|which| {
        let name = case.name.replace([' ', ','], "-");
        format!("{name}-{}-{which}", format.as_str())
    })
}

async fn run(world: &World, case: &Case, format: Format) -> Heard {
    let [a, b] = models(case, format);
    for (model, script) in [(&a, &case.a), (&b, &case.b)] {
        let mut script = script.clone();
        // A case of tool calls has no text.
        if script.get("tool_calls").is_none() {
            script["text"] = TEXT.into();
        }
        if script["fault"].is_null() {
            script.as_object_mut().unwrap().remove("fault");
        }
        world.script(model, script).await;
    }
    let (of_a, of_b) = case.facts.clone();
    let gateway = gateway(chain(
        vec![
            world.provider("a", format, &[&a]),
            world.provider("b", format, &[&b]),
        ],
        vec![
            said(&format!("a/{a}"), "3", "15", of_a),
            said(&format!("b/{b}"), "0.25", "1.25", of_b),
        ],
    ));
    ask(&gateway, request(&format!("a/{a}"))).await
}

/// What is wrong with a cell.
fn faults(world: &World, case: &Case, format: Format, heard: &Heard) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, found: String, expected: String| {
        if found != expected {
            wrong.push(format!("{what}: {found}, not {expected}"));
        }
    };
    check("attempts", heard.attempts(), (case.attempts)(format).into());
    check("result", heard.result(), (case.result)(format).into());
    if heard.result() == "replaced" {
        // As far as the first came, without its last word.
        let differs = heard.text.split_once(" Something else entirely: ");
        let fits = differs.is_some_and(|(kept, new)| TEXT.starts_with(kept) && new == TEXT);
        check("text", fits.to_string(), "true".into());
    }

    let attempts = &heard.report.attempts;
    for (provider, model) in ["a", "b"].iter().zip(models(case, format)) {
        let recorded = attempts
            .iter()
            .filter(|it| it.provider == **provider)
            .count();
        let seen = world.counts(&model).total;
        check(
            &format!("calls of {provider}"),
            seen.to_string(),
            recorded.to_string(),
        );
    }
    if case.a["fault"]["retry_after_ms"] == 60 && format != Format::Ollama {
        check(
            "waited",
            (attempts[1].waited_ms >= 60).to_string(),
            "true".into(),
        );
    }
    for (at, attempt) in attempts.iter().enumerate() {
        check("number", attempt.number.to_string(), (at + 1).to_string());
        let usage = attempt.usage;
        // Nobody is billed for what never came, unless the provider counts it.
        let began = attempt.first_token_ms.is_some();
        let counted = attempt.problem == Some(ProblemKind::ContentBlocked);
        let expected = match began || counted {
            true => cost::cost(&usage, attempt.price.as_ref()),
            false => None,
        };
        check("cost", format!("{:?}", usage.cost), format!("{expected:?}"));
        let estimated = attempt.outcome != Outcome::Finished && began;
        check(
            "estimated",
            usage.estimated.to_string(),
            estimated.to_string(),
        );
        let its = match attempt.provider.as_str() {
            "a" => price("3", "15"),
            _ => price("0.25", "1.25"),
        };
        check(
            "price",
            format!("{:?}", attempt.price),
            format!("{:?}", Some(its)),
        );
    }
    let costs = attempts.iter().filter_map(|it| it.usage.cost);
    let sum: i64 = costs.map(|cost| cost.picodollars()).sum();
    let told = heard.report.usage.cost.map_or(0, |cost| cost.picodollars());
    check("sum of costs", told.to_string(), sum.to_string());
    let last = attempts.last().unwrap();
    let last = format!("{}/{}", last.provider, last.model);
    check(
        "model",
        format!("{:?}", heard.report.model),
        format!("{:?}", Some(last)),
    );
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn matrix() {
    let world = World::new().await;
    let cases = cases::all();
    let (mut table, mut wrong) = (String::new(), String::new());
    for case in &cases {
        let row = stream::iter(Format::ALL).map(|format| {
            let world = &world;
            async move { (format, run(world, case, format).await) }
        });
        // One after another would wait for each clock.
        let row: Vec<_> = row.buffered(Format::ALL.len()).collect().await;
        for (format, heard) in &row {
            let (format, attempts) = (*format, heard.attempts());
            let result = heard.result();
            writeln!(
                table,
                "{:40} {:10} {result:28} {attempts}",
                case.name,
                format.as_str()
            )
            .unwrap();
            for fault in faults(&world, case, format, heard) {
                writeln!(wrong, "{} × {}: {fault}", case.name, format.as_str()).unwrap();
            }
        }
    }
    println!("{:40} {:10} {:28} attempts", "fault", "format", "result");
    print!("{table}");
    println!("{} cells", cases.len() * Format::ALL.len());
    assert!(wrong.is_empty(), "\n{wrong}");
    // Nothing stays open when an answer has ended.
    world.until(|stats| stats.open == 0).await;
}
