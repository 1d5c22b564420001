//! The operation service.

use std::pin::Pin;
use std::sync::Arc;

use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use crate::application::error::Error;
use crate::application::events::tenant_subscription::Filter;
use crate::application::operations::lifecycle::Operations;
use crate::application::operations::watch::OperationWatch;
use crate::domain::operation::state::State;
use crate::interface::grpc::convert::resources;
use crate::interface::grpc::extract;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::operation_service_server::OperationService;
use crate::interface::grpc::resource_name;

/// Serves operations.
#[derive(Debug)]
pub struct Service {
    /// Lists and cancels operations.
    pub operations: Operations,
    /// Watches operations.
    pub watching: OperationWatch,
}

#[tonic::async_trait]
impl OperationService for Service {
    type WatchOperationStream =
        Pin<Box<dyn Stream<Item = Result<pb::WatchOperationResponse, Status>> + Send>>;

    type WatchOperationsStream =
        Pin<Box<dyn Stream<Item = Result<pb::WatchOperationsResponse, Status>> + Send>>;

    async fn get_operation(
        &self,
        request: Request<pb::GetOperationRequest>,
    ) -> Result<Response<pb::GetOperationResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let uid = resource_name::uid("name", "operations", &request.name)?;
        let operation = self.watching.get(&caller, &uid).await?;
        let operation = Some(resources::operation(operation));
        Ok(Response::new(pb::GetOperationResponse { operation }))
    }

    async fn list_operations(
        &self,
        request: Request<pb::ListOperationsRequest>,
    ) -> Result<Response<pb::ListOperationsResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::ListOperationsRequest {
            page_size,
            page_token,
            state,
        } = request;
        let state = state_filter("state", state)?;
        let operations = &self.operations;
        let (list, next_page_token) = operations
            .list(&caller, state, page_size, &page_token)
            .await?;
        Ok(Response::new(pb::ListOperationsResponse {
            operations: list.into_iter().map(resources::operation).collect(),
            next_page_token,
        }))
    }

    async fn cancel_operation(
        &self,
        request: Request<pb::CancelOperationRequest>,
    ) -> Result<Response<pb::CancelOperationResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let uid = resource_name::uid("name", "operations", &request.name)?;
        let operation = self.operations.cancel(&caller, &uid).await?;
        let operation = Some(resources::operation(operation));
        Ok(Response::new(pb::CancelOperationResponse { operation }))
    }

    async fn watch_operation(
        &self,
        request: Request<pb::WatchOperationRequest>,
    ) -> Result<Response<Self::WatchOperationStream>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::WatchOperationRequest { name, after_seq } = request;
        let uid = resource_name::uid("name", "operations", &name)?;
        let after_seq = u64::try_from(after_seq)
            .map_err(|_negative| Error::invalid("after_seq", "must not be negative"))?;
        let states = self.watching.watch(&caller, uid, after_seq).await?;
        let responses = states.map(|state| {
            let operation = state.map(|state| resources::operation(Arc::unwrap_or_clone(state)));
            operation
                .map(Some)
                .map(|operation| pb::WatchOperationResponse { operation })
                .map_err(Status::from)
        });
        Ok(Response::new(Box::pin(responses)))
    }

    async fn watch_operations(
        &self,
        request: Request<pb::WatchOperationsRequest>,
    ) -> Result<Response<Self::WatchOperationsStream>, Status> {
        let (caller, request) = extract::of(request)?;
        let pages = self.watching.watch_all(&caller, filter(&request)?).await?;
        let responses = pages.map(|page| {
            let page = page?;
            let operations = page.operations.into_iter();
            Ok(pb::WatchOperationsResponse {
                operations: operations
                    .map(|operation| resources::operation(Arc::unwrap_or_clone(operation)))
                    .collect(),
                snapshot_complete: page.is_complete,
            })
        });
        Ok(Response::new(Box::pin(responses)))
    }
}

/// Parses the filter of a watch.
fn filter(request: &pb::WatchOperationsRequest) -> Result<Filter, Error> {
    if request.states.len() > State::ALL.len() {
        return Err(Error::invalid("states", "must not be more than there are"));
    }
    let states = request.states.iter().map(|state| {
        let state = state_filter("states", *state)?;
        state.ok_or_else(|| Error::invalid("states", "must not be STATE_UNSPECIFIED"))
    });
    let collection = Some(&request.collection).filter(|name| !name.is_empty());
    let collection =
        collection.map(|collection| resource_name::collection("collection", collection));
    Ok(Filter {
        states: states.collect::<Result<_, _>>()?,
        collection: collection.transpose()?,
    })
}

/// Parses the state in a filter. `None` means any state.
fn state_filter(field: &'static str, state: i32) -> Result<Option<State>, Error> {
    match pb::operation::State::try_from(state) {
        Ok(pb::operation::State::Unspecified) => Ok(None),
        Ok(pb::operation::State::Running) => Ok(Some(State::Running)),
        Ok(pb::operation::State::Succeeded) => Ok(Some(State::Succeeded)),
        Ok(pb::operation::State::Failed) => Ok(Some(State::Failed)),
        Ok(pb::operation::State::Cancelled) => Ok(Some(State::Cancelled)),
        Err(_) => Err(Error::invalid(field, "is not known")),
    }
}
