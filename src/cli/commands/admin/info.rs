//! `sluice admin info`: the versions, store and uptime of a server.

use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::calls::status::explain;
use crate::cli::json;
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::admin_service_client::AdminServiceClient;

/// Show the versions, store and uptime of the server.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let info = AdminServiceClient::new(arguments.common.server.channel()?)
        .get_server_info(pb::GetServerInfoRequest {})
        .await;
    let info = info.map_err(|status| explain(status.into()))?.into_inner();
    let columns = [
        Column::of("version", 8),
        Column::of("engine_version", 14),
        Column::of("store", 8),
        Column::of("uptime_seconds", 14),
    ];
    let mut table = Table::new(arguments.common.output, &columns);
    table.row(&json::admin::server(info))?;
    table.finish()
}
