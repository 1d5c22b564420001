//! `sluice load`: load tests of servers on this machine.
//!
//! To add a load: a file with its arguments and a `run`, a variant in `Load`, a line in [`run`], a test that runs it
//! small, and its figures in `benches/README.md`.

use clap::{Args, Subcommand};

mod feed;
mod process;
mod seen;
mod uploads;
mod watch;
mod watcher;

/// Put a load on servers of this machine, and measure the effect.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    load: Load,
}

#[derive(Debug, Subcommand)]
enum Load {
    Watch(watch::Arguments),
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.load {
        Load::Watch(arguments) => watch::run(arguments).await,
    }
}
