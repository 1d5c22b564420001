//! Many watchers of long uploads, over all instances.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use self::credential::Credential;
use self::pool::WatcherPool;
use self::report::Report;
use self::servers::Servers;
use self::uploads::Uploads;

mod credential;
mod observations;
mod pool;
mod process;
mod report;
mod servers;
mod subscription;
mod uploads;
mod watcher;

/// Upload documents piece by piece while many watchers follow them, and measure the delays.
///
/// The uploads use the first server. The watchers are spread over all servers, and a watcher whose connection is
/// closed resumes on the next one. The load fails if a watcher that reads has missed its end, or has received
/// states out of order or twice. It accepts only servers on this machine, and leaves the documents in
/// collections/load.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Address of a server, as `http://127.0.0.1:50051`; repeat it for each server.
    #[arg(long = "server", value_name = "URL", required = true, value_parser = server)]
    servers: Vec<SocketAddr>,
    /// Protocol of the watchers.
    #[arg(long, value_enum)]
    transport: Transport,
    /// Number of watchers, 1 to 100,000.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    watchers: u32,
    /// Watchers that share a gRPC connection, 1 to 100; each WebSocket has its own connection.
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    watchers_per_connection: u32,
    /// Number of documents, 1 to 10,000.
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    documents: u32,
    /// Percentage of watchers that read nothing, 0 to 99.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=99))]
    stalled_percent: u32,
    /// Seconds that the uploads last once all watchers are attached, 1 to 3,600.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Seconds between two pieces of an upload, 1 to 3,600.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    every_seconds: u64,
    /// File with a key or token per line, which the watchers use in turn. The uploads use the first one, which must
    /// be a writer's. Not needed for servers without authentication.
    #[arg(long, value_name = "FILE")]
    keys_file: Option<PathBuf>,
    /// Process id of a server whose memory is measured; repeat it for each server.
    #[arg(long = "pid", value_name = "PID")]
    pids: Vec<u32>,
}

/// The protocol of the watchers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Transport {
    Websocket,
    Grpc,
}

/// Runs the load, and sends each measure with its value to `report`.
pub(crate) async fn run(
    arguments: &Arguments,
    report: mpsc::Sender<(String, Value)>,
) -> anyhow::Result<()> {
    let connections = match arguments.transport {
        Transport::Websocket => 0,
        Transport::Grpc => arguments
            .watchers
            .div_ceil(arguments.watchers_per_connection),
    };
    let files = [connections, arguments.watchers][usize::from(connections == 0)];
    process::ensure_files(files.into())?;
    let credentials = match &arguments.keys_file {
        Some(file) => Credential::lines(file)?,
        None => vec![Credential::default()],
    };
    let writer = credentials
        .first()
        .context("--keys-file: there is no key")?;
    let documents = usize::try_from(arguments.documents)?;
    let uploads = Uploads::begin(arguments.servers[0], writer, documents).await?;
    let servers = Servers::new(
        &arguments.servers,
        credentials,
        usize::try_from(connections)?,
        usize::try_from(arguments.watchers_per_connection)?,
    )?;
    let memory_before = process::resident(&arguments.pids)?;
    let mut pool = WatcherPool::start(arguments, servers, &uploads.operations())?;
    let report = Report(report);
    pool.attach(&report).await?;
    let interval = Duration::from_secs(arguments.every_seconds);
    let duration = Duration::from_secs(arguments.seconds);
    let uploads = uploads.send_pieces(interval, duration).await?;
    // The memory of a server that was killed meanwhile is unknown.
    let memory_after = process::resident(&arguments.pids).ok();
    uploads.finish().await?;
    let all = pool.end().await?;
    if let Some(after) = memory_after.filter(|_| !arguments.pids.is_empty()) {
        let each = after.saturating_sub(memory_before) / u64::from(arguments.watchers);
        report.row("server bytes a watcher", json!(each)).await?;
    }
    report.summary(&all).await
}

/// Parses an address of this machine.
fn server(url: &str) -> Result<SocketAddr, String> {
    let address = url.strip_prefix("http://").unwrap_or(url);
    let address = address.trim_end_matches('/').parse::<SocketAddr>();
    address
        .ok()
        .filter(|address| address.ip().is_loopback())
        .ok_or_else(|| "must be an address of this machine, as http://127.0.0.1:50051".to_owned())
}
