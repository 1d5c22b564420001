//! The port of imports: uploads whose bytes come from a file. What starts, goes on with and ends them is
//! the port of uploads.

use async_trait::async_trait;

use crate::application::ports::store_error::Error;
use crate::application::ports::uploads::Upload;

/// Finds imports.
#[async_trait]
pub trait Imports: Send + Sync {
    /// At most `rows` imports that have not ended, of all tenants, the oldest first.
    async fn running_imports(&self, rows: u32) -> Result<Vec<Upload>, Error>;
}
