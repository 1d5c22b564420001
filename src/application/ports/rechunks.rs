//! The port of rechunks: uploads whose bytes come from the store.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::documents::{Document, Version};
use crate::application::ports::preferences::Preferences;
use crate::application::ports::store_error::Error;
use crate::application::ports::uploads::{About, Declared, NewUpload, Upload};
use crate::domain::chunking::conflict::Conflict;
use crate::domain::chunking::partial::Partial;
use crate::domain::names::resource::DocumentName;
use crate::domain::text::decoding::{ByteOrderMark, Decoding};

/// What a client wants to have chunked anew, checked.
#[derive(Clone, Debug)]
pub struct NewRechunk {
    /// The client's request id, or one of the server's making.
    pub uid: Uid,
    /// The digest of the request's other fields, as they were sent.
    pub request_sha256: [u8; 32],
    /// The document.
    pub document: DocumentName,
    /// How it is chunked, as far as the client says. The collection decides the rest.
    pub chunking: Partial,
    /// The time now.
    pub now: Timestamp,
}

impl NewRechunk {
    /// The upload that it is, of that version of the document; `keeps_mark`: whether the version's
    /// text begins with the byte order mark of its source.
    #[must_use]
    pub fn upload(&self, document: &Document, source: &Version, keeps_mark: bool) -> NewUpload {
        // A text in which faults were replaced does not give its source back, so that there is
        // nothing to replace again.
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
            about: About {
                display_name: document.display_name.clone(),
                media_type: document.media_type.clone(),
                labels: document.labels.clone(),
            },
            preferences: Preferences {
                chunking: self.chunking.clone(),
                decoding: decoding.into(),
            },
            import: None,
            now: self.now,
        }
    }
}

/// How starting a rechunk went.
#[derive(Clone, Debug, PartialEq)]
pub enum Started {
    /// It is there: new, or from an earlier request with the same uid and the same fields.
    Rechunk(Box<Upload>),
    /// There is no such document.
    NotFound,
    /// The document has no complete version.
    NoCurrentVersion,
    /// An upload of the document has not ended.
    UploadRunning,
    /// The rechunk's spec and the collection's do not fit together. Nothing is stored.
    Conflict(Conflict),
    /// The uid is that of a request with other fields.
    OtherRequest,
}

/// Keeps rechunks. What goes on with them and ends them is the port of uploads.
#[async_trait]
pub trait Rechunks: Send + Sync {
    /// Stores a new upload that makes a version of the chunks of the document's current version, in
    /// one transaction. The same uid again changes nothing: with the same `request_sha256` the rechunk is
    /// returned as it is.
    async fn start_rechunk(&self, caller: &Caller, new: &NewRechunk) -> Result<Started, Error>;
    /// At most `rows` rechunks that have not ended, of all tenants, the oldest first.
    async fn running_rechunks(&self, rows: u32) -> Result<Vec<Upload>, Error>;
}
