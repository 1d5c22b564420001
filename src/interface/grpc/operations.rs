//! The operation service.

use std::pin::Pin;

use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use crate::application::caller::Caller;
use crate::application::error::Error;
use crate::application::watch::Watching;
use crate::interface::grpc::convert::resources;
use crate::interface::grpc::pb::operation_service_server::OperationService;
use crate::interface::grpc::{name, pb, status};

/// Serves operations.
#[derive(Debug)]
pub struct Service {
    /// The use cases.
    pub watching: Watching,
}

#[tonic::async_trait]
impl OperationService for Service {
    type WatchOperationStream =
        Pin<Box<dyn Stream<Item = Result<pb::WatchOperationResponse, Status>> + Send>>;

    async fn get_operation(
        &self,
        request: Request<pb::GetOperationRequest>,
    ) -> Result<Response<pb::GetOperationResponse>, Status> {
        let found = async {
            let uid = name::uid("name", "operations", &request.into_inner().name)?;
            self.watching.get(&Caller::anonymous(), &uid).await
        };
        let operation = found.await.map_err(|error| status::of(&error))?;
        let operation = Some(resources::operation(operation));
        Ok(Response::new(pb::GetOperationResponse { operation }))
    }

    async fn watch_operation(
        &self,
        request: Request<pb::WatchOperationRequest>,
    ) -> Result<Response<Self::WatchOperationStream>, Status> {
        let pb::WatchOperationRequest { name, after_seq } = request.into_inner();
        let watched = async {
            let uid = name::uid("name", "operations", &name)?;
            let after_seq = u64::try_from(after_seq)
                .map_err(|_negative| Error::invalid("after_seq", "must not be negative"))?;
            self.watching
                .watch(&Caller::anonymous(), uid, after_seq)
                .await
        };
        let states = watched.await.map_err(|error| status::of(&error))?;
        let responses = ReceiverStream::new(states).map(|state| {
            let operation = state.map(|state| Some(resources::operation(state)));
            operation
                .map(|operation| pb::WatchOperationResponse { operation })
                .map_err(|error| status::of(&error))
        });
        Ok(Response::new(Box::pin(responses)))
    }
}
