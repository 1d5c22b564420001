//! `sluice admin bootstrap`: the first operator's key.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::bootstrap;
use crate::cli::output::{WrongArguments, line};
use crate::config::Config;

/// Makes the first operator's key and prints it, this once. Works on the store, without a server.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A file of settings; the environment goes over it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A file, or `postgres://user@host/database` [default: the one in the settings].
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// Make one even if there is an operator's key that works: it may be lost.
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
    let key = made.context("there is an operator's key; --force makes another one")?;
    line(key.expose())
}
