//! `sluice serve`: runs an instance until a signal stops it.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::bootstrap::Instance;
use crate::cli::stopping::Stopping;
use crate::cli::terminal::output::{self, WrongArguments};
use crate::config::Config;
use crate::config::addresses::listen::Listen;
use crate::config::log_format::LogFormat;

/// Run the server until SIGTERM or Ctrl-C. Requests in progress are committed and answered first.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Settings file; the environment overrides it, and the options below override both.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the settings that the server would run with, and exit.
    #[arg(long)]
    check_config: bool,
    /// Address to listen on: an address or a name of this machine, a port, or both. A name stands for all of its
    /// addresses. Addresses that other machines can reach require authentication [default: 127.0.0.1:50051].
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<Listen>,
    /// Disable authentication, including for remote clients.
    #[arg(long)]
    insecure_no_auth: bool,
    /// Store: a file, which is created if necessary, or `postgres://user@host/database`, prepared by `sluice migrate`
    /// [default: sluice.db].
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// Redis for notifications and rate limits across instances, as `redis://host:port` [default: no Redis].
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// Log filter for the standard error, in the syntax of `tracing` [default: info].
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// Log format [default: text if the standard error is a terminal, else JSON Lines].
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<Format>,
}

/// The format of logs.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A line of text per event, for people.
    Text,
    /// JSON Lines, for programs.
    Json,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = arguments.config().context(WrongArguments)?;
    let filter = EnvFilter::try_new(&config.log)
        .context("log")
        .context(WrongArguments)?;
    if arguments.check_config {
        let settings = serde_json::to_string_pretty(&config)?;
        return output::json(&format!("{settings}\n"));
    }
    output::logs(filter, config.log_format);
    let mut stopping = Stopping::listen()?;
    let started = tokio::select! {
        started = Instance::start(&config) => started,
        // The server has served no request yet, and each write to the store was a transaction.
        _ = stopping.wait() => return Ok(()),
    };
    let instance = started?;
    let addresses = instance.addresses.iter().map(ToString::to_string);
    let addresses = addresses.collect::<Vec<_>>().join(" and ");
    output::line(&format!("listening on {addresses}"))?;
    stopping.wait().await;
    instance.stop().await
}

impl Arguments {
    fn config(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(listen) = &self.listen {
            config.listen = listen.clone();
        }
        config.insecure_no_auth |= self.insecure_no_auth;
        if let Some(store) = &self.store {
            config.store.location = store.clone().into();
        }
        if let Some(redis) = &self.redis {
            config.redis.location = redis.clone().into();
        }
        if let Some(log) = &self.log {
            config.log.clone_from(log);
        }
        match self.log_format {
            Some(Format::Text) => config.log_format = LogFormat::Text,
            Some(Format::Json) => config.log_format = LogFormat::Json,
            None => {}
        }
        config.check()?;
        Ok(config)
    }
}
