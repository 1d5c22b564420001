//! The health of partitions in SQLite.

use async_trait::async_trait;

use crate::application::ports::failure::Error;
use crate::application::ports::partitions::{Partition, Partitions};
use crate::infrastructure::columns::Columns;
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::infrastructure::sqlite::failure::failed;

#[async_trait]
impl Partitions for Sqlite {
    async fn partitions(&self) -> Result<Vec<Partition>, Error> {
        let list = sqlx::query("SELECT * FROM partition_health")
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        let partition = |found: &sqlx::sqlite::SqliteRow| {
            Ok(Partition {
                partition: found.small("partition_key")?,
                documents: found.count("documents")?,
                chunks: found.count("chunks")?,
                text_bytes: found.count("text_bytes")?,
                deviation_percent: found.real("deviation_percent")?,
                status: found.text("status")?,
            })
        };
        list.iter().map(partition).collect()
    }
}
