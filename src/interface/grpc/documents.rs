//! The document service.

use tonic::{Request, Response, Status};

use crate::application::catalog::documents::Documents;
use crate::application::error::Error;
use crate::interface::grpc::convert::{chunking, imports, metadata, resources};
use crate::interface::grpc::extract;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_server::DocumentService;
use crate::interface::grpc::request_digest::Identified;
use crate::interface::grpc::resource_name;

/// Serves documents.
#[derive(Debug)]
pub struct Service {
    /// The use cases.
    pub documents: Documents,
}

#[tonic::async_trait]
impl DocumentService for Service {
    async fn get_document(
        &self,
        request: Request<pb::GetDocumentRequest>,
    ) -> Result<Response<pb::GetDocumentResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let name = resource_name::document("name", &request.name)?;
        let document = self.documents.get(&caller, &name).await?;
        let document = Some(resources::document(&name.collection, document));
        Ok(Response::new(pb::GetDocumentResponse { document }))
    }

    async fn list_documents(
        &self,
        request: Request<pb::ListDocumentsRequest>,
    ) -> Result<Response<pb::ListDocumentsResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let pb::ListDocumentsRequest {
            parent,
            page_size,
            page_token,
            labels: wanted,
        } = request;
        let id = resource_name::collection("parent", &parent)?;
        let wanted = metadata::labels("labels", wanted.into_iter())?;
        let documents = &self.documents;
        let (list, next_page_token) = documents
            .list(&caller, &id, &wanted, page_size, &page_token)
            .await?;
        let list = list.into_iter();
        let documents = list.map(|document| resources::document(&id, document));
        Ok(Response::new(pb::ListDocumentsResponse {
            documents: documents.collect(),
            next_page_token,
        }))
    }

    async fn update_document(
        &self,
        request: Request<pb::UpdateDocumentRequest>,
    ) -> Result<Response<pb::UpdateDocumentResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let document = request
            .document
            .ok_or_else(|| Error::invalid("document", "must be there"))?;
        let name = resource_name::document("document.name", &document.name)?;
        let revision = resource_name::revision("document.etag", &document.etag)?;
        let metadata = metadata::update(&name.document, document, request.update_mask)?;
        let documents = &self.documents;
        let updated = documents.update(&caller, &name, metadata, revision).await?;
        let document = Some(resources::document(&name.collection, updated));
        Ok(Response::new(pb::UpdateDocumentResponse { document }))
    }

    async fn delete_document(
        &self,
        request: Request<pb::DeleteDocumentRequest>,
    ) -> Result<Response<pb::DeleteDocumentResponse>, Status> {
        let (caller, mut request) = extract::of(request)?;
        let sent = request.identify()?;
        let name = resource_name::document("name", &request.name)?;
        let delete = resource_name::delete(&request.etag, sent)?;
        let operation = self.documents.delete(&caller, &name, delete).await?;
        let operation = Some(resources::operation(operation));
        Ok(Response::new(pb::DeleteDocumentResponse { operation }))
    }

    async fn import_document(
        &self,
        request: Request<pb::ImportDocumentRequest>,
    ) -> Result<Response<pb::ImportDocumentResponse>, Status> {
        let (caller, request) = extract::of(request)?;
        let clock = self.documents.collections.clock.as_ref();
        let (path, new) = imports::new_import(clock, request)?;
        let operation = self.documents.imports.start(&caller, path, new).await?;
        let operation = Some(resources::operation(operation));
        Ok(Response::new(pb::ImportDocumentResponse { operation }))
    }

    async fn rechunk_document(
        &self,
        request: Request<pb::RechunkDocumentRequest>,
    ) -> Result<Response<pb::RechunkDocumentResponse>, Status> {
        let (caller, mut request) = extract::of(request)?;
        let sent = request.identify()?;
        let name = resource_name::document("name", &request.name)?;
        let wanted = chunking::partial(request.chunking.unwrap_or_default())?;
        let operation = self.documents.rechunk(&caller, name, wanted, sent).await?;
        let operation = Some(resources::operation(operation));
        Ok(Response::new(pb::RechunkDocumentResponse { operation }))
    }
}
