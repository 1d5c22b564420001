//! The digest of a request as sent, which detects another request under the same id.

use std::mem::take;

use prost::Message;

use crate::application::error::Error;
use crate::application::request::Request;
use crate::domain::ingest::digest;
use crate::interface::grpc::pb;
use crate::interface::grpc::resource_name;

/// Returns the digest of a request without its request id. Fields are compared as sent, before defaults are applied:
/// a changed default must not refuse a correct retry.
#[must_use]
pub fn sha256(kind: &str, request: &impl Message) -> [u8; 32] {
    // Maps are sorted, so equal requests have equal encodings.
    let encoded = request.encode_to_vec();
    digest::sha256(&[kind.as_bytes(), b"\0", &encoded].concat())
}

/// A request that has a request id.
pub trait Identified: Message + Sized {
    /// The kind of the request: the name of its method.
    const KIND: &'static str;
    /// Returns the request id.
    fn request_id(&mut self) -> &mut String;

    /// Takes the request id out, and identifies the rest by its digest.
    ///
    /// # Errors
    ///
    /// Fails if the request id is neither empty nor a UUID.
    fn identify(&mut self) -> Result<Request, Error> {
        let id = take(self.request_id());
        Ok(Request {
            uid: resource_name::request_id(&id)?,
            sha256: sha256(Self::KIND, self),
        })
    }
}

/// Implements [`Identified`] for the request of each method named.
macro_rules! identified {
    ($($method:literal: $request:ident),+ $(,)?) => {
        $(impl Identified for pb::$request {
            const KIND: &'static str = $method;

            fn request_id(&mut self) -> &mut String {
                &mut self.request_id
            }
        })+
    };
}

identified!(
    "CreateCollection": CreateCollectionRequest,
    "DeleteCollection": DeleteCollectionRequest,
    "DeleteDocument": DeleteDocumentRequest,
    "ImportDocument": ImportDocumentRequest,
    "MoveDocument": MoveDocumentRequest,
    "RechunkDocument": RechunkDocumentRequest,
    // Both upload methods have it: each resumes uploads of the other.
    "Upload": UploadSpec,
);

#[cfg(test)]
mod tests {
    use super::Identified;
    use crate::interface::grpc::pb;

    fn spec() -> pb::UploadSpec {
        pb::UploadSpec {
            document_id: "d".to_owned(),
            labels: Some(pb::Labels {
                values: ["a", "b", "c"]
                    .map(|key| (key.to_owned(), String::new()))
                    .into(),
            }),
            ..pb::UploadSpec::default()
        }
    }

    #[test]
    fn every_field_except_the_request_id_changes_the_digest() {
        let sha256 = |mut spec: pb::UploadSpec| spec.identify().unwrap().sha256;
        let request_id = uuid::Uuid::new_v4().to_string();
        let named = pb::UploadSpec {
            request_id,
            ..spec()
        };
        assert_eq!(sha256(spec()), sha256(named));
        let changes: [fn(&mut pb::UploadSpec); 7] = [
            |spec| spec.collection = "collections/c".to_owned(),
            |spec| spec.document_id = "e".to_owned(),
            |spec| spec.display_name = "d".to_owned(),
            |spec| spec.media_type = "text/plain".to_owned(),
            |spec| spec.chunking = Some(pb::ChunkingSpec::default()),
            |spec| spec.labels = None,
            |spec| {
                let labels = spec.labels.get_or_insert_default();
                labels.values.insert("a".to_owned(), "1".to_owned());
            },
        ];
        for change in changes {
            let mut other = spec();
            change(&mut other);
            assert_ne!(sha256(spec()), sha256(other));
        }
        let mut deletion = pb::DeleteDocumentRequest::default();
        let mut rechunk = pb::RechunkDocumentRequest::default();
        let deletion = deletion.identify().unwrap();
        assert_ne!(deletion.sha256, rechunk.identify().unwrap().sha256);
    }
}
