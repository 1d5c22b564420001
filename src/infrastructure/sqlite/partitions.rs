//! The health of partitions in SQLite.

use async_trait::async_trait;
use sqlx::Row;

use crate::application::ports::failure::Error;
use crate::application::ports::partitions::{Partition, Partitions};
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::infrastructure::sqlite::failure::failed;
use crate::infrastructure::sqlite::row;

#[async_trait]
impl Partitions for Sqlite {
    async fn partitions(&self) -> Result<Vec<Partition>, Error> {
        let list = sqlx::query("SELECT * FROM partition_health")
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        let partition = |found: &sqlx::sqlite::SqliteRow| {
            Ok(Partition {
                partition: row::small(found, "partition_key")?,
                documents: row::count(found, "documents")?,
                chunks: row::count(found, "chunks")?,
                text_bytes: row::count(found, "text_bytes")?,
                deviation_percent: found.try_get("deviation_percent").map_err(failed)?,
                status: row::text(found, "status")?,
            })
        };
        list.iter().map(partition).collect()
    }
}
