//! `sluice serve`: an instance until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::bootstrap::{Instance, Settings};
use crate::cli::output;

/// Runs the server until SIGTERM or Ctrl-C; requests under way are committed and answered first.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where to listen: an address of this machine.
    #[arg(long, default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// The file of the embedded store; it is made if need be.
    #[arg(long, value_name = "FILE", default_value = "sluice.db")]
    database: PathBuf,
    /// What to log, as `tracing` filters say it; logs are JSON Lines on the standard error.
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log: String,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    output::logs(EnvFilter::try_new(&arguments.log)?);
    let settings = Settings {
        listen: arguments.listen,
        database: arguments.database.clone(),
    };
    let instance = Instance::start(settings).await?;
    output::line(&format!("listening on {}", instance.address))?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    instance.stop().await
}
