//! The store port in SQLite: the shared secret, the check for free space, and closing.

use async_trait::async_trait;

use crate::application::ports::store::Store;
use crate::application::store_error::Error;
use crate::infrastructure::columns::Columns;
use crate::infrastructure::common_statements;
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::infrastructure::sqlite::error::failed;
use crate::infrastructure::sqlite::free_space;

#[async_trait]
impl Store for Sqlite {
    async fn secret(&self, new: [u8; 32]) -> Result<[u8; 32], Error> {
        sqlx::query(common_statements::secrets::INSERT)
            .bind(new.to_vec())
            .execute(&self.writer)
            .await
            .map_err(failed)?;
        let found = sqlx::query(common_statements::secrets::SECRET)
            .fetch_one(&self.writer)
            .await
            .map_err(failed)?;
        found.digest("value")
    }

    async fn check_free_space(&self, is_suspected: bool) -> Result<(), Error> {
        let file = self.file.clone();
        let checked = tokio::task::spawn_blocking(move || free_space::check(&file, is_suspected));
        checked
            .await
            .map_err(|died| Error::Unavailable(died.into()))?
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
