//! `sluice cancel`: cancels an operation.

use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::terminal::output::{self, Format};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// Cancel an operation.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Operation, as operations/{operation}.
    operation: String,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut client = OperationServiceClient::new(arguments.common.server.channel()?);
    let name = arguments.operation.clone();
    let cancelled = client
        .cancel_operation(pb::CancelOperationRequest { name })
        .await;
    let cancelled = cancelled
        .map_err(|status| explain(status.into()))?
        .into_inner();
    let operation = cancelled.operation.unwrap_or_default();
    match arguments.common.output {
        Format::Json => output::object(&json::operations::operation(operation).into()),
        Format::Table => output::line(&format!("{} is cancelled", arguments.operation)),
    }
}
