//! The port of changes: the versions of documents that became current, and changes of metadata, in the order of the
//! commits.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::documents::Document;
use crate::application::store_error::Error;
use crate::domain::names::resource::DocumentId;
use crate::domain::names::uid::{CollectionUid, DocumentUid};

/// A change of a document's current version, or of its metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The number of the change in its collection, without gaps.
    pub seq: u64,
    /// The document.
    pub document: DocumentUid,
    /// The document's id, chosen by the client.
    pub id: DocumentId,
    /// The version that was current before. `None` means that there was none.
    pub before: Option<u64>,
    /// The version that is current after the change. `None` means that the document was deleted.
    pub after: Option<u64>,
}

impl Change {
    /// Whether the document's metadata was changed, and not its version.
    #[must_use]
    pub fn is_of_metadata(&self) -> bool {
        self.before == self.after
    }
}

/// The range of the changes of a collection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Extent {
    /// The number of the newest change. 0 means that there are no changes.
    pub newest: u64,
    /// The number of the last change that was removed. 0 means that all are retained.
    pub forgotten: u64,
}

/// Returns changes of collections.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Returns the range of a collection's changes. `None` means that there is no such collection.
    async fn changes_extent(
        &self,
        caller: &Caller,
        collection: &CollectionUid,
    ) -> Result<Option<Extent>, Error>;
    /// Returns the first change after `seq`. `None` means that there is none yet.
    async fn change_after(
        &self,
        caller: &Caller,
        collection: &CollectionUid,
        seq: u64,
    ) -> Result<Option<Change>, Error>;
    /// Returns the version of a document that was current after the change `seq`. 0 means that it had no
    /// version then. `None` means that no later change of the document records it.
    async fn version_at(
        &self,
        caller: &Caller,
        document: &DocumentUid,
        seq: u64,
    ) -> Result<Option<u64>, Error>;
    /// Returns the document of that uid.
    async fn document_of(
        &self,
        caller: &Caller,
        uid: &DocumentUid,
    ) -> Result<Option<Document>, Error>;
    /// Returns the first document of a collection that has a current version and a uid greater than `after`.
    async fn document_after(
        &self,
        caller: &Caller,
        collection: &CollectionUid,
        after: &DocumentUid,
    ) -> Result<Option<Document>, Error>;
    /// Returns the number of chunks of a complete version that has not been swept. `None` means that there is no such
    /// version.
    async fn version_chunks(
        &self,
        caller: &Caller,
        document: &DocumentUid,
        version: u64,
    ) -> Result<Option<u64>, Error>;
}
