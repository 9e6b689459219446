//! From the start of the program to its first page, and its size.

use std::{fs, time::Instant};

use anyhow::{Result, ensure};

use crate::{
    report::{Report, Row},
    samples::Samples,
    world::{Server, Simulator, binary, client},
};

const STARTS: usize = 11;

pub(crate) async fn run() -> Result<Report> {
    let (mut of_simulator, mut of_rivulet) = (Samples::default(), Samples::default());
    for _ in 0..STARTS {
        let client = client()?;
        let begin = Instant::now();
        let simulator = Simulator::start(&client, &[]).await?;
        let models = client.get(format!("{}/v1/models", simulator.url));
        models.send().await?.bytes().await?;
        of_simulator.add(begin.elapsed());

        let begin = Instant::now();
        let server = Server::start(&simulator.url)?;
        let page = client.get(&server.url).send().await?;
        let served = page.status().is_success() && !page.bytes().await?.is_empty();
        of_rivulet.add(begin.elapsed());
        ensure!(served, "the first page was not served");
    }
    let size = fs::metadata(binary()?)?.len() as f64 / 1e6;

    let mut report = Report::new(format!(
        "From starting the process, with an empty data directory, to the last byte of `/`: the \
         median of {STARTS} starts. The baseline is the same program started as the simulator, to \
         its first list of models."
    ));
    let row = Row::new("start to first page", "ms", of_rivulet.p50());
    report.add(row.against("simulator", of_simulator.p50()).at_most(100.0));
    report.add(Row::new("the program", "MB", size).at_most(30.0));
    Ok(report)
}
