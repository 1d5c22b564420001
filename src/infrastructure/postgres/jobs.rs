//! Jobs in PostgreSQL. Each step locks the fence that it has checked, so the fence stays valid until the step
//! commits.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Postgres as Driver, Transaction};

use crate::application::ports::jobs::{Done, Fence, Jobs, Work};
use crate::application::store_error::Error;
use crate::domain::names::uid::{DocumentUid, InstanceUid};
use crate::domain::operation::failure::FailureReason;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::columns::{Columns, stored};
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::connection::Postgres;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::expiry;
use crate::infrastructure::postgres::partition_table;
use crate::infrastructure::postgres::retry::read;
use crate::infrastructure::postgres::{deletions, moves, operations, upload_end};
use crate::infrastructure::rows::upload::upload;

#[async_trait]
impl Jobs for Postgres {
    async fn claim(
        &self,
        work: Work,
        holder: &InstanceUid,
        lasts: Duration,
    ) -> Result<Option<Fence>, Error> {
        let lasts = i64::try_from(lasts.as_micros()).unwrap_or(i64::MAX);
        let claimed = sqlx::query(
            "INSERT INTO leases (name, holder, fence, expires_at)
             VALUES ($1, $2, 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $3)
             ON CONFLICT (name) DO UPDATE SET
                 fence = leases.fence + (leases.holder <> excluded.holder)::integer,
                 holder = excluded.holder, expires_at = excluded.expires_at
             WHERE leases.holder = excluded.holder
                 OR leases.expires_at < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
             RETURNING fence",
        )
        .bind(work.name())
        .bind(holder)
        .bind(lasts)
        .fetch_optional(&self.pool);
        let claimed = read(claimed).await?;
        claimed
            .map(|claimed| Ok(Fence(claimed.count("fence")?)))
            .transpose()
    }

    async fn release(&self, work: Work, holder: &InstanceUid) -> Result<(), Error> {
        let released = sqlx::query(common_statements::jobs::RELEASE)
            .bind(work.name())
            .bind(holder)
            .execute(&self.pool);
        read(released).await?;
        Ok(())
    }

    async fn sweep_chunks(
        &self,
        fence: Fence,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error> {
        let Some(mut transaction) = self.fenced(fence).await? else {
            return Ok(None);
        };
        let version = sqlx::query(
            "SELECT versions.document_uid, versions.version, documents.partition_key,
                 documents.collection_uid
             FROM versions JOIN documents ON documents.uid = versions.document_uid
             WHERE versions.sweep_after <= $1
                 AND NOT EXISTS (SELECT 1 FROM moves WHERE moves.state = 'RUNNING'
                     AND moves.document_uid = versions.document_uid)
                 AND NOT EXISTS (
                     SELECT 1 FROM uploads
                     WHERE uploads.document_uid = versions.document_uid
                         AND uploads.source_version = versions.version
                         AND uploads.state = 'RUNNING')
             ORDER BY versions.sweep_after LIMIT 1",
        )
        .bind(now)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(failed)?;
        let Some(version) = version else {
            return Ok(Some(Done::default()));
        };
        let chunks = remove_chunks(&mut transaction, &version, rows).await?;
        let mut done = Done {
            rows: chunks,
            updates: vec![],
        };
        let document = version.uid("document_uid")?;
        if chunks < u64::from(rows) {
            sqlx::query(common_statements::jobs::REMOVE_VERSION)
                .bind(document)
                .bind(version.signed("version")?)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            done.rows += 1;
        }
        let collection = version.uid("collection_uid")?;
        done.updates =
            deletions::count(&mut transaction, &document, &collection, chunks, now).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(done))
    }

    async fn advance_deletions(
        &self,
        fence: Fence,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error> {
        let Some(mut transaction) = self.fenced(fence).await? else {
            return Ok(None);
        };
        let mut done = Done::default();
        let documents = sqlx::query(common_statements::jobs::DOCUMENTS_TO_DELETE)
            .bind(i64::from(rows))
            .fetch_all(&mut *transaction)
            .await
            .map_err(failed)?;
        for document in &documents {
            let document = document.uid("uid")?;
            done.updates
                .extend(deletions::give_up(&mut transaction, &document, now).await?);
        }
        done.rows = documents.len() as u64;
        if documents.is_empty() {
            done = end_deletions(&mut transaction, now, rows).await?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(Some(done))
    }

    async fn advance_moves(
        &self,
        fence: Fence,
        now: Timestamp,
        sweep_after: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error> {
        let Some(mut transaction) = self.fenced(fence).await? else {
            return Ok(None);
        };
        let done = moves::advance(&mut transaction, now, sweep_after, rows).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(done))
    }

    async fn sweep_moves(
        &self,
        fence: Fence,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error> {
        let Some(mut transaction) = self.fenced(fence).await? else {
            return Ok(None);
        };
        let rows = moves::sweep(&mut transaction, now, rows).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(Done {
            rows,
            updates: vec![],
        }))
    }

    async fn abandon_uploads(
        &self,
        fence: Fence,
        since: Timestamp,
        now: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error> {
        let Some(mut transaction) = self.fenced(fence).await? else {
            return Ok(None);
        };
        let abandoned = sqlx::query(common_statements::jobs::ABANDONED)
            .bind(since)
            .bind(i64::from(rows))
            .fetch_all(&mut *transaction)
            .await
            .map_err(failed)?;
        let abandoned = abandoned
            .iter()
            .map(upload)
            .collect::<Result<Vec<_>, _>>()?;
        let documents = abandoned.iter().map(|upload| upload.document_uid);
        let documents = documents.collect::<Vec<_>>();
        upload_end::hold_documents(&mut transaction, &documents).await?;
        let reason = FailureReason::UploadAbandoned;
        let message = "no client resumed the upload in time";
        let updates = upload_end::fail(&mut transaction, &abandoned, reason, message, now).await?;
        for document in &documents {
            deletions::give_up_empty(&mut transaction, document, now).await?;
        }
        transaction.commit().await.map_err(failed)?;
        let rows = abandoned.len() as u64;
        Ok(Some(Done { rows, updates }))
    }

    async fn expire(
        &self,
        fence: Fence,
        before: Timestamp,
        rows: u32,
    ) -> Result<Option<Done>, Error> {
        let Some(mut transaction) = self.fenced(fence).await? else {
            return Ok(None);
        };
        let rows = expiry::forget(&mut transaction, before, rows).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(Done {
            rows,
            updates: vec![],
        }))
    }
}

impl Postgres {
    /// Begins a transaction for the holder of that fence. Returns `None` if the fence is not the newest.
    pub(super) async fn fenced(
        &self,
        fence: Fence,
    ) -> Result<Option<Transaction<'static, Driver>>, Error> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let held = sqlx::query("SELECT 1 FROM leases WHERE name = 'jobs' AND fence = $1 FOR SHARE")
            .bind(stored(fence.0))
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        Ok(held.map(|_| transaction))
    }
}

/// Removes the first chunks of a version and subtracts their size from the document. Returns the number of removed
/// chunks.
async fn remove_chunks(
    transaction: &mut Transaction<'static, Driver>,
    version: &PgRow,
    rows: u32,
) -> Result<u64, Error> {
    let document = version.uid::<DocumentUid>("document_uid")?;
    let statement = partition_table::on(
        version.small("partition_key")?,
        "WITH last AS (
             SELECT max(ordinal) AS ordinal FROM (
                 SELECT ordinal FROM chunks_pNN WHERE partition_key = key_NN AND document_uid = $1 AND version = $2
                 ORDER BY ordinal LIMIT $3) AS first),
         removed AS (
             DELETE FROM chunks_pNN WHERE partition_key = key_NN AND document_uid = $1 AND version = $2
                 AND ordinal <= (SELECT ordinal FROM last)
             RETURNING end_byte - start_byte AS text_bytes)
         SELECT count(*) AS chunks, coalesce(sum(text_bytes), 0)::bigint AS text_bytes FROM removed",
    )?;
    let removed = sqlx::query(statement)
        .bind(document)
        .bind(version.signed("version")?)
        .bind(i64::from(rows))
        .fetch_one(&mut **transaction)
        .await
        .map_err(failed)?;
    let chunks = removed.count("chunks")?;
    sqlx::query(common_statements::jobs::SUBTRACT_CHUNKS)
        .bind(stored(chunks))
        .bind(removed.signed("text_bytes")?)
        .bind(document)
        .execute(&mut **transaction)
        .await
        .map_err(failed)?;
    Ok(chunks)
}

/// Ends deletions that have neither a version nor a leftover of a move.
async fn end_deletions(
    transaction: &mut Transaction<'static, Driver>,
    now: Timestamp,
    rows: u32,
) -> Result<Done, Error> {
    let ended = sqlx::query(common_statements::jobs::END_DELETIONS)
        .bind(now)
        .bind(i64::from(rows))
        .fetch_all(&mut **transaction)
        .await
        .map_err(failed)?;
    Ok(Done {
        rows: ended.len() as u64,
        updates: operations::changed(transaction, &ended).await?,
    })
}
