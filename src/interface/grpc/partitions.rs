//! The partition service.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::application::partitions;
use crate::application::ports::store::Store;
use crate::interface::grpc::convert::resources;
use crate::interface::grpc::pb::partition_service_server::PartitionService;
use crate::interface::grpc::{pb, status};

/// Serves the health of partitions.
#[derive(Debug)]
pub struct Service {
    /// Where chunks are.
    pub store: Arc<dyn Store>,
}

#[tonic::async_trait]
impl PartitionService for Service {
    async fn get_partition_health(
        &self,
        _request: Request<pb::GetPartitionHealthRequest>,
    ) -> Result<Response<pb::GetPartitionHealthResponse>, Status> {
        let health = partitions::health(&self.store)
            .await
            .map_err(|error| status::of(&error))?;
        let partitions = health.iter().map(resources::partition).collect();
        Ok(Response::new(pb::GetPartitionHealthResponse { partitions }))
    }
}
