//! `sluice migrate`: updates a database to the schema of this version.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::bootstrap;
use crate::cli::terminal::output::{self, WrongArguments};
use crate::config::Config;

/// Create or update the tables of a PostgreSQL database. Repeating it changes nothing.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Settings file; the environment overrides it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Database, as `postgres://user@host/database` [default: the one in the settings].
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = Config::load(arguments.config.as_deref()).context(WrongArguments)?;
    let location = match &arguments.store {
        Some(store) => store.clone().into(),
        None => config.store.location,
    };
    bootstrap::migrate(&location).await?;
    output::line(&format!("{location} has the schema of this version"))
}
