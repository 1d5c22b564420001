//! Imports in SQLite.

use async_trait::async_trait;

use crate::application::ports::imports::Imports;
use crate::application::ports::store_error::Error;
use crate::application::ports::uploads::Upload;
use crate::infrastructure::rows::upload::upload;
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::infrastructure::sqlite::error::failed;

#[async_trait]
impl Imports for Sqlite {
    async fn running_imports(&self, rows: u32) -> Result<Vec<Upload>, Error> {
        let list = sqlx::query(
            "SELECT * FROM upload_rows WHERE import_path <> '' AND state = 'RUNNING'
             ORDER BY created_at, uid LIMIT ?",
        )
        .bind(rows)
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        list.iter().map(upload).collect()
    }
}
