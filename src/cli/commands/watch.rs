//! `sluice watch`: an operation until it ends.

use clap::Args;

use crate::cli::common::Common;
use crate::cli::json;
use crate::cli::status::said;
use crate::cli::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// Watches an operation until it ends.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// operations/{operation}.
    operation: String,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = OperationServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        Column::of("seq", 6),
        Column::of("state", 9),
        Column::of("committed_bytes", 15),
        Column::of("chunks", 8),
        Column::of("failure_reason", 14),
        Column::of("failure_message", 0),
    ];
    let mut table = Table::new(arguments.common.output, &columns);
    let request = pb::WatchOperationRequest {
        name: arguments.operation.clone(),
        after_seq: 0,
    };
    let mut states = client
        .watch_operation(request)
        .await
        .map_err(|status| said(status.into()))?
        .into_inner();
    while let Some(state) = states
        .message()
        .await
        .map_err(|status| said(status.into()))?
    {
        let operation = state.operation.unwrap_or_default();
        table.row(&json::operations::operation(operation))?;
        table.flush()?;
    }
    table.finish()
}
