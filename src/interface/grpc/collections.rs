//! The collection service.

use tonic::{Request, Response, Status};

use crate::application::caller::Caller;
use crate::application::catalog::collections::Collections;
use crate::application::error::Error;
use crate::application::ports::collections::Collection;
use crate::domain::ingest::preferences::Preferences;
use crate::domain::names::resource::CollectionId;
use crate::interface::grpc::convert::{chunking, field_mask, resources};
use crate::interface::grpc::extract;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::collection_service_server::CollectionService;
use crate::interface::grpc::request_digest::Identified;
use crate::interface::grpc::resource_name;

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
        let (caller, mut request) = extract::of(request)?;
        let sent = request.identify()?;
        let pb::CreateCollectionRequest {
            collection_id,
            chunking,
            decoding,
            request_id: _,
        } = request;
        let id = CollectionId::parse(&collection_id)
            .map_err(|error| Error::invalid("collection_id", error))?;
        let wanted = chunking::preferences(chunking, decoding)?;
        let created = self.collections.create(&caller, id, wanted, sent).await?;
        let collection = Some(resources::collection(&created));
        Ok(Response::new(pb::CreateCollectionResponse { collection }))
    }

    async fn get_collection(
        &self,
        request: Request<pb::GetCollectionRequest>,
    ) -> Result<Response<pb::GetCollectionResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let id = resource_name::collection("name", &request.name)?;
        let collection = Some(resources::collection(
            &self.collections.get(&caller, &id).await?,
        ));
        Ok(Response::new(pb::GetCollectionResponse { collection }))
    }

    async fn list_collections(
        &self,
        request: Request<pb::ListCollectionsRequest>,
    ) -> Result<Response<pb::ListCollectionsResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::ListCollectionsRequest {
            page_size,
            page_token,
        } = request;
        let collections = &self.collections;
        let (list, next_page_token) = collections.list(&caller, page_size, &page_token).await?;
        let collections = list.iter().map(resources::collection);
        Ok(Response::new(pb::ListCollectionsResponse {
            collections: collections.collect(),
            next_page_token,
        }))
    }

    async fn update_collection(
        &self,
        request: Request<pb::UpdateCollectionRequest>,
    ) -> Result<Response<pb::UpdateCollectionResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let updated = self.update(&caller, request).await?;
        let collection = Some(resources::collection(&updated));
        Ok(Response::new(pb::UpdateCollectionResponse { collection }))
    }

    async fn delete_collection(
        &self,
        request: Request<pb::DeleteCollectionRequest>,
    ) -> Result<Response<pb::DeleteCollectionResponse>, Status> {
        let (caller, mut request) = extract::of(request)?;
        let sent = request.identify()?;
        let id = resource_name::collection("name", &request.name)?;
        let delete = resource_name::delete(&request.etag, sent)?;
        let collections = &self.collections;
        let force = request.force;
        let operation = collections.delete(&caller, &id, force, delete).await?;
        let operation = Some(resources::operation(operation));
        Ok(Response::new(pb::DeleteCollectionResponse { operation }))
    }
}

impl Service {
    async fn update(
        &self,
        caller: &Caller,
        request: pb::UpdateCollectionRequest,
    ) -> Result<Collection, Error> {
        let pb::UpdateCollectionRequest {
            collection,
            update_mask,
        } = request;
        let collection = collection.ok_or_else(|| Error::invalid("collection", "must be there"))?;
        let id = resource_name::collection("collection.name", &collection.name)?;
        let revision = resource_name::revision("collection.etag", &collection.etag)?;
        let fields = [
            ("chunking", collection.chunking.is_some()),
            ("decoding", collection.decoding.is_some()),
        ];
        let paths = field_mask::paths(update_mask, &fields)?;
        let has = |path| paths.contains(&path);
        let new = chunking::preferences(collection.chunking, collection.decoding)?;
        let change = |known: Preferences| Preferences {
            chunking: if has("chunking") {
                new.chunking
            } else {
                known.chunking
            },
            decoding: if has("decoding") {
                new.decoding
            } else {
                known.decoding
            },
        };
        self.collections.update(caller, &id, revision, change).await
    }
}
