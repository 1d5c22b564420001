//! `sluice admin info`: what a server is.

use clap::Args;
use serde_json::json;

use crate::cli::common::Common;
use crate::cli::output::Table;
use crate::cli::status::said;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// Shows what the server is.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let info = AdminServiceClient::new(arguments.common.server.channel()?)
        .get_server_info(pb::GetServerInfoRequest {})
        .await;
    let info = info.map_err(|status| said(status.into()))?.into_inner();
    let columns = [
        ("version", 8),
        ("engine_version", 14),
        ("store", 8),
        ("uptime_seconds", 14),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
    table.row(&[
        json!(info.version),
        json!(info.engine_version),
        json!(info.store().as_str_name().trim_start_matches("STORE_")),
        json!(info.uptime.unwrap_or_default().seconds),
    ])?;
    table.finish()
}
