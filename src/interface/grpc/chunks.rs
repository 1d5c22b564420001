//! The chunk service.

use std::pin::Pin;

use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use crate::application::caller::Caller;
use crate::application::chunks::Chunks;
use crate::application::error::Error;
use crate::domain::name::DocumentName;
use crate::interface::grpc::convert::resources;
use crate::interface::grpc::pb::chunk_service_server::ChunkService;
use crate::interface::grpc::{name, pb, status};

/// Serves chunks.
#[derive(Debug)]
pub struct Service {
    /// The use cases.
    pub chunks: Chunks,
}

#[tonic::async_trait]
impl ChunkService for Service {
    type StreamChunksStream =
        Pin<Box<dyn Stream<Item = Result<pb::StreamChunksResponse, Status>> + Send>>;

    async fn stream_chunks(
        &self,
        request: Request<pb::StreamChunksRequest>,
    ) -> Result<Response<Self::StreamChunksStream>, Status> {
        let pb::StreamChunksRequest {
            document,
            after_ordinal,
            follow,
        } = request.into_inner();
        let opened = async {
            let name = name::document("document", &document)?;
            let from = match after_ordinal {
                None => 0,
                Some(after) => u64::try_from(after)
                    .map_err(|_negative| Error::invalid("after_ordinal", "must not be negative"))?
                    .saturating_add(1),
            };
            let pages = self
                .chunks
                .stream(&Caller::anonymous(), &name, from, follow)
                .await?;
            Ok((name, pages))
        };
        let (name, pages) = opened.await.map_err(|error: Error| status::of(&error))?;
        let responses = ReceiverStream::new(pages).map(move |page| match page {
            Ok(page) => {
                let chunks = page.into_iter().map(|chunk| resources::chunk(&name, chunk));
                Ok(pb::StreamChunksResponse {
                    chunks: chunks.collect(),
                })
            }
            Err(error) => Err(status::of(&error)),
        });
        Ok(Response::new(Box::pin(responses)))
    }

    async fn get_chunk(
        &self,
        request: Request<pb::GetChunkRequest>,
    ) -> Result<Response<pb::GetChunkResponse>, Status> {
        let found = async {
            let (name, ordinal) = DocumentName::parse_chunk(&request.into_inner().name)
                .map_err(|error| Error::invalid("name", error))?;
            let chunk = self
                .chunks
                .get(&Caller::anonymous(), &name, ordinal)
                .await?;
            Ok(resources::chunk(&name, chunk))
        };
        let chunk = Some(found.await.map_err(|error: Error| status::of(&error))?);
        Ok(Response::new(pb::GetChunkResponse { chunk }))
    }
}
