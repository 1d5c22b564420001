//! `sluice watch`: an operation until it ends.

use clap::Args;
use serde_json::json;

use crate::cli::common::Common;
use crate::cli::output::Table;
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// Watches an operation until it ends.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// operations/{operation}.
    operation: String,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = OperationServiceClient::new(arguments.common.server.channel()?);
    let columns = [
        ("seq", 6),
        ("state", 10),
        ("committed_bytes", 16),
        ("chunks", 9),
        ("failure", 40),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
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
        let name = operation
            .state()
            .as_str_name()
            .trim_start_matches("STATE_")
            .to_owned();
        let pb::Operation {
            seq,
            committed_bytes,
            chunks,
            failure_message,
            ..
        } = operation;
        table.row(&[
            json!(seq),
            json!(name),
            json!(committed_bytes),
            json!(chunks),
            json!(failure_message),
        ])?;
        table.flush()?;
    }
    table.finish()
}
