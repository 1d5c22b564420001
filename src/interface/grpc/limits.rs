//! The limit service.

use tonic::{Request, Response, Status};

use crate::application::rate_limit::admission::Admission;
use crate::interface::grpc::convert::limits;
use crate::interface::grpc::extract;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::limit_service_server::LimitService;

/// Serves the usage of limits.
#[derive(Debug)]
pub struct Service {
    /// The use cases.
    pub admission: Admission,
}

#[tonic::async_trait]
impl LimitService for Service {
    async fn get_limits_status(
        &self,
        request: Request<pb::GetLimitsStatusRequest>,
    ) -> Result<Response<pb::GetLimitsStatusResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::GetLimitsStatusRequest { page_size } = request;
        let response = self.admission.status(&caller, page_size).await?;
        Ok(Response::new(limits::status(response)))
    }
}
