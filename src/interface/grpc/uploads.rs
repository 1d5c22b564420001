//! The upload service.

use std::pin::Pin;
use std::sync::Arc;

use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use crate::application::error::Error;
use crate::application::ports::clock::Clock;
use crate::application::uploads::duplex::{DuplexUpload, UploadResponse};
use crate::application::uploads::upload_stream::{UploadNotifier, UploadStream};
use crate::interface::grpc::audit_target::AuditTarget;
use crate::interface::grpc::convert::chunking::count;
use crate::interface::grpc::convert::{resources, uploads};
use crate::interface::grpc::extract;
use crate::interface::grpc::intake::Messages;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::stream_document_response::Event;
use crate::interface::grpc::pb::upload_service_server::UploadService;
use crate::interface::grpc::resource_name;

/// Serves uploads.
#[derive(Debug)]
pub struct Service {
    /// The use cases.
    pub duplex_upload: DuplexUpload,
    /// The source of time and uids.
    pub clock: Arc<dyn Clock>,
}

#[tonic::async_trait]
impl UploadService for Service {
    type StreamDocumentStream =
        Pin<Box<dyn Stream<Item = Result<pb::StreamDocumentResponse, Status>> + Send>>;

    async fn upload_document(
        &self,
        request: Request<Streaming<pb::UploadDocumentRequest>>,
    ) -> Result<Response<pb::UploadDocumentResponse>, Status> {
        let (target, intake) = (extension::<AuditTarget, _>(&request), extension(&request));
        let (caller, messages) = extract::of(request)?;
        let messages = Messages::new(messages, intake);
        let clock = Arc::clone(&self.clock);
        let messages = messages.map(move |message| {
            target.note(
                &message
                    .as_ref()
                    .map_or_else(|_| String::new(), uploads::named),
            );
            uploads::message(clock.as_ref(), message)
        });
        let stream = UploadStream {
            uploads: &self.duplex_upload.uploads,
            caller: &caller,
            drain: &self.duplex_upload.drain,
        };
        let upload = Some(resources::upload(
            &stream.run(messages, UploadNotifier::default()).await?,
        )?);
        Ok(Response::new(pb::UploadDocumentResponse { upload }))
    }

    async fn stream_document(
        &self,
        request: Request<Streaming<pb::StreamDocumentRequest>>,
    ) -> Result<Response<Self::StreamDocumentStream>, Status> {
        let (target, intake) = (extension::<AuditTarget, _>(&request), extension(&request));
        let (caller, messages) = extract::of(request)?;
        let messages = Messages::new(messages, intake);
        let clock = Arc::clone(&self.clock);
        let messages = messages.map(move |message| {
            let write = message
                .as_ref()
                .ok()
                .and_then(|message| message.write.as_ref());
            target.note(&write.map_or_else(String::new, uploads::named));
            uploads::stream_message(clock.as_ref(), message)
        });
        let stream = self.duplex_upload.open(&caller, messages);
        let responses = stream.map(|response| {
            let event = response.and_then(event).map(Some);
            event
                .map(|event| pb::StreamDocumentResponse { event })
                .map_err(Status::from)
        });
        Ok(Response::new(Box::pin(responses)))
    }

    async fn get_upload(
        &self,
        request: Request<pb::GetUploadRequest>,
    ) -> Result<Response<pb::GetUploadResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let uid = resource_name::uid("name", "uploads", &request.name)?;
        let uploads = &self.duplex_upload.uploads;
        let upload = Some(resources::upload(&uploads.get(&caller, &uid).await?)?);
        Ok(Response::new(pb::GetUploadResponse { upload }))
    }

    async fn cancel_upload(
        &self,
        request: Request<pb::CancelUploadRequest>,
    ) -> Result<Response<pb::CancelUploadResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let uid = resource_name::uid("name", "uploads", &request.name)?;
        let uploads = &self.duplex_upload.uploads;
        let upload = Some(resources::upload(&uploads.cancel(&caller, &uid).await?)?);
        Ok(Response::new(pb::CancelUploadResponse { upload }))
    }
}

/// Returns the value that a layer has added to the request, or the default without that layer.
fn extension<E, T>(request: &Request<T>) -> E
where
    E: Clone + Default + Send + Sync + 'static,
{
    let extension = request.extensions().get::<E>();
    extension.cloned().unwrap_or_default()
}

fn event(response: UploadResponse) -> Result<Event, Error> {
    Ok(match response {
        UploadResponse::Ack {
            committed_offset,
            chunks,
        } => Event::Ack(pb::Ack {
            committed_offset: count(committed_offset),
            chunks: count(chunks),
        }),
        UploadResponse::Page(document, page) => {
            let chunks = page.into_iter();
            let chunks = chunks.map(|chunk| resources::chunk(&document, chunk));
            Event::Page(pb::StreamChunksResponse {
                chunks: chunks.collect(),
            })
        }
        UploadResponse::Upload(upload) => Event::Upload(resources::upload(&upload)?),
    })
}
