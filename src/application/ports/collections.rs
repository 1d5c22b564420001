//! The port of collections.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::failure::Error;
use crate::application::stored_spec::StoredSpec;
use crate::domain::name::CollectionId;

/// A collection as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Collection {
    /// The server's name for it.
    pub uid: Uid,
    /// The client's name for it.
    pub id: CollectionId,
    /// How its documents are chunked by default.
    pub spec: StoredSpec,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Keeps collections.
#[async_trait]
pub trait Collections: Send + Sync {
    /// Stores a new collection; `false` if there is one of that id.
    async fn create_collection(&self, caller: &Caller, new: &Collection) -> Result<bool, Error>;
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
