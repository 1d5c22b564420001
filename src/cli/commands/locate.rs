//! `sluice locate`: where a document is.

use clap::Args;
use serde_json::json;

use crate::cli::common::Common;
use crate::cli::output::Table;
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::partition_service_client::PartitionServiceClient;

/// Shows where a document is, and proves it by counting its chunks in all partitions.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// collections/{collection}/documents/{document}.
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
    let pb::LocateDocumentResponse {
        uid,
        partition,
        candidates,
        is_candidate,
        chunks,
        text_bytes,
        counted_chunks,
        counted_text_bytes,
        chunks_elsewhere,
    } = located.map_err(|status| said(status.into()))?.into_inner();
    let columns = [
        ("partition", 9),
        ("candidates", 10),
        ("is_candidate", 12),
        ("chunks", 10),
        ("counted_chunks", 14),
        ("text_bytes", 14),
        ("counted_text_bytes", 18),
        ("chunks_elsewhere", 16),
        ("uid", 36),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
    table.row(&[
        json!(partition),
        json!(candidates),
        json!(is_candidate),
        json!(chunks),
        json!(counted_chunks),
        json!(text_bytes),
        json!(counted_text_bytes),
        json!(chunks_elsewhere),
        json!(uid),
    ])?;
    table.finish()
}
