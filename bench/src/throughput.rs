//! A provider as fast as it can, and the bytes that reach the page.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::{
    answer::{Answer, Place},
    process::Process,
    report::{Report, Row},
    world::{Server, Simulator, client},
};

/// Answers read one after another, after one that is not measured.
const ANSWERS: u32 = 3;

/// A fast model of today, and a very fast one, in tokens per second.
const SPEEDS: [(&str, u64); 2] = [("fast", 100), ("very-fast", 1_000)];

pub(crate) async fn run(tokens: u64, window: Duration) -> Result<Report> {
    let client = client()?;
    let mut scripts = vec![("flood", json!({"tokens": tokens}))];
    for (model, speed) in SPEEDS {
        let tokens = speed * window.as_secs();
        let script = json!({"tokens": tokens, "tokens_per_second": speed});
        scripts.push((model, script));
    }
    let simulator = Simulator::start(&client, &scripts).await?;
    let server = Server::start(&simulator.url)?;
    let direct = Place::provider(&simulator.url);
    let rivulet = Place::rivulet(&server.url);

    let flood = async |place: &Place, process: &Process| {
        place.ask(&client, "flood").await?.finish().await?;
        let (cpu, begin) = (process.cpu_seconds()?, Instant::now());
        for _ in 0..ANSWERS {
            place.ask(&client, "flood").await?.finish().await?;
        }
        let said = f64::from(ANSWERS) * tokens as f64;
        let cpu = process.cpu_seconds()? - cpu;
        anyhow::Ok((said / begin.elapsed().as_secs_f64(), said / cpu))
    };
    let of_direct = flood(&direct, &simulator.process).await?;
    let of_rivulet = flood(&rivulet, &server.process).await?;

    let mut report = Report::new(format!(
        "{ANSWERS} answers of {tokens} tokens one after another, the provider as fast as its \
         caller takes them, one token to an event. Per core: tokens for a second of the process's \
         time, beside the simulator's, which writes them.\nBytes: the body of one answer on its \
         way to the page, for each byte of its text; the baseline is what the provider sends."
    ));
    let row = Row::new("tokens per second", "", of_rivulet.0);
    report.add(row.against("direct", of_direct.0));
    let row = Row::new("tokens per second of one core", "", of_rivulet.1);
    report.add(row.against("simulator", of_direct.1).at_least(250_000.0));
    for (model, speed) in SPEEDS {
        let begin = Instant::now();
        let direct = direct.ask(&client, model).await?.finish().await?;
        let rivulet = rivulet.ask(&client, model).await?.finish().await?;
        let seconds = begin.elapsed().as_secs_f64() / 2.0;
        let bytes = |answer: &Answer| answer.wire_bytes as f64 / answer.text_bytes as f64;
        let row = Row::new(
            format!("bytes per byte of text, {speed} tokens/s"),
            "",
            bytes(&rivulet),
        );
        report.add(row.against("direct", bytes(&direct)).at_most(2.0));
        let events = |answer: &Answer| answer.events as f64 / seconds;
        let row = Row::new(
            format!("events per second, {speed} tokens/s"),
            "",
            events(&rivulet),
        );
        report.add(row.against("direct", events(&direct)).at_most(60.0));
    }
    Ok(report)
}
