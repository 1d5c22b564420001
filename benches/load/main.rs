//! Load tests of servers on this machine, which it neither starts nor stops.
//!
//! `cargo bench --bench load -- watchers --help` shows the arguments. `benches/README.md` has the last results.
//!
//! To add a load: a folder with its arguments and a `run`, a variant in [`Load`], a test that runs it small, and its
//! figures in `benches/README.md`.

#![expect(clippy::print_stdout, reason = "a bench prints its results")]

mod watchers;

use clap::{Parser, Subcommand};
use tokio::sync::mpsc;

/// Rows that wait to be printed. A report has fewer.
const ROWS_MAX: usize = 64;

/// Put a load on servers of this machine, and measure the effect.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    load: Load,
    /// The flag that `cargo bench` adds.
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Debug, Subcommand)]
enum Load {
    Watchers(watchers::Arguments),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Load::Watchers(arguments) = Arguments::parse().load;
    let (report, mut rows) = mpsc::channel(ROWS_MAX);
    let printing = async {
        while let Some((measure, value)) = rows.recv().await {
            println!("{measure:<34} {value}");
        }
    };
    let (outcome, ()) = tokio::join!(watchers::run(&arguments, report), printing);
    outcome
}
