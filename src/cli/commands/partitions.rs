//! `sluice partitions`: the distribution of chunks over partitions.

use std::ops::ControlFlow;

use crate::cli::arguments::common::Common;
use crate::cli::calls::resumed_stream::{AWAY_MAX, Follower, follow};
use crate::cli::calls::status::explain;
use crate::cli::connection::channel::Connection;
use crate::cli::json;
use crate::cli::terminal::output::{Format, line, object};
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::partition_service_client::PartitionServiceClient;
use clap::Args;
use serde_json::Value;
use tonic::{Status, Streaming};

/// Show how chunks are distributed over partitions, and whether that is even.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Write an object with all partitions per line, like --output json.
    #[arg(long, conflicts_with = "output")]
    json: bool,
    /// Show the partitions again whenever they change.
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let format = if arguments.json {
        Format::Json
    } else {
        arguments.common.output
    };
    let connection = arguments.common.server.channel()?;
    if !arguments.watch {
        let mut client = PartitionServiceClient::new(connection);
        let health = client
            .get_partition_health(pb::GetPartitionHealthRequest {})
            .await;
        let health = health
            .map_err(|status| explain(status.into()))?
            .into_inner();
        return show(
            format,
            health.partitions,
            health.balance.unwrap_or_default(),
        );
    }
    let mut watching = HealthFollower {
        format,
        shown: None,
    };
    follow(&mut watching, &connection, AWAY_MAX).await
}

/// Shows each state once.
struct HealthFollower {
    format: Format,
    shown: Option<pb::WatchPartitionHealthResponse>,
}

impl Follower for HealthFollower {
    type Message = pb::WatchPartitionHealthResponse;

    async fn open(&mut self, connection: Connection) -> Result<Streaming<Self::Message>, Status> {
        let mut client = PartitionServiceClient::new(connection);
        let states = client.watch_partition_health(pb::WatchPartitionHealthRequest {});
        Ok(states.await?.into_inner())
    }

    fn take(&mut self, health: Self::Message) -> anyhow::Result<ControlFlow<()>> {
        // A stream begins with the newest state, which may have been shown already.
        if self.shown.as_ref() != Some(&health) {
            self.shown = Some(health.clone());
            show(
                self.format,
                health.partitions,
                health.balance.unwrap_or_default(),
            )?;
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn show(
    format: Format,
    partitions: Vec<pb::PartitionHealth>,
    balance: pb::Balance,
) -> anyhow::Result<()> {
    let verdict = verdict(&balance);
    let hot_documents = balance.hot_documents.clone();
    let mut all = json::partitions::balance(balance);
    let partitions = partitions.into_iter().map(json::partitions::partition);
    if format == Format::Json {
        let partitions = partitions.map(Value::Object).collect();
        all.insert("partitions".to_owned(), partitions);
        return object(&all.into());
    }
    let columns = [
        Column::of("partition", 9),
        Column::of("documents", 9),
        Column::of("chunks", 10),
        Column::of("text_bytes", 14),
        Column::of("deviation_percent", 17),
        Column::of("status", 8),
    ];
    let mut table = Table::new(format, &columns);
    for partition in partitions {
        table.row(&partition)?;
    }
    table.finish()?;
    line(&verdict)?;
    for document in &hot_documents {
        line(&format!(
            "  {} of {} has {} chunks in partition {}",
            document.name, document.tenant, document.chunks, document.partition
        ))?;
    }
    Ok(())
}

/// Returns the verdict on the balance in one line.
fn verdict(balance: &pb::Balance) -> String {
    let reasons = balance.reasons().map(reason).collect::<Vec<_>>();
    format!(
        "{}: {}; advice {}; max/mean {:.3}, gini {:.3}",
        balance
            .verdict()
            .as_str_name()
            .trim_start_matches("VERDICT_"),
        reasons.join(", "),
        balance.advice().as_str_name().trim_start_matches("ADVICE_"),
        balance.max_over_mean,
        balance.gini
    )
}

fn reason(reason: pb::balance::Reason) -> &'static str {
    reason.as_str_name().trim_start_matches("REASON_")
}
