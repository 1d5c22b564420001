//! The port of documents.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::collections::{Deleted, Deletion};
use crate::application::ports::operations::Operation;
use crate::application::store_error::Error;
use crate::domain::chunking::spec::checked::Spec;
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

impl Document {
    /// Returns the size of its labels, in bytes of UTF-8.
    #[must_use]
    pub fn labels_bytes(&self) -> usize {
        labels_bytes(&self.labels)
    }
}

/// Returns the size of labels, in bytes of UTF-8.
#[must_use]
pub fn labels_bytes(labels: &BTreeMap<String, String>) -> usize {
    let labels = labels.iter();
    labels.map(|(key, value)| key.len() + value.len()).sum()
}

/// The fields of a document's metadata that a request sets. `None` leaves the document's value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The name for people. Default of a new document: its id.
    pub display_name: Option<String>,
    /// The media type. Default of a new document: [`Metadata::MEDIA_TYPE`].
    pub media_type: Option<String>,
    /// The labels for finding the document. A new document has no labels by default.
    pub labels: Option<BTreeMap<String, String>>,
}

impl Metadata {
    /// The media type of a document whose uploader declares none.
    pub const MEDIA_TYPE: &str = "text/plain";

    /// Whether a field is set in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let display_name = self.display_name.is_some() && other.display_name.is_some();
        let media_type = self.media_type.is_some() && other.media_type.is_some();
        let labels = self.labels.is_some() && other.labels.is_some();
        display_name || media_type || labels
    }
}

/// A validated request to change a document's metadata.
#[derive(Clone, Debug)]
pub struct MetadataUpdate {
    /// The fields to change.
    pub metadata: Metadata,
    /// The revision that the document must have. `None` means any.
    pub revision: Option<u64>,
    /// The current time.
    pub now: Timestamp,
}

impl MetadataUpdate {
    /// Returns why the update of this document is refused. `None` means that it is not.
    #[must_use]
    pub fn refusal(&self, document: &Document) -> Option<Updated> {
        if self
            .revision
            .is_some_and(|expected| expected != document.revision)
        {
            return Some(Updated::Changed);
        }
        document
            .current
            .is_none()
            .then_some(Updated::NoCurrentVersion)
    }

    /// Returns a document after the update.
    #[must_use]
    pub fn applied(&self, document: Document) -> Document {
        let Metadata {
            display_name,
            media_type,
            labels,
        } = self.metadata.clone();
        Document {
            display_name: display_name.unwrap_or(document.display_name),
            media_type: media_type.unwrap_or(document.media_type),
            labels: labels.unwrap_or(document.labels),
            revision: document.revision + 1,
            updated_at: self.now,
            ..document
        }
    }
}

/// The result of a change of a document's metadata.
#[derive(Clone, Debug, PartialEq)]
pub enum Updated {
    /// The document after the change, and the last states of the uploads that the change ended.
    Document(Box<Document>, Vec<Operation>),
    /// There is no such document.
    NotFound,
    /// The document has another revision than expected.
    Changed,
    /// The document has no complete version.
    NoCurrentVersion,
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

/// Reads, updates and deletes documents. Uploads create and change them.
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
    /// Changes a document's metadata, and records a change of the collection. Fails the unfinished uploads that would
    /// set one of the same fields. The document must have a complete version.
    async fn update_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        update: &MetadataUpdate,
    ) -> Result<Updated, Error>;
    /// Removes the document's name, fails its unfinished uploads, and records a change of the collection. A job
    /// removes the rest.
    async fn delete_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        deletion: &Deletion,
    ) -> Result<Deleted, Error>;
}
