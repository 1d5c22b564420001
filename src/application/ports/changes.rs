//! The port of changes: which version of which document became current, in the order of the commits.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::chunks::Of;
use crate::application::ports::clock::Uid;
use crate::application::ports::documents::Document;
use crate::application::ports::store_error::Error;
use crate::domain::names::resource::DocumentId;

/// A change of a document's current version.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its number in the collection, without gaps.
    pub seq: u64,
    /// The document.
    pub document: Uid,
    /// What clients call it.
    pub id: DocumentId,
    /// The version that was current before; 0: none.
    pub before: u64,
    /// The version that is current since; 0: the document was deleted.
    pub after: u64,
}

/// Which changes there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Extent {
    /// The newest; 0: none.
    pub newest: u64,
    /// The last one that is no longer kept; 0: all are.
    pub forgotten: u64,
}

/// Tells what changed.
#[async_trait]
pub trait Changes: Send + Sync {
    /// Which changes of a collection there are; `None` if there is no such collection.
    async fn changes_extent(
        &self,
        caller: &Caller,
        collection: &Uid,
    ) -> Result<Option<Extent>, Error>;
    /// The first change after `seq`.
    async fn change_after(
        &self,
        caller: &Caller,
        collection: &Uid,
        seq: u64,
    ) -> Result<Option<Change>, Error>;
    /// The version of a document that was current after the change `seq`, if a later change tells it.
    async fn version_at(
        &self,
        caller: &Caller,
        document: &Uid,
        seq: u64,
    ) -> Result<Option<u64>, Error>;
    /// The document of that uid.
    async fn document_of(&self, caller: &Caller, uid: &Uid) -> Result<Option<Document>, Error>;
    /// The first document of a collection with a current version whose uid is after `after`.
    async fn document_after(
        &self,
        caller: &Caller,
        collection: &Uid,
        after: &Uid,
    ) -> Result<Option<Document>, Error>;
    /// How many chunks a complete version has that is not swept yet; `None` if there is none.
    async fn version_chunks(
        &self,
        caller: &Caller,
        document: &Uid,
        version: u64,
    ) -> Result<Option<u64>, Error>;
    /// The digests of the chunks in order whose ordinals are `from` and up to `rows` more: fewer than
    /// there were if the version is being swept.
    async fn chunk_digests(
        &self,
        caller: &Caller,
        of: Of,
        from: u64,
        rows: u32,
    ) -> Result<Vec<[u8; 32]>, Error>;
}
