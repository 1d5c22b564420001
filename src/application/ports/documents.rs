//! The port of documents.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::collections::{Deleted, Deletion};
use crate::application::ports::store_error::Error;
use crate::domain::chunking::spec::Spec;
use crate::domain::names::resource::{CollectionId, DocumentId, DocumentName};
use crate::domain::text::charset::Charset;
use crate::domain::text::decoding::Decoding;

/// A document as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The server's name for it.
    pub uid: Uid,
    /// The client's name for it.
    pub id: DocumentId,
    /// What people call it.
    pub display_name: String,
    /// Its media type.
    pub media_type: String,
    /// What its uploader wants to find again.
    pub labels: BTreeMap<String, String>,
    /// Where its chunks are, from 0 to 99.
    pub partition: u32,
    /// What readers see; none before the first complete upload.
    pub current: Option<Version>,
    /// Grows with every change.
    pub revision: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A complete version of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Its number, from 1.
    pub version: u64,
    /// How many chunks it has.
    pub chunks: u64,
    /// The length of its source.
    pub source_bytes: u64,
    /// The length of its text.
    pub text_bytes: u64,
    /// The same in characters.
    pub characters: u64,
    /// The same in line feeds.
    pub lines: u64,
    /// The digest of its source.
    pub source_sha256: [u8; 32],
    /// The charset that its source was decoded from.
    pub charset: Charset,
    /// How it is chunked.
    pub spec: Spec,
    /// How its source is decoded. A rechunk keeps the policy of the version that it is made of: an upload
    /// of the same source with this policy gives the same text.
    pub decoding: Decoding,
    /// The version of the engine that made it.
    pub engine_version: u64,
}

/// Keeps documents; uploads make and change them.
#[async_trait]
pub trait Documents: Send + Sync {
    /// The document of that name.
    async fn document(
        &self,
        caller: &Caller,
        name: &DocumentName,
    ) -> Result<Option<Document>, Error>;
    /// At most `rows` documents of a collection that have all of these labels, in the order of their
    /// ids, from the first after `after`.
    async fn documents(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        labels: &BTreeMap<String, String>,
        after: &str,
        rows: u32,
    ) -> Result<Vec<Document>, Error>;
    /// Takes the document's name away, fails its unfinished uploads, and says so in the collection's
    /// changes; the rest is for a job.
    async fn delete_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        deletion: &Deletion,
    ) -> Result<Deleted, Error>;
}
