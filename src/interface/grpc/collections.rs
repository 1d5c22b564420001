//! The collection service.

use tonic::{Request, Response, Status};

use crate::application::caller::Caller;
use crate::application::collections::Collections;
use crate::application::error::Error;
use crate::domain::name::CollectionId;
use crate::interface::grpc::convert::{chunking, resources};
use crate::interface::grpc::pb::collection_service_server::CollectionService;
use crate::interface::grpc::{name, pb, status};

/// Serves collections.
#[derive(Debug)]
pub struct Service {
    /// The use cases.
    pub collections: Collections,
}

#[tonic::async_trait]
impl CollectionService for Service {
    async fn create_collection(
        &self,
        request: Request<pb::CreateCollectionRequest>,
    ) -> Result<Response<pb::CreateCollectionResponse>, Status> {
        let pb::CreateCollectionRequest {
            collection_id,
            chunking,
        } = request.into_inner();
        let created = async {
            let id = CollectionId::parse(&collection_id)
                .map_err(|error| Error::invalid("collection_id", error))?;
            let spec = chunking::stored(chunking, None)?;
            let created = self
                .collections
                .create(&Caller::anonymous(), id, spec)
                .await?;
            resources::collection(&created)
        };
        let collection = Some(created.await.map_err(|error| status::of(&error))?);
        Ok(Response::new(pb::CreateCollectionResponse { collection }))
    }

    async fn get_collection(
        &self,
        request: Request<pb::GetCollectionRequest>,
    ) -> Result<Response<pb::GetCollectionResponse>, Status> {
        let found = async {
            let id = name::collection("name", &request.into_inner().name)?;
            resources::collection(&self.collections.get(&Caller::anonymous(), &id).await?)
        };
        let collection = Some(found.await.map_err(|error| status::of(&error))?);
        Ok(Response::new(pb::GetCollectionResponse { collection }))
    }

    async fn list_collections(
        &self,
        request: Request<pb::ListCollectionsRequest>,
    ) -> Result<Response<pb::ListCollectionsResponse>, Status> {
        let pb::ListCollectionsRequest {
            page_size,
            page_token,
        } = request.into_inner();
        let listed = async {
            let after = name::page_after(&page_token)?;
            let listed = self
                .collections
                .list(&Caller::anonymous(), &after, page_size)
                .await?;
            let collections = listed
                .0
                .iter()
                .map(resources::collection)
                .collect::<Result<_, _>>()?;
            let next_page_token = name::page_token(listed.1.as_deref());
            Ok(pb::ListCollectionsResponse {
                collections,
                next_page_token,
            })
        };
        listed
            .await
            .map(Response::new)
            .map_err(|error: Error| status::of(&error))
    }
}
