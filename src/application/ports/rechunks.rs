//! The port of rechunks: uploads whose bytes come from the store.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::documents::{Document, Metadata, Version};
use crate::application::ports::uploads::{Declared, NewUpload, Upload, UploadSource};
use crate::application::store_error::Error;
use crate::domain::chunking::spec::conflict::Conflict;
use crate::domain::chunking::spec::partial::Partial;
use crate::domain::ingest::preferences::Preferences;
use crate::domain::names::resource::DocumentName;
use crate::domain::names::uid::OperationUid;
use crate::domain::text::encoding::decoding::{ByteOrderMark, Decoding};
use crate::domain::timestamp::Timestamp;

/// A validated request to chunk a document again.
#[derive(Clone, Debug)]
pub struct NewRechunk {
    /// The client's request id, or one made by the server.
    pub uid: OperationUid,
    /// The digest of the request's other fields, as they were sent.
    pub request_sha256: [u8; 32],
    /// The document.
    pub document: DocumentName,
    /// The chunking fields that the client set. The collection's preferences supply the rest.
    pub chunking: Partial,
    /// The current time.
    pub now: Timestamp,
}

impl NewRechunk {
    /// Returns the upload for that version of the document. `keeps_mark` says whether the version's text begins with
    /// the byte order mark of its source.
    #[must_use]
    pub fn upload(&self, document: &Document, source: &Version, keeps_mark: bool) -> NewUpload {
        // A text in which invalid input was replaced cannot be turned back into its source. A rechunk of it fails, so
        // there is nothing to replace again.
        let decoding = Decoding {
            charset: Some(source.charset),
            byte_order_mark: ByteOrderMark::keeping(keeps_mark),
            ..Decoding::default()
        };
        NewUpload {
            uid: self.uid,
            request_sha256: self.request_sha256,
            declared: Declared::default(),
            document: self.document.clone(),
            document_uid: document.uid,
            metadata: Metadata::default(),
            preferences: Preferences {
                chunking: self.chunking.clone(),
                decoding: decoding.into(),
            },
            source: UploadSource::Rechunk {
                source_version: source.version,
            },
            now: self.now,
        }
    }
}

/// The result of starting a rechunk.
#[derive(Clone, Debug, PartialEq)]
pub enum Started {
    /// The rechunk: new, or from an earlier request with the same uid and fields.
    Rechunk(Box<Upload>),
    /// There is no such document.
    NotFound,
    /// The document has no complete version.
    NoCurrentVersion,
    /// An upload of the document has not ended.
    UploadRunning,
    /// The rechunk's spec and the collection's do not fit together. Nothing is stored.
    Conflict(Conflict),
    /// The uid belongs to a request with other fields.
    OtherRequest,
}

/// Starts and lists rechunks. The port of uploads resumes and ends them.
#[async_trait]
pub trait Rechunks: Send + Sync {
    /// Stores a new upload, in one transaction. It makes a version from the chunks of the document's current version.
    /// A repeated uid changes nothing: with the same `request_sha256`, the stored rechunk is returned.
    async fn start_rechunk(&self, caller: &Caller, new: &NewRechunk) -> Result<Started, Error>;
    /// Returns at most `rows` rechunks that have not ended, of all tenants, the oldest first.
    async fn running_rechunks(&self, rows: u32) -> Result<Vec<Upload>, Error>;
}
