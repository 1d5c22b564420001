//! How chunks are spread.

use std::sync::Arc;

use crate::application::error::Error;
use crate::application::ports::partitions::Partition;
use crate::application::ports::store::Store;

/// The health of all 100 partitions.
///
/// # Errors
///
/// Fails if the store does.
pub async fn health(store: &Arc<dyn Store>) -> Result<Vec<Partition>, Error> {
    Ok(store.partitions().await?)
}
