//! The chunk service.

use std::pin::Pin;

use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use crate::application::catalog::changes::follower::Changes;
use crate::application::catalog::chunks::chunk_context::ContextRequest;
use crate::application::catalog::chunks::stream::Chunks;
use crate::application::error::Error;
use crate::domain::names::chunk_name::ChunkName;
use crate::interface::grpc::convert::chunk_ranges::{to_levels, to_neighbors, to_range};
use crate::interface::grpc::convert::resources;
use crate::interface::grpc::convert::structure::to_outline;
use crate::interface::grpc::extract;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::chunk_service_server::ChunkService;
use crate::interface::grpc::resource_name;

/// Serves chunks.
#[derive(Debug)]
pub struct Service {
    /// Stored chunks.
    pub chunks: Chunks,
    /// Changes of chunks.
    pub changes: Changes,
}

#[tonic::async_trait]
impl ChunkService for Service {
    type StreamChunksStream =
        Pin<Box<dyn Stream<Item = Result<pb::StreamChunksResponse, Status>> + Send>>;
    type StreamSectionsStream =
        Pin<Box<dyn Stream<Item = Result<pb::StreamSectionsResponse, Status>> + Send>>;
    type StreamChangesStream =
        Pin<Box<dyn Stream<Item = Result<pb::StreamChangesResponse, Status>> + Send>>;

    async fn stream_chunks(
        &self,
        request: Request<pb::StreamChunksRequest>,
    ) -> Result<Response<Self::StreamChunksStream>, Status> {
        let (caller, request) = extract::of(request)?;
        let name = resource_name::document("document", &request.document)?;
        let range = to_range(&request)?;
        let chunks = &self.chunks;
        let pages = chunks.stream(&caller, &name, range, request.follow).await?;
        let responses = pages.map(move |page| match page {
            Ok(page) => {
                let chunks = page.into_iter().map(|chunk| resources::chunk(&name, chunk));
                Ok(pb::StreamChunksResponse {
                    chunks: chunks.collect(),
                })
            }
            Err(error) => Err(error.into()),
        });
        Ok(Response::new(Box::pin(responses)))
    }

    async fn stream_changes(
        &self,
        request: Request<pb::StreamChangesRequest>,
    ) -> Result<Response<Self::StreamChangesStream>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::StreamChangesRequest {
            collection,
            after_cursor,
            follow,
            levels,
        } = request;
        let id = resource_name::collection("collection", &collection)?;
        let levels = to_levels(&levels)?;
        let parts = self
            .changes
            .stream(&caller, &id, levels, &after_cursor, follow)
            .await?;
        let responses = parts.map(|part| match part {
            Ok(part) => Ok(pb::StreamChangesResponse {
                changes: part.events.into_iter().map(resources::change).collect(),
                cursor: part.cursor,
            }),
            Err(error) => Err(error.into()),
        });
        Ok(Response::new(Box::pin(responses)))
    }

    async fn stream_sections(
        &self,
        request: Request<pb::StreamSectionsRequest>,
    ) -> Result<Response<Self::StreamSectionsStream>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::StreamSectionsRequest {
            document,
            after_section,
        } = request;
        let name = resource_name::document("document", &document)?;
        let after = after_section.map(u64::try_from).transpose();
        let after =
            after.map_err(|_negative| Error::invalid("after_section", "must not be negative"))?;
        let pages = self.chunks.sections(&caller, &name, after).await?;
        let responses = pages.map(|page| match page {
            Ok(page) => Ok(pb::StreamSectionsResponse {
                sections: page.into_iter().map(to_outline).collect(),
            }),
            Err(error) => Err(error.into()),
        });
        Ok(Response::new(Box::pin(responses)))
    }

    async fn get_chunk(
        &self,
        request: Request<pb::GetChunkRequest>,
    ) -> Result<Response<pb::GetChunkResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::GetChunkRequest {
            name,
            neighbors,
            with_parents,
        } = request;
        let name = ChunkName::parse(&name).map_err(|error| Error::invalid("name", error))?;
        let request = ContextRequest {
            name,
            neighbors: to_neighbors(neighbors)?,
            with_parents,
        };
        let found = self.chunks.get(&caller, &request).await?;
        let converted = |chunk| resources::chunk(&request.name.document, chunk);
        Ok(Response::new(pb::GetChunkResponse {
            chunk: Some(converted(found.chunk)),
            before: found.before.into_iter().map(converted).collect(),
            after: found.after.into_iter().map(converted).collect(),
            parents: found.parents.into_iter().map(converted).collect(),
        }))
    }
}
