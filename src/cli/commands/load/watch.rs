//! `sluice load watch`: many watchers of long uploads, over all instances.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::cli::commands::load::process;
use crate::cli::commands::load::seen::{Seen, Times, milliseconds};
use crate::cli::commands::load::uploads::Uploads;
use crate::cli::commands::load::watcher::{Watcher, Ways};
use crate::cli::connection::shown::Shown;
use crate::cli::json::fields::object;
use crate::cli::terminal::output::Format;
use crate::cli::terminal::table::{Column, Table};

/// The time limit for all watchers to attach. The report shows how many have.
const ATTACH_MAX: Duration = Duration::from_mins(5);
/// The time limit from the end of the last upload until the last watcher receives it.
const END_MAX: Duration = Duration::from_secs(30);

/// Upload documents piece by piece while many watchers follow them, and measure the delays.
///
/// The uploads use the first server. The watchers are spread over all servers, and a watcher whose connection is
/// closed resumes on the next one. The command fails if a watcher that reads has missed its end, or has received
/// states out of order or twice. It accepts only servers on this machine, and leaves the documents in
/// collections/load.
#[derive(Debug, Args)]
pub(super) struct Arguments {
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
    /// Output format; `json` writes JSON Lines.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// The protocol of the watchers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Transport {
    Websocket,
    Grpc,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let connections = match arguments.transport {
        Transport::Websocket => 0,
        Transport::Grpc => arguments
            .watchers
            .div_ceil(arguments.watchers_per_connection),
    };
    let files = [connections, arguments.watchers][usize::from(connections == 0)];
    process::ensure_files(files.into())?;
    let shown = match &arguments.keys_file {
        Some(file) => Shown::lines(file)?,
        None => vec![Shown::default()],
    };
    let writer = shown.first().context("--keys-file: there is no key")?;
    let documents = usize::try_from(arguments.documents)?;
    let uploads = Uploads::begin(arguments.servers[0], writer, documents).await?;
    let ways = Ways::new(
        &arguments.servers,
        shown,
        usize::try_from(connections)?,
        usize::try_from(arguments.watchers_per_connection)?,
    )?;
    let before = process::resident(&arguments.pids)?;
    let mut crowd = Crowd::start(arguments, ways, &uploads.operations())?;
    let mut report = Report(Table::new(
        arguments.output,
        &[Column::of("measure", 34), Column::of("value", 0)],
    ));
    crowd.attach(&mut report).await?;
    let every = Duration::from_secs(arguments.every_seconds);
    let lasting = Duration::from_secs(arguments.seconds);
    let uploads = uploads.go_on(every, lasting).await?;
    // The memory of a server that was killed meanwhile is unknown.
    let after = process::resident(&arguments.pids).ok();
    uploads.finish().await?;
    let all = crowd.end().await?;
    if let Some(after) = after.filter(|_| !arguments.pids.is_empty()) {
        let each = after.saturating_sub(before) / u64::from(arguments.watchers);
        report.row("server bytes a watcher", &json!(each))?;
    }
    report.seen(&all)
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

/// All watchers.
struct Crowd {
    watching: JoinSet<Seen>,
    ways: Arc<Ways>,
    watchers: usize,
    stalled: usize,
    over: CancellationToken,
}

impl Crowd {
    fn start(arguments: &Arguments, ways: Ways, operations: &[String]) -> anyhow::Result<Self> {
        let mut crowd = Self {
            watching: JoinSet::new(),
            ways: Arc::new(ways),
            watchers: usize::try_from(arguments.watchers)?,
            stalled: 0,
            over: CancellationToken::new(),
        };
        let percent = usize::try_from(arguments.stalled_percent)?;
        for number in 0..crowd.watchers {
            // Stalled watchers are spread evenly: one whenever their share reaches the next whole number.
            let is_stalled = (number + 1) * percent / 100 > number * percent / 100;
            crowd.stalled += usize::from(is_stalled);
            let document = number % operations.len();
            let watcher = Watcher {
                operation: operations[document].clone(),
                number,
            };
            let (ways, over) = (Arc::clone(&crowd.ways), crowd.over.clone());
            crowd.watching.spawn(async move {
                let mut seen = Seen::of(document, is_stalled);
                over.run_until_cancelled(watcher.follow(&ways, &mut seen))
                    .await;
                seen
            });
        }
        Ok(crowd)
    }

    /// Waits until all watchers are attached.
    async fn attach(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut attached = self.ways.attached.subscribe();
        let all = attached.wait_for(|attached| *attached >= self.watchers);
        // The report has the number of those that are not.
        let _late = tokio::time::timeout(ATTACH_MAX, all).await.is_err();
        let attached = *self.ways.attached.borrow();
        report.row("watchers", &json!(self.watchers))?;
        report.row("of these read nothing", &json!(self.stalled))?;
        report.row("attached", &json!(attached))?;
        report.row("ms to attach all", &json!(milliseconds(began.elapsed())))?;
        // A reader that waits for these rows receives them now.
        report.0.flush()
    }

    /// Waits for the ends of the watchers that read, and returns the records of all watchers.
    async fn end(mut self) -> anyhow::Result<Vec<Seen>> {
        let mut all = Vec::with_capacity(self.watchers);
        let live = self.watchers - self.stalled;
        let ends = async {
            while all.len() < live
                && let Some(seen) = self.watching.join_next().await
            {
                all.push(seen?);
            }
            anyhow::Ok(())
        };
        if let Ok(ended) = tokio::time::timeout(END_MAX, ends).await {
            ended?;
        }
        self.over.cancel();
        while let Some(seen) = self.watching.join_next().await {
            all.push(seen?);
        }
        Ok(all)
    }
}

/// The rows of the report.
struct Report(Table);

impl Report {
    fn row(&mut self, measure: &str, value: &Value) -> anyhow::Result<()> {
        let fields = [("measure", json!(measure)), ("value", value.clone())];
        self.0.row(&object(fields))
    }

    fn seen(mut self, all: &[Seen]) -> anyhow::Result<()> {
        let reading = all.iter().filter(|seen| !seen.is_stalled);
        let reading = reading.collect::<Vec<_>>();
        let missed = reading.iter().filter(|seen| !seen.has_ended).count();
        let faults = reading.iter().map(|seen| seen.faults).sum::<u32>();
        let closes = reading.iter().map(|seen| seen.closes).sum::<u32>();
        let news = reading.iter().map(|seen| seen.news()).sum::<usize>();
        let absent = reading.iter().map(|seen| seen.absent_max).max();
        let absent = milliseconds(absent.unwrap_or_default());
        self.row("states received as news", &json!(news))?;
        self.row("states out of order or twice", &json!(faults))?;
        self.row("connections closed unexpectedly", &json!(closes))?;
        if let Some(why) = reading.iter().find_map(|seen| seen.why.as_ref()) {
            self.row("reason of one of them", &json!(why))?;
        }
        self.row("ms until the last was back", &json!(absent))?;
        self.row("saw the end", &json!(reading.len() - missed))?;
        self.row("missed the end", &json!(missed))?;
        for (what, times) in [
            ("the commit began", Times::since_commit(all)),
            ("the first receipt", Times::since_first(all)),
        ] {
            for percent in [50, 99] {
                let measure = format!("ms since {what}, p{percent}");
                self.row(&measure, &json!(times.percentile(percent)))?;
            }
        }
        self.0.finish()?;
        ensure!(missed == 0, "{missed} watchers have missed their end");
        ensure!(faults == 0, "{faults} states were out of order or twice");
        Ok(())
    }
}
