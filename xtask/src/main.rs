//! Every chore of the project, one verb each: `cargo xtask run`, `test`,
//! `dist`, `bench`, `fuzz`, `page`. CI uses the same verbs.

mod workspace;

mod never_called;
mod page;
mod site;
mod split;
mod style;
mod weight;

mod bench;
mod fuzz;
mod server;
mod test;

mod browser;
mod browser_tests;
mod dependencies;
mod prerequisites;
mod system_packages;

mod command;
mod progress;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use progress::note;
use workspace::{Profile, Workspace};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The chores of Rivulet, one verb each")]
struct Xtask {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build the page and the server for development, and start the server
    Run {
        /// Passed on to rivulet
        #[arg(last = true)]
        args: Vec<OsString>,
    },
    /// Run every check there is; it installs what they need and says so
    Test {
        /// Only the steps whose name contains this
        filter: Option<String>,
    },
    /// Build the release binary: one file with the page inside
    Dist,
    /// Run the benchmarks on a release build
    Bench {
        /// Passed on to the bench program, which names its benchmarks
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Run the fuzz targets under fuzz/ (needs a few minutes the first time)
    Fuzz {
        /// One target; all of them in turn when left out
        target: Option<String>,
        /// How long to run each target
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Build only the page
    Page {
        /// The page as shipped: small, compressed, and within its weight
        #[arg(long)]
        release: bool,
    },
}

fn main() -> ExitCode {
    match run(Xtask::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<()> {
    let workspace = Workspace::locate()?;
    match verb {
        Verb::Run { args } => server::run(&workspace, &args),
        Verb::Test { filter } => test::run(&workspace, filter.as_deref()),
        Verb::Dist => server::dist(&workspace),
        Verb::Bench { args } => bench::run(&workspace, &args),
        Verb::Fuzz { target, seconds } => fuzz::run(&workspace, target.as_deref(), seconds),
        Verb::Page { release: false } => page::build(&workspace, Profile::Dev),
        Verb::Page { release: true } => {
            page::build(&workspace, Profile::Release)?;
            weight::check(&workspace)
        }
    }
}
