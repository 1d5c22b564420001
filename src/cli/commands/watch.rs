//! `sluice watch`: an operation until it ends.

use clap::Args;
use serde_json::json;

use crate::cli::common::Common;
use crate::cli::output::Table;
use crate::cli::watching::watch;
use crate::interface::grpc::pb;

/// Watches an operation until it ends, for up to 24 hours without its server.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// operations/{operation}.
    operation: String,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let columns = [
        ("seq", 6),
        ("state", 10),
        ("committed_bytes", 16),
        ("chunks", 9),
        ("failure", 40),
    ];
    let mut table = Table::new(arguments.common.output, &columns)?;
    let connection = arguments.common.server.channel()?;
    let told = |operation: pb::Operation| {
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
        table.flush()
    };
    watch(&connection, arguments.operation.clone(), told).await?;
    table.finish()
}
