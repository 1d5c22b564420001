//! The health of partitions, and the location of documents, in SQLite.

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::ports::partitions::{Location, Move, Moved, Partition, Partitions};
use crate::application::store_error::Error;
use crate::domain::names::resource::DocumentName;
use crate::domain::partitions::balance::Document;
use crate::infrastructure::columns::Columns;
use crate::infrastructure::common_statements;
use crate::infrastructure::rows::partition::{large_document, location, partition};
use crate::infrastructure::sqlite::connection::{BEGIN, Sqlite};
use crate::infrastructure::sqlite::error::failed;
use crate::infrastructure::sqlite::{documents, moves};

#[async_trait]
impl Partitions for Sqlite {
    async fn partitions(&self) -> Result<Vec<Partition>, Error> {
        let list = sqlx::query(common_statements::partitions::HEALTH)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        list.iter().map(partition).collect()
    }

    async fn largest_documents(&self, rows: u32) -> Result<Vec<Document>, Error> {
        // Reads the largest documents of each partition from its end of the index, and picks the largest of them.
        let list = sqlx::query(
            "WITH RECURSIVE numbers (partition_key) AS (
                 SELECT 0 UNION ALL SELECT partition_key + 1 FROM numbers WHERE partition_key < 99)
             SELECT documents.uid, documents.tenant, collections.collection_id, documents.document_id,
                 documents.partition_key, documents.chunks, documents.text_bytes
             FROM numbers
             JOIN documents ON documents.uid IN (
                 SELECT held.uid FROM documents AS held
                 WHERE held.partition_key = numbers.partition_key AND held.deleted_at IS NULL
                 ORDER BY held.chunks DESC LIMIT ?1)
             JOIN collections ON collections.uid = documents.collection_uid
             ORDER BY documents.chunks DESC, documents.uid LIMIT ?1",
        )
        .bind(rows)
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        list.iter().map(large_document).collect()
    }

    async fn locate_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
    ) -> Result<Option<Location>, Error> {
        let found = sqlx::query(
            "WITH RECURSIVE numbers (partition_key) AS (
                 SELECT 0 UNION ALL SELECT partition_key + 1 FROM numbers WHERE partition_key < 99),
             found AS (
                 SELECT uid, partition_key, chunks, text_bytes FROM document_rows
                 WHERE tenant = ? AND collection_id = ? AND document_id = ?
                     AND deleted_at IS NULL AND collection_deleted_at IS NULL),
             counted AS (
                 SELECT numbers.partition_key, count(*) AS chunks,
                     sum(chunks.end_byte - chunks.start_byte) AS text_bytes
                 FROM found CROSS JOIN numbers
                 JOIN chunks ON chunks.partition_key = numbers.partition_key
                     AND chunks.document_uid = found.uid
                 GROUP BY numbers.partition_key)
             SELECT found.uid, found.partition_key, found.chunks, found.text_bytes,
                 coalesce(here.chunks, 0) AS counted_chunks,
                 coalesce(here.text_bytes, 0) AS counted_text_bytes,
                 (SELECT coalesce(sum(counted.chunks), 0) FROM counted
                  WHERE counted.partition_key <> found.partition_key) AS chunks_elsewhere
             FROM found
             LEFT JOIN counted AS here ON here.partition_key = found.partition_key",
        )
        .bind(&caller.tenant)
        .bind(name.collection.as_str())
        .bind(name.document.as_str())
        .fetch_optional(&self.readers)
        .await
        .map_err(failed)?;
        found.as_ref().map(location).transpose()
    }

    async fn move_document(
        &self,
        caller: &Caller,
        name: &DocumentName,
        asked: &Move,
    ) -> Result<Moved, Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        let target = name.to_string();
        if let Some(known) = moves::known(&mut transaction, caller, asked).await? {
            return Ok(known);
        }
        let Some(found) = documents::live(&mut *transaction, caller, name).await? else {
            return Ok(Moved::NotFound);
        };
        let document = found.uid("uid")?;
        let moved = moves::insert(&mut transaction, caller, asked, &document, &target).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(moved)
    }
}
