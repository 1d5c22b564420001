//! An operation that is watched to its end.

use std::ops::ControlFlow;
use std::time::Duration;

use tonic::{Status, Streaming};

use crate::cli::connection::channel::Connection;
use crate::cli::following::{Follower, follow};
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation::State;
use crate::interface::grpc::pb::operation_service_client::OperationServiceClient;

/// Watches an operation, and hands out each of its states once.
struct Watching<T> {
    name: String,
    /// The newest state that was handed out.
    seq: i64,
    told: T,
}

/// Hands out the states of an operation, the last of which is its end.
///
/// # Errors
///
/// Fails if there is none of that name, or its server is away for too long.
pub(super) async fn watch(
    connection: &Connection,
    name: String,
    away_max: Duration,
    told: impl FnMut(pb::Operation) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut watching = Watching { name, seq: 0, told };
    follow(&mut watching, connection, away_max).await
}

impl<T: FnMut(pb::Operation) -> anyhow::Result<()>> Follower for Watching<T> {
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
        // The last state comes however often it is asked for, so it is not waited for any more.
        let is_last = operation.state() != State::Running;
        if operation.seq > self.seq || self.seq == 0 {
            self.seq = operation.seq;
            (self.told)(operation)?;
        }
        Ok(if is_last {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }
}
