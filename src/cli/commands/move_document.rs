//! `sluice move`: moves a document to its other partition.

use anyhow::ensure;
use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::calls::resumed_stream::AWAY_MAX;
use crate::cli::calls::status::explain;
use crate::cli::calls::wait;
use crate::cli::json;
use crate::cli::terminal::output::{self, Format};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::partition_service_client::PartitionServiceClient;

/// Move a document to the other partition that may hold it, and print the operation.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Document, as collections/{collection}/documents/{document}.
    document: String,
    /// Wait until the operation ends.
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
    let moved = moved.map_err(|status| explain(status.into()))?.into_inner();
    let operation = moved.operation.unwrap_or_default();
    let format = arguments.common.output;
    if !arguments.wait {
        return wait::name(operation, format);
    }
    if format == Format::Table {
        output::line(&operation.name)?;
    }
    // The move does not depend on this client, so a closed output may end the program.
    output::end_when_closed();
    let ended = wait::wait_for_end(channel, operation, AWAY_MAX).await?;
    if format == Format::Json {
        output::object(&json::operations::operation(ended.clone()).into())?;
    }
    let is_done = ended.state() == pb::operation::State::Succeeded;
    ensure!(is_done, "the operation failed: {}", ended.failure_message);
    Ok(())
}
