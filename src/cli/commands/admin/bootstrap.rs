//! `sluice admin bootstrap`: the first operator's key.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::bootstrap;
use crate::cli::terminal::output::{WrongArguments, line};
use crate::config::Config;

/// Create the first operator's key and print it once. Works on the store, without a server.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Settings file; the environment overrides it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Store: a file, or `postgres://user@host/database` [default: the one in the settings].
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// Create a key even if an operator's key works, for example because that key was lost.
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = Config::load(arguments.config.as_deref()).context(WrongArguments)?;
    let mut store = config.store;
    if let Some(location) = &arguments.store {
        store.location = location.clone().into();
    }
    let made = bootstrap::first_key(&store, arguments.force).await?;
    let key = made.context("an operator's key exists; --force creates another one")?;
    line(key.expose())
}
