//! What a batch moves besides its chunks: the upload, by compare-and-set, and what its document
//! weighs.

use sqlx::{PgConnection, PgPool};

use crate::application::ports::failure::Error;
use crate::application::ports::operations::Operation;
use crate::application::ports::uploads::Writer;
use crate::domain::ingest::batch::Batch;
use crate::infrastructure::columns::{Columns, stored};
use crate::infrastructure::postgres::attempt::read;
use crate::infrastructure::postgres::copy::Into;
use crate::infrastructure::postgres::failure::failed;
use crate::infrastructure::postgres::row::uuid;
use crate::infrastructure::rows::operation::operation;

/// Moves the upload, and says what watchers see and where the batch's rows go; none if epoch or
/// offset are not what the writer believes, or the upload is over: then roll back.
pub(super) async fn advance(
    connection: &mut PgConnection,
    writer: &Writer,
    batch: &Batch,
    now: i64,
) -> Result<Option<(Operation, Into)>, Error> {
    let checkpoint = &batch.checkpoint;
    let lengths = batch
        .chunks
        .iter()
        .map(|chunk| chunk.span.end.byte - chunk.span.start.byte);
    // The document's row first, as in every transaction: none waits in a ring.
    let moved = sqlx::query(
        "WITH upload AS (SELECT document_uid FROM uploads WHERE tenant = $1 AND uid = $2),
         weighed AS (
             UPDATE documents SET chunks = chunks + $5, text_bytes = text_bytes + $6
             FROM upload WHERE documents.uid = upload.document_uid
             RETURNING documents.partition_key),
         moved AS (
             UPDATE uploads SET committed_offset = $7, next_ordinal = $8, checkpoint = $9,
                 seq = seq + 1, updated_at = $10
             FROM weighed
             WHERE tenant = $1 AND uid = $2 AND writer_epoch = $3 AND committed_offset = $4
                 AND state = 'RUNNING'
             RETURNING uploads.*, weighed.partition_key)
         SELECT moved.*, 'UPLOAD' AS kind, next_ordinal AS chunks FROM moved",
    )
    .bind(&writer.caller.tenant)
    .bind(uuid(&writer.uid))
    .bind(stored(writer.epoch))
    .bind(stored(writer.committed_offset))
    .bind(stored(batch.chunks.len() as u64))
    .bind(stored(lengths.sum()))
    .bind(stored(checkpoint.place.position.source))
    .bind(stored(checkpoint.next_ordinal))
    .bind(checkpoint.encode())
    .bind(now)
    .fetch_optional(connection)
    .await
    .map_err(failed)?;
    let Some(moved) = moved else { return Ok(None) };
    let into = Into {
        partition: moved.small("partition_key")?,
        document: moved.uid("document_uid")?,
        version: moved.count("version")?,
    };
    Ok(Some((operation(&moved)?, into)))
}

/// What watchers see if this writer has committed that very batch.
pub(super) async fn committed(
    pool: &PgPool,
    writer: &Writer,
    batch: &Batch,
) -> Result<Option<Operation>, Error> {
    let found = sqlx::query(
        "SELECT uploads.*, 'UPLOAD' AS kind, next_ordinal AS chunks FROM uploads
         WHERE tenant = $1 AND uid = $2 AND writer_epoch = $3 AND checkpoint = $4
             AND state = 'RUNNING'",
    )
    .bind(&writer.caller.tenant)
    .bind(uuid(&writer.uid))
    .bind(stored(writer.epoch))
    .bind(batch.checkpoint.encode())
    .fetch_optional(pool);
    read(found).await?.as_ref().map(operation).transpose()
}
