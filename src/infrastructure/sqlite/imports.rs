//! Imports in SQLite.

use async_trait::async_trait;

use crate::application::ports::imports::Imports;
use crate::application::ports::uploads::Upload;
use crate::application::store_error::Error;
use crate::infrastructure::common_statements;
use crate::infrastructure::rows::upload::upload;
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::infrastructure::sqlite::error::failed;

#[async_trait]
impl Imports for Sqlite {
    async fn running_imports(&self, rows: u32) -> Result<Vec<Upload>, Error> {
        let list = sqlx::query(common_statements::uploads::RUNNING_IMPORTS)
            .bind(rows)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        list.iter().map(upload).collect()
    }
}
