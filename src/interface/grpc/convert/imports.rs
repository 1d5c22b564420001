//! Converts requests for imports, checked field by field.

use crate::application::error::Error;
use crate::application::ports::clock::Clock;
use crate::application::ports::uploads::{Declared, NewUpload, UploadSource};
use crate::domain::names::path::PathName;
use crate::domain::names::resource::{DocumentId, DocumentName};
use crate::interface::grpc::convert::{chunking, metadata};
use crate::interface::grpc::pb;
use crate::interface::grpc::request_digest::Identified;
use crate::interface::grpc::resource_name;

/// Converts a request for an import to the path of the file and the upload that it becomes.
///
/// # Errors
///
/// Fails with the field that is wrong. The error does not repeat the path.
pub fn new_import(
    clock: &dyn Clock,
    mut from: pb::ImportDocumentRequest,
) -> Result<(PathName, NewUpload), Error> {
    let sent = from.identify()?;
    let pb::ImportDocumentRequest {
        parent,
        document_id,
        path,
        display_name,
        media_type,
        labels,
        chunking,
        decoding,
        request_id: _,
    } = from;
    let path = PathName::parse(&path).map_err(|error| Error::invalid("path", error))?;
    let document = DocumentName {
        collection: resource_name::collection("parent", &parent)?,
        document: DocumentId::parse(&document_id)
            .map_err(|error| Error::invalid("document_id", error))?,
    };
    let fields = metadata::Fields {
        display_name: ("display_name", display_name),
        media_type: ("media_type", media_type),
        labels: ("labels", labels),
    };
    let new = NewUpload {
        uid: sent.uid.unwrap_or_else(|| clock.new_uid().into()),
        request_sha256: sent.sha256,
        // The stamp of the file includes its length.
        declared: Declared::default(),
        document_uid: clock.new_uid().into(),
        metadata: metadata::sent(fields)?,
        document,
        preferences: chunking::preferences(chunking, decoding)?,
        source: UploadSource::Client,
        now: clock.now(),
    };
    Ok((path, new))
}
