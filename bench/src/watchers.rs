//! Many watchers of one answer.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use reqwest::Client;
use tokio::task::JoinSet;

use crate::{
    answer::Place,
    load::{RATE, delays, steady},
    report::{Report, Row},
    samples::Samples,
    world::{Server, Simulator, client},
};

/// How long the watchers have to come.
const COMING: Duration = Duration::from_secs(4);

struct Measured {
    lag: Samples,
    /// How much of one core the server took.
    cores: f64,
}

pub(crate) async fn run(watchers: usize, window: Duration) -> Result<Report> {
    let client = client()?;
    let seconds = (COMING + window).as_secs() + 1;
    let script = steady(seconds * u64::from(RATE));
    let models = ["watched-by-one", "watched-by-many"];
    let scripts = models.map(|model| (model, script.clone()));
    let simulator = Simulator::start(&client, &scripts).await?;
    let server = Server::start(&simulator.url)?;
    let mut by_one = watch(&client, &server, models[0], 1, window).await?;
    let mut by_many = watch(&client, &server, models[1], watchers, window).await?;
    let calls = simulator.calls(&client, models[1]).await?;

    let mut report = Report::new(format!(
        "One answer of {RATE} tokens/s, watched {watchers} times over as many connections for \
         {} s. Lag: how much later a watcher had a token than the quickest of all tokens of all \
         watchers, counted from when each was due. The baseline is the same with one watcher.",
        window.as_secs()
    ));
    let one = "1 watcher";
    report.add(Row::new("upstream calls", "", calls as f64).at_most(1.0));
    report.add(Row::new("lag p50", "ms", by_many.lag.p50()).against(one, by_one.lag.p50()));
    let row = Row::new("lag p99", "ms", by_many.lag.p99());
    report.add(row.against(one, by_one.lag.p99()).at_most(50.0));
    let row = Row::new("processor", "cores", by_many.cores);
    report.add(row.against(one, by_one.cores).at_most(0.5));
    Ok(report)
}

async fn watch(
    client: &Client,
    server: &Server,
    model: &str,
    watchers: usize,
    window: Duration,
) -> Result<Measured> {
    let place = Place::rivulet(&server.url);
    let begin = Instant::now();
    let mut first = place.ask(client, model).await?;
    first.first_token().await?;
    let turn = first.turn.clone().context("the turn was not told")?;
    let from = begin + COMING;
    let window = from..from + window;
    let mut watching = JoinSet::new();
    for number in 0..watchers {
        let (client, place, turn) = (client.clone(), place.clone(), turn.clone());
        let window = window.clone();
        let start = begin + (COMING / 2).mul_f64(number as f64 / watchers as f64);
        watching.spawn(async move {
            tokio::time::sleep_until(start.into()).await;
            let answer = place.watch(&client, &turn).await?;
            let tokens = Arc::new(AtomicU64::new(0));
            delays(answer, begin, &window, &tokens).await
        });
    }
    // Whoever started it has left; the watchers keep it going.
    tokio::time::sleep_until((begin + COMING / 2).into()).await;
    drop(first);
    tokio::time::sleep_until(window.start.into()).await;
    let cpu = server.process.cpu_seconds()?;
    tokio::time::sleep_until(window.end.into()).await;
    let cpu = server.process.cpu_seconds()? - cpu;

    let mut lag = Samples::default();
    while let Some(watcher) = watching.join_next().await {
        lag.append(watcher??);
    }
    lag.count_from_smallest();
    Ok(Measured {
        lag,
        cores: cpu / window.end.duration_since(window.start).as_secs_f64(),
    })
}
