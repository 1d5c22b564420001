//! The whole store: the ports of all resources.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::application::ports::audit::Audit;
use crate::application::ports::changes::Changes;
use crate::application::ports::chunks::Chunks;
use crate::application::ports::collections::Collections;
use crate::application::ports::documents::Documents;
use crate::application::ports::imports::Imports;
use crate::application::ports::jobs::Jobs;
use crate::application::ports::keys::Keys;
use crate::application::ports::operations::Operations;
use crate::application::ports::partitions::Partitions;
use crate::application::ports::rechunks::Rechunks;
use crate::application::ports::tenants::Tenants;
use crate::application::ports::uploads::Uploads;
use crate::application::store_error::Error;

/// A store of collections, documents and chunks.
#[async_trait]
pub trait Store:
    Audit
    + Changes
    + Chunks
    + Collections
    + Documents
    + Imports
    + Jobs
    + Keys
    + Operations
    + Partitions
    + Rechunks
    + Tenants
    + Uploads
    + Debug
    + Send
    + Sync
{
    /// Returns the key of page tokens, the same on every instance. Stores `new` if there is no key yet.
    async fn secret(&self, new: [u8; 32]) -> Result<[u8; 32], Error>;
    /// Checks whether there is room for another batch of an upload. If `is_suspected` is false, a test write is made
    /// only if little space is left.
    ///
    /// # Errors
    ///
    /// Fails with `Full` if there is no room.
    async fn check_free_space(&self, is_suspected: bool) -> Result<(), Error>;
    /// Waits for work in progress, and closes files and connections.
    async fn close(&self);
}
