//! Watches an operation to its end.

use std::ops::ControlFlow;
use std::time::Duration;

use tonic::{Status, Streaming};

use crate::cli::calls::resumed_stream::{Follower, follow};
use crate::cli::connection::channel::Connection;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation::State;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// The watch of an operation, which passes on each state once.
struct OperationFollower<T> {
    name: String,
    /// The sequence number of the newest state passed on.
    seq: i64,
    on_state: T,
}

/// Passes on the states of an operation, up to the last one.
///
/// # Errors
///
/// Fails if no operation has that name, or if its server is away for too long.
pub(crate) async fn watch(
    connection: &Connection,
    name: String,
    away_max: Duration,
    on_state: impl FnMut(pb::Operation) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut watching = OperationFollower {
        name,
        seq: 0,
        on_state,
    };
    follow(&mut watching, connection, away_max).await
}

impl<T: FnMut(pb::Operation) -> anyhow::Result<()>> Follower for OperationFollower<T> {
    type Message = pb::WatchOperationResponse;

    async fn open(&mut self, connection: Connection) -> Result<Streaming<Self::Message>, Status> {
        let request = pb::WatchOperationRequest {
            name: self.name.clone(),
            after_seq: self.seq,
        };
        let mut client = OperationServiceClient::new(connection);
        Ok(client.watch_operation(request).await?.into_inner())
    }

    fn take(&mut self, message: Self::Message) -> anyhow::Result<ControlFlow<()>> {
        let operation = message.operation.unwrap_or_default();
        // A watch that is opened again after the last state receives it again, so that any last state ends it.
        let is_last = operation.state() != State::Running;
        if operation.seq > self.seq || self.seq == 0 {
            self.seq = operation.seq;
            (self.on_state)(operation)?;
        }
        Ok(if is_last {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}
