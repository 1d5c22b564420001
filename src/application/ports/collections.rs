//! The port of collections.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::operations::Operation;
use crate::application::store_error::Error;
use crate::domain::ingest::preferences::Preferences;
use crate::domain::names::resource::CollectionId;
use crate::domain::names::uid::{CollectionUid, OperationUid};
use crate::domain::timestamp::Timestamp;

/// A collection as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Collection {
    /// The uid, made by the server.
    pub uid: CollectionUid,
    /// The id, chosen by the client.
    pub id: CollectionId,
    /// The defaults for chunking and decoding its documents. A request can override them.
    pub preferences: Preferences,
    /// A number that grows with every change.
    pub revision: u64,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

/// The request to delete a document or a collection.
#[derive(Clone, Debug)]
pub struct Deletion {
    /// The uid of the operation: the client's request id, or one made by the server.
    pub uid: OperationUid,
    /// The digest of the request's other fields, as they were sent.
    pub request_sha256: [u8; 32],
    /// The revision that it must have. `None` means any.
    pub revision: Option<u64>,
    /// The current time.
    pub now: Timestamp,
}

impl Deletion {
    /// Whether the caller expects another revision than this one.
    #[must_use]
    pub fn expects_other(&self, revision: u64) -> bool {
        self.revision.is_some_and(|expected| expected != revision)
    }
}

/// The result of a deletion.
#[derive(Clone, Debug, PartialEq)]
pub enum Deleted {
    /// The deletion, of this request or an earlier one with the same uid. The second field has the last states of the
    /// uploads and moves that it ended.
    Operation(Box<Operation>, Vec<Operation>),
    /// Nothing has that name.
    NotFound,
    /// The stored revision differs from the requested one.
    Changed,
    /// The collection has documents.
    NotEmpty,
    /// The uid belongs to a request with other fields.
    OtherRequest,
}

/// The result of creating or updating a collection.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// The collection in its current state.
    Collection(Box<Collection>),
    /// For a creation: the name is taken. For an update: there is no such collection.
    Refused,
    /// The stored revision differs from the requested one.
    Changed,
    /// The uid belongs to a request with other fields.
    OtherRequest,
    /// The request created a collection that has been deleted since.
    Deleted,
}

/// Stores collections.
#[async_trait]
pub trait Collections: Send + Sync {
    /// Stores a new collection. A repeated uid changes nothing: with the same `request_sha256`, the digest of the
    /// request's fields, the stored collection is returned.
    async fn create_collection(
        &self,
        caller: &Caller,
        new: &Collection,
        request_sha256: &[u8; 32],
    ) -> Result<Written, Error>;
    /// Replaces the preferences, if the stored revision is `revision`.
    async fn update_collection(
        &self,
        caller: &Caller,
        id: &CollectionId,
        revision: u64,
        preferences: &Preferences,
        now: Timestamp,
    ) -> Result<Written, Error>;
    /// Removes the name of the collection and of each of its documents; a job removes the rest. Without `force`, a
    /// collection that has documents is not deleted.
    async fn delete_collection(
        &self,
        caller: &Caller,
        id: &CollectionId,
        force: bool,
        deletion: &Deletion,
    ) -> Result<Deleted, Error>;
    /// Returns the collection of that id.
    async fn collection(
        &self,
        caller: &Caller,
        id: &CollectionId,
    ) -> Result<Option<Collection>, Error>;
    /// Returns at most `rows` collections in the order of their ids, from the first after `after`.
    async fn collections(
        &self,
        caller: &Caller,
        after: &str,
        rows: u32,
    ) -> Result<Vec<Collection>, Error>;
}
