//! The partition service.

use std::pin::Pin;

use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use crate::application::partitions::placement::Partitions;
use crate::interface::grpc::convert::{partitions, resources};
use crate::interface::grpc::extract;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::partition_service_server::PartitionService;
use crate::interface::grpc::request_digest::Identified;
use crate::interface::grpc::resource_name;

/// Serves partitions.
#[derive(Debug)]
pub struct Service {
    /// The use cases.
    pub partitions: Partitions,
}

#[tonic::async_trait]
impl PartitionService for Service {
    type WatchPartitionHealthStream =
        Pin<Box<dyn Stream<Item = Result<pb::WatchPartitionHealthResponse, Status>> + Send>>;

    async fn get_partition_health(
        &self,
        _request: Request<pb::GetPartitionHealthRequest>,
    ) -> Result<Response<pb::GetPartitionHealthResponse>, Status> {
        let health = self.partitions.health().await?;
        let (partitions, balance) = partitions::health(&health);
        Ok(Response::new(pb::GetPartitionHealthResponse {
            partitions,
            balance: Some(balance),
        }))
    }

    async fn watch_partition_health(
        &self,
        _request: Request<pb::WatchPartitionHealthRequest>,
    ) -> Result<Response<Self::WatchPartitionHealthStream>, Status> {
        let states = self.partitions.watching.watch().await?;
        let responses = states.map(|health| {
            let health = health?;
            let (partitions, balance) = partitions::health(&health);
            Ok(pb::WatchPartitionHealthResponse {
                partitions,
                balance: Some(balance),
            })
        });
        Ok(Response::new(Box::pin(responses)))
    }

    async fn locate_document(
        &self,
        request: Request<pb::LocateDocumentRequest>,
    ) -> Result<Response<pb::LocateDocumentResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let name = resource_name::document("name", &request.name)?;
        let placement = self.partitions.locate(&caller, &name).await?;
        Ok(Response::new(partitions::placement(&placement)))
    }

    async fn move_document(
        &self,
        request: Request<pb::MoveDocumentRequest>,
    ) -> Result<Response<pb::MoveDocumentResponse>, Status> {
        let (caller, mut request) = extract::of(request)?;
        let sent = request.identify()?;
        let name = resource_name::document("name", &request.name)?;
        let operation = self.partitions.move_document(&caller, &name, sent).await?;
        let operation = Some(resources::operation(operation));
        Ok(Response::new(pb::MoveDocumentResponse { operation }))
    }
}
