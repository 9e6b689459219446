//! From Stop to the close of the connection to the provider.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use simulator::Simulator;

use crate::{
    answer::Place,
    load::steady,
    report::{Report, Row},
    samples::Samples,
    world::{Server, client, set_script},
};

const MODEL: &str = "endless";

/// How often the simulator is asked whether the caller has gone.
const LOOK: Duration = Duration::from_micros(50);
/// When nobody waits for that any longer.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn run(stops: usize) -> Result<Report> {
    let client = client()?;
    // In this process, so that its counts can be read without a request.
    let simulator = Simulator::spawn(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let simulator = Arc::new(simulator);
    let url = format!("http://{}", simulator.addr());
    set_script(&client, &url, MODEL, &steady(1_000_000)).await?;
    let server = Server::start(&url)?;
    let direct = Place::provider(&url);
    let rivulet = Place::rivulet(&server.url);

    let (mut of_direct, mut of_rivulet) = (Samples::default(), Samples::default());
    for _ in 0..stops {
        let mut answer = direct.ask(&client, MODEL).await?;
        answer.first_token().await?;
        let closed = next_close(&simulator);
        let pressed = Instant::now();
        drop(answer);
        of_direct.add(closed.join().await? - pressed);

        let mut answer = rivulet.ask(&client, MODEL).await?;
        answer.first_token().await?;
        let turn = answer.turn.clone().context("the turn was not told")?;
        let closed = next_close(&simulator);
        let pressed = Instant::now();
        rivulet.stop(&client, &turn).await?;
        of_rivulet.add(closed.join().await? - pressed);
        answer.finish().await?;
    }

    let mut report = Report::new(format!(
        "From sending Stop, while an answer of 50 tokens/s is being written, to the moment the \
         provider sees its connection closed; {stops} times.\nThe baseline is a client of the \
         provider that closes its own connection. Looked for every {} µs.",
        LOOK.as_micros()
    ));
    let row = |what, value, base| Row::new(what, "ms", value).against("direct", base);
    report.add(row(
        "Stop to the provider's close, p50",
        of_rivulet.p50(),
        of_direct.p50(),
    ));
    let row = row(
        "Stop to the provider's close, p99",
        of_rivulet.p99(),
        of_direct.p99(),
    );
    report.add(row.at_most(20.0));
    Ok(report)
}

/// Waits for the simulator's next caller to close.
struct Close(tokio::task::JoinHandle<Option<Instant>>);

fn next_close(simulator: &Arc<Simulator>) -> Close {
    let before = simulator.stats().closed_by_caller;
    let simulator = Arc::clone(simulator);
    Close(tokio::task::spawn_blocking(move || {
        let patience = Instant::now() + PATIENCE;
        while Instant::now() < patience {
            if simulator.stats().closed_by_caller > before {
                return Some(Instant::now());
            }
            thread::sleep(LOOK);
        }
        None
    }))
}

impl Close {
    async fn join(self) -> Result<Instant> {
        let Some(at) = self.0.await? else {
            bail!("the connection to the provider was not closed within {PATIENCE:?}");
        };
        Ok(at)
    }
}
