//! Commits a batch: inserts its chunks, and advances the upload's offset by compare-and-set.

use sqlx::{PgConnection, PgPool};

use crate::application::commit_order::CommitTicket;
use crate::application::ports::operations::Operation;
use crate::application::ports::uploads::Writer;
use crate::application::store_error::Error;
use crate::domain::ingest::batch::Batch;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::columns::{Columns, stored};
use crate::infrastructure::postgres::chunks::{self, Into};
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::rows::operation::operation;

/// The number of times a commit is attempted if the document is moved meanwhile.
const MOVED_MAX: u32 = 3;

/// Inserts the rows, waits for the previous batch, and commits. `before` is the number of earlier attempts.
pub(super) async fn commit(
    pool: &PgPool,
    writer: &Writer,
    batch: &Batch,
    turn: &CommitTicket,
    (now, before): (Timestamp, u32),
) -> Result<Option<Operation>, Error> {
    if before > 0
        && let Some(operation) = committed(pool, writer, batch).await?
    {
        // An earlier attempt was committed, and its answer lost.
        return Ok(Some(operation));
    }
    for _ in 0..MOVED_MAX {
        let mut transaction = pool.begin().await.map_err(failed)?;
        turn.mark_begun();
        let Some(into) = place(&mut transaction, writer).await? else {
            return Ok(None);
        };
        chunks::insert(&mut transaction, into, batch).await?;
        if !turn.to_commit().await {
            return Ok(None);
        }
        let moved = advance(&mut transaction, writer, into, batch, now).await?;
        let Some((operation, partition)) = moved else {
            return Ok(None);
        };
        if partition == into.partition {
            transaction.commit().await.map_err(failed)?;
            return Ok(Some(operation));
        }
        transaction.rollback().await.map_err(failed)?;
    }
    Err(Error::Unavailable(
        "the document is moved again and again".into(),
    ))
}

/// Returns the destination of the rows, or `None` if the writer has lost the upload or the upload is past the batch.
async fn place(connection: &mut PgConnection, writer: &Writer) -> Result<Option<Into>, Error> {
    // The previous batch may not be committed yet, so the stored offset may be lower.
    let found = sqlx::query(
        "SELECT documents.partition_key, uploads.document_uid, uploads.version
         FROM uploads JOIN documents ON documents.uid = uploads.document_uid
         WHERE uploads.tenant = $1 AND uploads.uid = $2 AND writer_epoch = $3
             AND committed_offset <= $4 AND state = 'RUNNING'",
    )
    .bind(&writer.caller.tenant)
    .bind(writer.uid)
    .bind(stored(writer.epoch))
    .bind(stored(writer.committed_offset))
    .fetch_optional(connection)
    .await
    .map_err(failed)?;
    let Some(found) = found else { return Ok(None) };
    Ok(Some(Into {
        partition: found.small("partition_key")?,
        document: found.uid("document_uid")?,
        version: found.count("version")?,
    }))
}

/// Advances the upload. Returns the state for watchers, and the document's partition. `None` means that the epoch or
/// the offset differ from the writer's, or that the upload has ended; the caller then rolls back.
async fn advance(
    connection: &mut PgConnection,
    writer: &Writer,
    into: Into,
    batch: &Batch,
    now: Timestamp,
) -> Result<Option<(Operation, u32)>, Error> {
    let checkpoint = &batch.checkpoint;
    let lengths = batch
        .chunks
        .iter()
        .map(|chunk| chunk.span.end.byte - chunk.span.start.byte);
    // The document's row is locked first, as in every transaction, to avoid deadlocks.
    let moved = sqlx::query(
        "WITH weighed AS (
             UPDATE documents SET chunks = chunks + $5, text_bytes = text_bytes + $6
             WHERE uid = $11
             RETURNING partition_key),
         reserved AS (
             UPDATE versions SET reserved_bytes = quota_grant($1, reserved_bytes, $7)
             WHERE document_uid = $11 AND version = $12 AND reserved_bytes < $7),
         moved AS (
             UPDATE uploads SET committed_offset = $7, next_ordinal = $8, checkpoint = $9,
                 seq = seq + 1, updated_at = $10
             FROM weighed
             WHERE tenant = $1 AND uid = $2 AND writer_epoch = $3 AND committed_offset = $4
                 AND state = 'RUNNING'
             RETURNING uploads.*, weighed.partition_key)
         SELECT moved.*, upload_kind(source_version, import_path) AS kind,
             next_ordinal AS chunks
         FROM moved",
    )
    .bind(&writer.caller.tenant)
    .bind(writer.uid)
    .bind(stored(writer.epoch))
    .bind(stored(writer.committed_offset))
    .bind(stored(batch.chunks.len() as u64))
    .bind(stored(lengths.sum()))
    .bind(stored(checkpoint.place.position.source))
    .bind(stored(checkpoint.next_ordinal))
    .bind(checkpoint.encode())
    .bind(now)
    .bind(into.document)
    .bind(stored(into.version))
    .fetch_optional(connection)
    .await
    .map_err(failed)?;
    let Some(moved) = moved else { return Ok(None) };
    Ok(Some((operation(&moved)?, moved.small("partition_key")?)))
}

/// Returns the state for watchers if this writer has committed exactly that batch.
async fn committed(
    pool: &PgPool,
    writer: &Writer,
    batch: &Batch,
) -> Result<Option<Operation>, Error> {
    let found = sqlx::query(
        "SELECT uploads.*, upload_kind(source_version, import_path) AS kind,
             next_ordinal AS chunks
         FROM uploads
         WHERE tenant = $1 AND uid = $2 AND writer_epoch = $3 AND checkpoint = $4
             AND state = 'RUNNING'",
    )
    .bind(&writer.caller.tenant)
    .bind(writer.uid)
    .bind(stored(writer.epoch))
    .bind(batch.checkpoint.encode())
    .fetch_optional(pool)
    .await
    .map_err(failed)?;
    found.as_ref().map(operation).transpose()
}
