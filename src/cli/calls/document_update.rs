//! Changes the labels and names of a stored document, without losing a change that another client makes meanwhile.

use tonic::Status;

use crate::cli::calls::failure::reason;
use crate::cli::connection::channel::Connection;
use crate::interface::grpc::pb;
use crate::interface::grpc::pb::document_service_client::DocumentServiceClient;

/// Attempts to change a document that other clients change meanwhile. Each attempt that fails means that another client
/// has succeeded.
const ATTEMPTS_MAX: u32 = 8;

/// Applies `change` to a document, and stores the fields of these names. Reads the document again and repeats the
/// change if the document has changed since.
///
/// # Errors
///
/// Fails as `GetDocument` and `UpdateDocument` do.
pub(crate) async fn update(
    channel: Connection,
    name: &str,
    paths: &[&str],
    change: impl Fn(&mut pb::Document),
) -> Result<pb::Document, Status> {
    let mut client = DocumentServiceClient::new(channel);
    let mut attempt = 1;
    loop {
        let name = name.to_owned();
        let found = client.get_document(pb::GetDocumentRequest { name }).await?;
        let mut document = found.into_inner().document.unwrap_or_default();
        change(&mut document);
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let request = pb::UpdateDocumentRequest {
            document: Some(document),
            update_mask: Some(prost_types::FieldMask { paths }),
        };
        match client.update_document(request).await {
            Err(status) if attempt < ATTEMPTS_MAX && reason(&status) == "ETAG_MISMATCH" => {
                attempt += 1;
            }
            updated => return Ok(updated?.into_inner().document.unwrap_or_default()),
        }
    }
}
