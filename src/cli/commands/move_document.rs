//! `sluice move`: a document in its other partition.

use anyhow::ensure;
use clap::Args;

use crate::cli::begun::ended;
use crate::cli::common::Common;
use crate::cli::output::line;
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::partition_service_client::PartitionServiceClient;

/// Moves a document to the other partition that may hold it, and prints the operation.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// collections/{collection}/documents/{document}.
    document: String,
    /// Wait until it is there.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let channel = arguments.common.server.channel()?;
    let request = pb::MoveDocumentRequest {
        name: arguments.document.clone(),
        ..pb::MoveDocumentRequest::default()
    };
    let moved = PartitionServiceClient::new(channel.clone())
        .move_document(request)
        .await;
    let moved = moved.map_err(|status| said(status.into()))?.into_inner();
    let operation = moved.operation.unwrap_or_default();
    line(&operation.name)?;
    if arguments.wait {
        let last = ended(channel, operation).await?;
        let is_done = last.state() == pb::operation::State::Succeeded;
        ensure!(is_done, "the operation failed: {}", last.failure_message);
    }
    Ok(())
}
