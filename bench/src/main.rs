//! The benchmarks, run by `cargo xtask bench [name]…`. Each measures Rivulet
//! beside a baseline of the same run, and prints both with the budget beside
//! them. They are never part of the tests: a slow machine is not a mistake.
//!
//! The server, and the simulator behind it, are processes of their own, so
//! that their processor time and memory can be told from the load generator's.
//! Both are read from `/proc`, so this needs Linux.

mod decisions;
mod frames;
mod gateway_overhead;
mod markdown_work;
mod memory;
mod page;
mod routing;
mod start;
mod stop;
mod throughput;
mod watchers;

mod answer;
mod load;

mod nginx;
mod process;
mod world;

mod report;
mod samples;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};

use report::Report;

#[derive(Parser)]
#[command(
    name = "cargo xtask bench",
    about = "Measures Rivulet beside a baseline of the same run"
)]
struct Options {
    /// What to measure; everything when left out
    names: Vec<Bench>,
    /// Answers at 50 tokens/s at once, in gateway-overhead
    #[arg(long, default_value_t = 500)]
    streams: usize,
    /// How long each steady load is measured, in seconds
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Answers asked one after another, in gateway-overhead
    #[arg(long, default_value_t = 400)]
    asks: usize,
    /// Watchers of one answer, in watchers
    #[arg(long, default_value_t = 1_000)]
    watchers: usize,
    /// Answers stopped, in stop
    #[arg(long, default_value_t = 200)]
    stops: usize,
    /// Answers open at once, in memory; the budget is for 5000
    #[arg(long, default_value_t = 1_000)]
    open: usize,
    /// Tokens of one answer, in throughput
    #[arg(long, default_value_t = 200_000)]
    tokens: u64,
    /// The questions for routing; those in the shared data when left out
    #[arg(long, env = "ROUTING_DATA")]
    routing_data: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bench {
    /// What going through Rivulet adds to the first and to each token
    GatewayOverhead,
    /// Memory of a server with many answers open
    Memory,
    /// Many watchers of one answer
    Watchers,
    /// From Stop to the close of the connection to the provider
    Stop,
    /// A provider as fast as it can, and the bytes that reach the page
    Throughput,
    /// From the start of the program to the first page, and its size
    Start,
    /// Drawing Markdown while it arrives
    Markdown,
    /// What a first visit downloads
    Page,
    /// The page in Chromium with a quarter of the processor
    Frames,
    /// What a decision of the gateway costs: routing, a cache hit, the breaker
    Decisions,
    /// Telling questions worth a strong model from the rest
    Routing,
}

impl Options {
    fn window(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let chosen = match options.names.as_slice() {
        [] => Bench::value_variants(),
        names => names,
    };
    for bench in chosen {
        let report = run(*bench, &options).await;
        report
            .with_context(|| format!("{} could not be measured", name(*bench)))?
            .print(&name(*bench));
    }
    Ok(())
}

async fn run(bench: Bench, options: &Options) -> Result<Report> {
    match bench {
        Bench::GatewayOverhead => {
            gateway_overhead::run(options.streams, options.window(), options.asks).await
        }
        Bench::Memory => memory::run(options.open).await,
        Bench::Watchers => watchers::run(options.watchers, options.window()).await,
        Bench::Stop => stop::run(options.stops).await,
        Bench::Throughput => throughput::run(options.tokens, options.window()).await,
        Bench::Start => start::run().await,
        Bench::Markdown => Ok(markdown_work::run()),
        Bench::Page => page::run().await,
        Bench::Frames => frames::run(),
        Bench::Decisions => decisions::run().await,
        Bench::Routing => routing::run(options.routing_data.clone()),
    }
}

fn name(bench: Bench) -> String {
    let value = bench.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}
