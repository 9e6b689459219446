//! `rivulet`: one binary that serves a chat page for language models.

use std::{net::SocketAddr, process::ExitCode};

use clap::{Parser, Subcommand};
use server::{
    check,
    config::Settings,
    serve::{self, shutdown_signal},
};

/// A chat page of your own for language models.
#[derive(Parser)]
#[command(name = "rivulet", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the simulator by itself: a stand-in for a provider, with scripted
    /// speed and faults.
    Simulate {
        /// The address to listen on.
        #[arg(long, default_value = "127.0.0.1:8788")]
        listen: SocketAddr,
    },
    /// Reach for every provider and tell whether it answers, whether it takes
    /// the key, and how many models it has.
    Check,
    /// Print a configuration file with every setting explained.
    ExampleConfig,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("rivulet: no threads can be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(cli));
    // All that must be stored is. A large file that is being read for an import
    // is not waited for.
    runtime.shutdown_background();
    code
}

async fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        None => serve::run(cli.settings).await,
        Some(Command::Simulate { listen }) => simulate(listen).await,
        Some(Command::Check) => match check::check(cli.settings).await {
            Ok((table, all_well)) => {
                say(table.trim_end());
                match all_well {
                    true => Ok(()),
                    false => return ExitCode::FAILURE,
                }
            }
            Err(error) => Err(error),
        },
        Some(Command::ExampleConfig) => {
            say(server::config::EXAMPLE);
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("rivulet: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn simulate(listen: SocketAddr) -> anyhow::Result<()> {
    serve::start_logging();
    let listener = serve::bind(listen).await?;
    say(&format!(
        "The simulator listens on http://{}/v1",
        listener.local_addr()?
    ));
    simulator::serve(listener, shutdown_signal()).await?;
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
fn say(line: &str) {
    println!("{line}");
}

#[expect(
    clippy::print_stderr,
    reason = "the command line complains on standard error"
)]
fn complain(line: &str) {
    eprintln!("{line}");
}
