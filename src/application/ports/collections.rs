//! The port of collections.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::operations::Operation;
use crate::application::ports::preferences::Preferences;
use crate::application::ports::store_error::Error;
use crate::domain::names::resource::CollectionId;

/// A collection as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Collection {
    /// The server's name for it.
    pub uid: Uid,
    /// The client's name for it.
    pub id: CollectionId,
    /// How its documents are chunked and decoded unless a request says otherwise.
    pub preferences: Preferences,
    /// Grows with every change.
    pub revision: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What is to be deleted, and how the deletion is called.
#[derive(Clone, Debug)]
pub struct Deletion {
    /// The operation: the client's request id, or one of the server's making.
    pub uid: Uid,
    /// The digest of the request's other fields, as they were sent.
    pub request_sha256: [u8; 32],
    /// What revision it must have; none: any.
    pub revision: Option<u64>,
    /// The time now.
    pub now: Timestamp,
}

/// How deleting went.
#[derive(Clone, Debug, PartialEq)]
pub enum Deleted {
    /// It is deleted, now or by an earlier request of the same uid. Beside it the last states of
    /// uploads and moves that this has put an end to.
    Operation(Box<Operation>, Vec<Operation>),
    /// There is none of that name.
    NotFound,
    /// It has another revision.
    Changed,
    /// The collection has documents.
    NotEmpty,
    /// The uid is that of a request with other fields.
    OtherRequest,
}

/// How creating or updating went.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// As it is now.
    Collection(Box<Collection>),
    /// There is one of that name, or, for an update, none.
    Refused,
    /// It has another revision.
    Changed,
    /// The uid is that of a request with other fields.
    OtherRequest,
    /// The collection that the request made was deleted since.
    Deleted,
}

/// Keeps collections.
#[async_trait]
pub trait Collections: Send + Sync {
    /// Stores a new collection. The same uid again changes nothing: with the same `request_sha256`, the
    /// digest of the request's fields, the collection is returned as it is.
    async fn create_collection(
        &self,
        caller: &Caller,
        new: &Collection,
        request_sha256: &[u8; 32],
    ) -> Result<Written, Error>;
    /// Replaces the preferences, if the revision is what is believed.
    async fn update_collection(
        &self,
        caller: &Caller,
        id: &CollectionId,
        revision: u64,
        preferences: &Preferences,
        now: Timestamp,
    ) -> Result<Written, Error>;
    /// Takes the name away, with every document's; the rest is for a job. Without `force` only if
    /// there are no documents.
    async fn delete_collection(
        &self,
        caller: &Caller,
        id: &CollectionId,
        force: bool,
        deletion: &Deletion,
    ) -> Result<Deleted, Error>;
    /// The collection of that id.
    async fn collection(
        &self,
        caller: &Caller,
        id: &CollectionId,
    ) -> Result<Option<Collection>, Error>;
    /// At most `rows` collections in the order of their ids, from the first after `after`.
    async fn collections(
        &self,
        caller: &Caller,
        after: &str,
        rows: u32,
    ) -> Result<Vec<Collection>, Error>;
}
