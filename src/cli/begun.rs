//! What the server has begun to do: its name, or how it ended.

use anyhow::bail;

use crate::cli::connection::channel::Connection;
use crate::cli::output::line;
use crate::cli::watching::watch;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation::State;

/// Prints the name of an operation that makes a version, or waits for its end and prints that.
pub(super) async fn tell(
    channel: Connection,
    operation: pb::Operation,
    waits: bool,
) -> anyhow::Result<()> {
    if !waits {
        return line(&operation.name);
    }
    let ended = ended(channel, operation).await?;
    if ended.state() != State::Succeeded {
        let state = ended.state().as_str_name().trim_start_matches("STATE_");
        bail!(
            "{} has ended as {state}: {}",
            ended.name,
            ended.failure_message
        );
    }
    line(&format!("{}: {} chunks", ended.target, ended.chunks))
}

/// The last state of an operation.
pub(super) async fn ended(
    channel: Connection,
    operation: pb::Operation,
) -> anyhow::Result<pb::Operation> {
    let mut latest = operation;
    let name = latest.name.clone();
    let told = |state| {
        latest = state;
        Ok(())
    };
    watch(&channel, name, told).await?;
    Ok(latest)
}
