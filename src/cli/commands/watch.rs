//! `sluice watch`: watches an operation until it ends.

use clap::Args;

use crate::cli::arguments::common::Common;
use crate::cli::calls::operation_watch::watch;
use crate::cli::calls::resumed_stream::AWAY_MAX;
use crate::cli::json;
use crate::cli::terminal::table::{Column, Table};
use crate::interface::grpc::pb;

/// Watch an operation until it ends. Reconnect for up to 24 hours if the server is away.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Operation, as operations/{operation}.
    operation: String,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let columns = [
        Column::of("seq", 6),
        Column::of("state", 9),
        Column::of("committed_bytes", 15),
        Column::of("chunks", 8),
        Column::of("failure_reason", 14),
        Column::of("failure_message", 0),
    ];
    let mut table = Table::new(arguments.common.output, &columns);
    let connection = arguments.common.server.channel()?;
    let on_state = |operation: pb::Operation| {
        table.row(&json::operations::operation(operation))?;
        table.flush()
    };
    watch(&connection, arguments.operation.clone(), AWAY_MAX, on_state).await?;
    table.finish()
}
