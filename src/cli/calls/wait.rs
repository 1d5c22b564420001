//! The operation that the server has started: prints its name, or waits for its end and prints the result.

use std::time::Duration;

use anyhow::bail;

use crate::cli::calls::operation_watch::watch;
use crate::cli::calls::resumed_stream::AWAY_MAX;
use crate::cli::connection::channel::Connection;
use crate::cli::json;
use crate::cli::terminal::output::{self, Format};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation::State;

/// Prints the name of an operation that makes a version, or waits for its end and prints that.
pub(crate) async fn report(
    channel: Connection,
    operation: pb::Operation,
    waits: bool,
    format: Format,
) -> anyhow::Result<()> {
    if !waits {
        return name(operation, format);
    }
    // The operation does not depend on this client, so a closed output may end the program.
    output::end_when_closed();
    let ended = wait_for_end(channel, operation, AWAY_MAX).await?;
    let has_succeeded = ended.state() == State::Succeeded;
    if format == Format::Json {
        output::object(&json::operations::operation(ended.clone()).into())?;
    }
    if !has_succeeded {
        let state = ended.state().as_str_name().trim_start_matches("STATE_");
        bail!(
            "{} has ended as {state}: {}",
            ended.name,
            ended.failure_message
        );
    }
    match format {
        Format::Json => Ok(()),
        Format::Table => output::line(&format!("{}: {} chunks", ended.target, ended.chunks)),
    }
}

/// Prints the name of an operation, in JSON with all of its fields.
pub(crate) fn name(operation: pb::Operation, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => output::object(&json::operations::operation(operation).into()),
        Format::Table => output::line(&operation.name),
    }
}

/// Returns the last state of an operation. Reconnects for up to `away_max` if the connection is lost.
pub(crate) async fn wait_for_end(
    channel: Connection,
    operation: pb::Operation,
    away_max: Duration,
) -> anyhow::Result<pb::Operation> {
    let mut latest = operation;
    let name = latest.name.clone();
    let on_state = |state| {
        latest = state;
        Ok(())
    };
    watch(&channel, name, away_max, on_state).await?;
    Ok(latest)
}
