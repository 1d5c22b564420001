//! The store port in PostgreSQL: the shared secret, the check for free space, and closing.

use async_trait::async_trait;

use crate::application::ports::store::Store;
use crate::application::store_error::Error;
use crate::infrastructure::columns::Columns;
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::free_space;
use crate::infrastructure::postgres::retry::read;

#[async_trait]
impl Store for Postgres {
    async fn secret(&self, new: [u8; 32]) -> Result<[u8; 32], Error> {
        sqlx::query(common_statements::secrets::INSERT)
            .bind(new.to_vec())
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        let found =
            read(sqlx::query(common_statements::secrets::SECRET).fetch_one(&self.pool)).await?;
        found.digest("value")
    }

    async fn check_free_space(&self, is_suspected: bool) -> Result<(), Error> {
        free_space::check(&self.pool, is_suspected).await
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}
