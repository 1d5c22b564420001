//! The port of documents.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::collections::{Deleted, Deletion};
use crate::application::store_error::Error;
use crate::domain::chunking::spec::Spec;
use crate::domain::names::resource::{CollectionId, DocumentId, DocumentName};
use crate::domain::names::uid::DocumentUid;
use crate::domain::text::encoding::charset::Charset;
use crate::domain::text::encoding::decoding::Decoding;
use crate::domain::timestamp::Timestamp;

/// A document as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The uid, made by the server.
    pub uid: DocumentUid,
    /// The id, chosen by the client.
    pub id: DocumentId,
    /// The name for people.
    pub display_name: String,
    /// Its media type.
    pub media_type: String,
    /// The labels for finding the document.
    pub labels: BTreeMap<String, String>,
    /// The partition that holds its chunks, from 0 to 99.
    pub partition: u32,
    /// The version that readers see. `None` means that no upload is complete yet.
    pub current: Option<Version>,
    /// A number that grows with every change.
    pub revision: u64,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

/// A complete version of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The number of the version, from 1.
    pub version: u64,
    /// The number of chunks.
    pub chunks: u64,
    /// The length of the source, in bytes.
    pub source_bytes: u64,
    /// The length of the text, in bytes of UTF-8.
    pub text_bytes: u64,
    /// The length of the text, in characters.
    pub characters: u64,
    /// The number of line feeds in the text.
    pub lines: u64,
    /// The SHA-256 digest of the source.
    pub source_sha256: [u8; 32],
    /// The charset from which the source was decoded.
    pub charset: Charset,
    /// The chunking spec.
    pub spec: Spec,
    /// The decoding policy. A rechunk keeps the policy of its source version: an upload of the same source with
    /// this policy gives the same text.
    pub decoding: Decoding,
    /// The version of the engine that made the chunks.
    pub engine_version: u64,
}

/// Reads and deletes documents. Uploads create and change them.
#[async_trait]
pub trait Documents: Send + Sync {
    /// Returns the document of that name.
    async fn document(
        &self,
        caller: &Caller,
        name: &DocumentName,
    ) -> Result<Option<Document>, Error>;
    /// Returns at most `rows` documents of a collection that have all of these labels. They are in the order of their
    /// ids, from the first after `after`.
    async fn documents(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        labels: &BTreeMap<String, String>,
        after: &str,
        rows: u32,
    ) -> Result<Vec<Document>, Error>;
    /// Removes the document's name, fails its unfinished uploads, and records a change of the collection. A job
    /// removes the rest.
    async fn delete_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        deletion: &Deletion,
    ) -> Result<Deleted, Error>;
}
