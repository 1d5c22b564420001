//! The document service.

use tonic::{Request, Response, Status};

use crate::application::caller::Caller;
use crate::application::collections::Collections;
use crate::application::error::Error;
use crate::interface::grpc::convert::resources;
use crate::interface::grpc::pb::document_service_server::DocumentService;
use crate::interface::grpc::{name, pb, status};

/// Serves documents.
#[derive(Debug)]
pub struct Service {
    /// The use cases.
    pub collections: Collections,
}

#[tonic::async_trait]
impl DocumentService for Service {
    async fn get_document(
        &self,
        request: Request<pb::GetDocumentRequest>,
    ) -> Result<Response<pb::GetDocumentResponse>, Status> {
        let found = async {
            let name = name::document("name", &request.into_inner().name)?;
            let document = self
                .collections
                .document(&Caller::anonymous(), &name)
                .await?;
            Ok(resources::document(&name.collection, document))
        };
        let document = Some(found.await.map_err(|error: Error| status::of(&error))?);
        Ok(Response::new(pb::GetDocumentResponse { document }))
    }

    async fn list_documents(
        &self,
        request: Request<pb::ListDocumentsRequest>,
    ) -> Result<Response<pb::ListDocumentsResponse>, Status> {
        let pb::ListDocumentsRequest {
            parent,
            page_size,
            page_token,
        } = request.into_inner();
        let listed = async {
            let id = name::collection("parent", &parent)?;
            let (caller, after) = (Caller::anonymous(), name::page_after(&page_token)?);
            let listed = self
                .collections
                .documents(&caller, &id, &after, page_size)
                .await?;
            let documents = listed
                .0
                .into_iter()
                .map(|document| resources::document(&id, document));
            let next_page_token = name::page_token(listed.1.as_deref());
            Ok(pb::ListDocumentsResponse {
                documents: documents.collect(),
                next_page_token,
            })
        };
        listed
            .await
            .map(Response::new)
            .map_err(|error: Error| status::of(&error))
    }
}
