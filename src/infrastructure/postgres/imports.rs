//! Imports in PostgreSQL.

use async_trait::async_trait;

use crate::application::ports::imports::Imports;
use crate::application::ports::store_error::Error;
use crate::application::ports::uploads::Upload;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::retry::read;
use crate::infrastructure::rows::upload::upload;

#[async_trait]
impl Imports for Postgres {
    async fn running_imports(&self, rows: u32) -> Result<Vec<Upload>, Error> {
        let list = sqlx::query(
            "SELECT * FROM upload_rows WHERE import_path <> '' AND state = 'RUNNING'
             ORDER BY created_at, uid LIMIT $1",
        )
        .bind(i64::from(rows))
        .fetch_all(&self.pool);
        let list = read(list).await?;
        list.iter().map(upload).collect()
    }
}
