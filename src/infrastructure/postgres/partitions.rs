//! The health of partitions in PostgreSQL.

use async_trait::async_trait;

use crate::application::ports::failure::Error;
use crate::application::ports::partitions::{Partition, Partitions};
use crate::infrastructure::columns::Columns;
use crate::infrastructure::postgres::attempt::read;
use crate::infrastructure::postgres::connection::Postgres;

#[async_trait]
impl Partitions for Postgres {
    async fn partitions(&self) -> Result<Vec<Partition>, Error> {
        let list =
            read(sqlx::query("SELECT * FROM partition_health").fetch_all(&self.pool)).await?;
        let partition = |found: &sqlx::postgres::PgRow| {
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
