//! Memory of a server with many answers open.

use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Client;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    answer::Place,
    process::Process,
    report::{Report, Row},
    world::{Server, Simulator, client},
};

const MODEL: &str = "slow";

/// How many answers begin in a second, and how long all stay open before the
/// memory is read.
const PER_SECOND: usize = 500;
const OPEN: Duration = Duration::from_secs(5);

/// Answers before the first reading, so that what is only needed once is not
/// counted for each.
const WARM_UP: usize = 20;

pub(crate) async fn run(streams: usize) -> Result<Report> {
    let client = client()?;
    let scripts = [(MODEL, json!({"tokens": 10_000, "tokens_per_second": 1}))];
    let simulator = Simulator::start(&client, &scripts).await?;
    let direct = Place::provider(&simulator.url);
    let of_direct = per_stream(&client, &direct, &simulator.process, streams).await?;

    let server = Server::start(&simulator.url)?;
    // A page, so that the first visit's memory is counted as idle.
    client.get(&server.url).send().await?.bytes().await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = server.process.memory_kib()?;
    let rivulet = Place::rivulet(&server.url);
    let of_rivulet = per_stream(&client, &rivulet, &server.process, streams).await?;

    let mut report = Report::new(format!(
        "Resident memory of the process with {streams} answers open, each of a conversation of \
         its own and writing 1 token/s, minus that before them, for each answer.\nThe baseline is \
         the simulator's memory for as many answers asked directly. Idle is after the first page."
    ));
    let row = Row::new(
        format!("memory per stream, {streams} open"),
        "KiB",
        of_rivulet,
    );
    report.add(row.against("simulator", of_direct).at_most(40.0));
    report.add(Row::new("memory, idle", "MB", idle * 1024.0 / 1e6).at_most(40.0));
    Ok(report)
}

/// The memory of the process at a place for each open answer, in KiB.
async fn per_stream(
    client: &Client,
    place: &Place,
    process: &Process,
    streams: usize,
) -> Result<f64> {
    let mut open = JoinSet::new();
    let begin = |number: usize| {
        let (client, place) = (client.clone(), place.clone());
        async move {
            tokio::time::sleep(Duration::from_secs(1).mul_f64(number as f64 / PER_SECOND as f64))
                .await;
            let mut answer = place.ask(&client, MODEL).await?;
            while answer.more().await?.is_some() {}
            anyhow::Ok(())
        }
    };
    for number in 0..WARM_UP {
        open.spawn(begin(number));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = process.memory_kib()?;
    for number in 0..streams {
        open.spawn(begin(number));
    }
    let all_open = Duration::from_secs((streams / PER_SECOND) as u64) + OPEN;
    tokio::select! {
        () = tokio::time::sleep(all_open) => {}
        ended = open.join_next() => {
            ended.context("no answer was asked for")???;
        }
    }
    Ok((process.memory_kib()? - before) / streams as f64)
}
