//! Stores a batch of an upload and its checkpoint in SQLite.

use sqlx::SqliteConnection;

use crate::application::ports::operations::Operation;
use crate::application::ports::uploads::Writer;
use crate::application::store_error::Error;
use crate::domain::ingest::batch::Batch;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::columns::{damaged, stored};
use crate::infrastructure::sqlite::chunks::{self, Into};
use crate::infrastructure::sqlite::error::failed;
use crate::infrastructure::sqlite::quotas;
use crate::infrastructure::sqlite::upload_row::upload_of;

/// Stores a batch and its checkpoint. Returns `None` and stores nothing if the upload is not in its writer's state.
pub(super) async fn store(
    connection: &mut SqliteConnection,
    writer: &Writer,
    batch: &Batch,
    now: Timestamp,
) -> Result<Option<Operation>, Error> {
    let checkpoint = &batch.checkpoint;
    let moved = sqlx::query(
        "UPDATE uploads SET committed_offset = ?, next_ordinal = ?, checkpoint = ?,
             seq = seq + 1, updated_at = ?
         WHERE tenant = ? AND uid = ? AND writer_epoch = ? AND committed_offset = ?
             AND state = 'RUNNING'",
    )
    .bind(stored(checkpoint.place.position.source))
    .bind(stored(checkpoint.next_ordinal))
    .bind(checkpoint.encode())
    .bind(now)
    .bind(&writer.caller.tenant)
    .bind(writer.uid)
    .bind(stored(writer.epoch))
    .bind(stored(writer.committed_offset))
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    if moved.rows_affected() == 0 {
        return Ok(None);
    }
    let upload = upload_of(&mut *connection, &writer.caller, &writer.uid).await?;
    let upload = upload.ok_or_else(|| damaged("an upload that was moved"))?;
    let into = Into {
        partition: upload.partition,
        document: upload.document_uid,
        version: upload.version,
    };
    let source_bytes = checkpoint.place.position.source;
    quotas::reserve(connection, &into.document, source_bytes).await?;
    chunks::insert(connection, into, batch).await?;
    chunks::weigh(connection, &upload.document_uid, batch).await?;
    Ok(Some(upload.operation()))
}
