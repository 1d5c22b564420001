//! The health of partitions, and the location of documents, in PostgreSQL.

use async_trait::async_trait;
use sqlx::PgPool;

use crate::application::caller::Caller;
use crate::application::ports::partitions::{Location, Move, Moved, Partition, Partitions, Weight};
use crate::application::store_error::Error;
use crate::domain::names::resource::DocumentName;
use crate::domain::names::uid::DocumentUid;
use crate::domain::partitions::balance::Document;
use crate::domain::partitions::candidates::other_candidate;
use crate::infrastructure::columns::Columns;
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::partition_table;
use crate::infrastructure::postgres::retry::{look_up, read, transact};
use crate::infrastructure::postgres::{documents, moves};
use crate::infrastructure::rows::partition::{large_document, partition};

#[async_trait]
impl Partitions for Postgres {
    async fn partitions(&self) -> Result<Vec<Partition>, Error> {
        let list = sqlx::query(common_statements::partitions::HEALTH).fetch_all(&self.pool);
        let list = read(list).await?;
        list.iter().map(partition).collect()
    }

    async fn largest_documents(&self, rows: u32) -> Result<Vec<Document>, Error> {
        // Each commit updates the count in the document's row, so no index covers the count and all rows are read.
        let list = sqlx::query(
            "WITH largest AS (
                 SELECT uid FROM documents WHERE deleted_at IS NULL
                 ORDER BY chunks DESC, uid LIMIT $1)
             SELECT documents.uid, documents.tenant, collections.collection_id, documents.document_id,
                 documents.partition_key, documents.chunks, documents.text_bytes
             FROM largest
             JOIN documents ON documents.uid = largest.uid
             JOIN collections ON collections.uid = documents.collection_uid
             ORDER BY documents.chunks DESC, documents.uid",
        )
        .bind(i64::from(rows))
        .fetch_all(&self.pool);
        let list = read(list).await?;
        list.iter().map(large_document).collect()
    }

    async fn locate_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
    ) -> Result<Option<Location>, Error> {
        let Some(found) = look_up(documents::live(&self.pool, caller, name)).await? else {
            return Ok(None);
        };
        let uid = found.uid("uid")?;
        let partition = found.small("partition_key")?;
        let counted = self.counted(partition, &uid).await?;
        // The table's CHECK allows a document's chunks only in these two partitions.
        let other = other_candidate(&uid, partition);
        let chunks_elsewhere = self.counted(other, &uid).await?.chunks;
        let said = Weight {
            chunks: found.count("chunks")?,
            text_bytes: found.count("text_bytes")?,
        };
        Ok(Some(Location {
            uid,
            partition,
            said,
            counted,
            chunks_elsewhere,
        }))
    }

    async fn move_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        asked: &Move,
    ) -> Result<Moved, Error> {
        transact(|_| start(&self.pool, caller, name, asked)).await
    }
}

impl Postgres {
    /// Counts the chunks of a document in a partition.
    async fn counted(&self, partition: u32, document: &DocumentUid) -> Result<Weight, Error> {
        let statement = partition_table::on(
            partition,
            "SELECT count(*) AS chunks,
                 coalesce(sum(end_byte - start_byte), 0)::bigint AS text_bytes
             FROM chunks_pNN WHERE partition_key = key_NN AND document_uid = $1",
        )?;
        let counted = sqlx::query(statement).bind(document).fetch_one(&self.pool);
        let counted = read(counted).await?;
        Ok(Weight {
            chunks: counted.count("chunks")?,
            text_bytes: counted.count("text_bytes")?,
        })
    }
}

async fn start(
    pool: &PgPool,
    caller: &Caller,
    name: &DocumentName,
    asked: &Move,
) -> Result<Moved, Error> {
    let mut transaction = pool.begin().await.map_err(failed)?;
    let target = name.to_string();
    if let Some(known) = moves::known(&mut transaction, caller, asked).await? {
        return Ok(known);
    }
    let Some(found) = documents::held(&mut transaction, caller, name).await? else {
        return Ok(Moved::NotFound);
    };
    let document = found.uid("uid")?;
    let moved = moves::insert(&mut transaction, caller, asked, &document, &target).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(moved)
}
