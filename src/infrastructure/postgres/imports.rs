//! Imports in PostgreSQL.

use async_trait::async_trait;

use crate::application::ports::imports::Imports;
use crate::application::ports::uploads::Upload;
use crate::application::store_error::Error;
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::retry::read;
use crate::infrastructure::rows::upload::upload;

#[async_trait]
impl Imports for Postgres {
    async fn running_imports(&self, rows: u32) -> Result<Vec<Upload>, Error> {
        let list = sqlx::query(common_statements::uploads::RUNNING_IMPORTS)
            .bind(i64::from(rows))
            .fetch_all(&self.pool);
        let list = read(list).await?;
        list.iter().map(upload).collect()
    }
}
