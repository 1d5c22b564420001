//! The port of imports: uploads whose bytes come from a file. The port of uploads starts, resumes and ends them.

use async_trait::async_trait;

use crate::application::ports::uploads::Upload;
use crate::application::store_error::Error;

/// Lists imports.
#[async_trait]
pub trait Imports: Send + Sync {
    /// Returns at most `rows` imports that have not ended, of all tenants, the oldest first.
    async fn running_imports(&self, rows: u32) -> Result<Vec<Upload>, Error>;
}
