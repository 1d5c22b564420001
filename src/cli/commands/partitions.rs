//! `sluice partitions`: how chunks are spread.

use std::ops::ControlFlow;

use clap::Args;
use serde_json::{Value, json};
use tonic::{Status, Streaming};

use crate::cli::common::Common;
use crate::cli::connection::channel::Connection;
use crate::cli::following::{AWAY_MAX, Follower, follow};
use crate::cli::output::{Format, Table, line};
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::partition_service_client::PartitionServiceClient;

/// Shows how chunks are spread over partitions, and whether that is even.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The same as --output json: an object with all partitions a line.
    #[arg(long)]
    json: bool,
    /// Show it again whenever it has changed.
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
        let health = health.map_err(|status| said(status.into()))?.into_inner();
        return show(
            format,
            &health.partitions,
            &health.balance.unwrap_or_default(),
        );
    }
    let mut watching = Watching {
        format,
        shown: None,
    };
    follow(&mut watching, &connection, AWAY_MAX).await
}

/// Shows each state once.
struct Watching {
    format: Format,
    shown: Option<pb::WatchPartitionHealthResponse>,
}

impl Follower for Watching {
    type Message = pb::WatchPartitionHealthResponse;

    async fn open(&mut self, connection: Connection) -> Result<Streaming<Self::Message>, Status> {
        let mut client = PartitionServiceClient::new(connection);
        let states = client.watch_partition_health(pb::WatchPartitionHealthRequest {});
        Ok(states.await?.into_inner())
    }

    fn take(&mut self, health: Self::Message) -> anyhow::Result<ControlFlow<()>> {
        // A stream begins with the newest state, which may be shown already.
        if self.shown.as_ref() != Some(&health) {
            let balance = health.balance.clone().unwrap_or_default();
            show(self.format, &health.partitions, &balance)?;
            self.shown = Some(health);
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn show(
    format: Format,
    partitions: &[pb::PartitionHealth],
    balance: &pb::Balance,
) -> anyhow::Result<()> {
    if format == Format::Json {
        return line(&object(partitions, balance).to_string());
    }
    let columns = [
        ("partition", 9),
        ("documents", 9),
        ("chunks", 10),
        ("text_bytes", 14),
        ("deviation_percent", 17),
        ("status", 8),
    ];
    let mut table = Table::new(format, &columns)?;
    for partition in partitions {
        let mut row = row(partition);
        table.row(&columns.map(|(column, _)| row[column].take()))?;
    }
    table.finish()?;
    line(&verdict(balance))?;
    for document in &balance.hot_documents {
        let pb::HotDocument {
            tenant,
            name,
            partition,
            chunks,
            text_bytes: _,
        } = document;
        line(&format!(
            "  {name} of {tenant} has {chunks} chunks in partition {partition}"
        ))?;
    }
    Ok(())
}

/// What it comes to, in a line.
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

fn object(partitions: &[pb::PartitionHealth], balance: &pb::Balance) -> Value {
    let hot_document = |document: &pb::HotDocument| {
        json!({
            "tenant": document.tenant,
            "document": document.name,
            "partition": document.partition,
            "chunks": document.chunks,
            "text_bytes": document.text_bytes,
        })
    };
    let hot_documents = balance.hot_documents.iter().map(hot_document);
    json!({
        "verdict": balance.verdict().as_str_name().trim_start_matches("VERDICT_"),
        "reasons": balance.reasons().map(reason).collect::<Vec<_>>(),
        "advice": balance.advice().as_str_name().trim_start_matches("ADVICE_"),
        "gini": balance.gini,
        "max_over_mean": balance.max_over_mean,
        "hot_documents": hot_documents.collect::<Vec<_>>(),
        "partitions": partitions.iter().map(row).collect::<Vec<_>>(),
    })
}

/// A partition as an object; what the store does not tell is null.
fn row(from: &pb::PartitionHealth) -> Value {
    let status = from.status().as_str_name().trim_start_matches("STATUS_");
    let seconds = |time: Option<prost_types::Timestamp>| time.map(|time| time.seconds);
    json!({
        "partition": from.partition,
        "documents": from.documents,
        "chunks": from.chunks,
        "text_bytes": from.text_bytes,
        "deviation_percent": from.deviation_percent,
        "status": status,
        "dead_rows": from.dead_rows,
        "needs_vacuum": from.needs_vacuum,
        "last_vacuum_time": seconds(from.last_vacuum_time),
        "last_analyze_time": seconds(from.last_analyze_time),
    })
}
