//! `sluice locate`: the partition of a document.

use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::partition_service_client::PartitionServiceClient;

/// Show the partition of a document, and prove it by counting the document's chunks in all partitions.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Document, as collections/{collection}/documents/{document}.
    document: String,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = PartitionServiceClient::new(arguments.common.server.channel()?);
    let name = arguments.document.clone();
    let located = client
        .locate_document(pb::LocateDocumentRequest { name })
        .await;
    let located = located
        .map_err(|status| explain(status.into()))?
        .into_inner();
    let columns = [
        Column::of("partition", 9),
        Column::of("candidates", 10),
        Column::of("is_candidate", 12),
        Column::of("chunks", 10),
        Column::of("counted_chunks", 14),
        Column::of("text_bytes", 14),
        Column::of("counted_text_bytes", 18),
        Column::of("chunks_elsewhere", 16),
        Column::of("uid", 36),
    ];
    let mut table = Table::new(arguments.common.output, &columns);
    table.row(&json::partitions::located(located))?;
    table.finish()
}
