//! The whole store: every noun's port.

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
use crate::application::ports::store_error::Error;
use crate::application::ports::tenants::Tenants;
use crate::application::ports::uploads::Uploads;

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
    /// The key of page tokens, the same on every instance: `new` if there was none.
    async fn secret(&self, new: [u8; 32]) -> Result<[u8; 32], Error>;
    /// Whether there is room for another batch of an upload. Without a suspicion nothing is written unless little
    /// room is left.
    ///
    /// # Errors
    ///
    /// Fails with `Full` if there is none.
    async fn room(&self, is_suspected: bool) -> Result<(), Error>;
    /// Waits for what is under way, and gives up its files and connections.
    async fn close(&self);
}
