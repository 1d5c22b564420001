//! `sluice cancel`: the end of an operation.

use clap::Args;

use crate::cli::common::Common;
use crate::cli::output::line;
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// Cancels an operation.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// operations/{operation}.
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
    cancelled.map_err(|status| said(status.into()))?;
    line(&format!("{} is cancelled", arguments.operation))
}
