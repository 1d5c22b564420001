//! Writes the end of an upload: a new current version and its change, or a version to sweep.

use sqlx::{PgConnection, PgPool};

use crate::application::caller::Caller;
use crate::application::ports::documents::Metadata;
use crate::application::ports::operations::Operation;
use crate::application::ports::uploads::{Upload, UploadEnd, Writer};
use crate::application::store_error::Error;
use crate::domain::ingest::checkpoint::ENGINE_VERSION;
use crate::domain::ingest::engine::Summary;
use crate::domain::names::uid::{CollectionUid, DocumentUid, OperationUid};
use crate::domain::operation::failure::{Failure, FailureReason};
use crate::domain::operation::state::State;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::columns::{Columns, stored};
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::upload_row::upload_of;
use crate::infrastructure::rows::operation::operation;
use crate::infrastructure::rows::upload::upload;

/// Locks the row of an upload's document until the end of the transaction, before the upload's own row.
pub(super) async fn hold_document(
    connection: &mut PgConnection,
    caller: &Caller,
    uid: &OperationUid,
) -> Result<(), Error> {
    sqlx::query(
        "SELECT 1 FROM documents
         WHERE uid = (SELECT document_uid FROM uploads WHERE tenant = $1 AND uid = $2)
         FOR NO KEY UPDATE",
    )
    .bind(&caller.tenant)
    .bind(uid)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// The same for several documents.
pub(super) async fn hold_documents(
    connection: &mut PgConnection,
    documents: &[DocumentUid],
) -> Result<(), Error> {
    sqlx::query("SELECT 1 FROM documents WHERE uid = ANY($1) ORDER BY uid FOR NO KEY UPDATE")
        .bind(documents)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Ends the upload's row. Returns `false` if the writer is not the newest, or the upload has ended.
pub(super) async fn end(
    connection: &mut PgConnection,
    writer: &Writer,
    end: &UploadEnd,
    now: Timestamp,
) -> Result<bool, Error> {
    let (state, reason, message, summary) = match end {
        UploadEnd::Succeeded(summary) => (State::Succeeded, "", "", Some(summary)),
        UploadEnd::Failed(Failure { reason, message }) => {
            (State::Failed, reason.name(), message.as_str(), None)
        }
    };
    let ended = sqlx::query(common_statements::upload_end::END)
        .bind(state.name())
        .bind(reason)
        .bind(message)
        .bind(summary.map(|summary| stored(summary.end.source)))
        .bind(summary.map(|summary| summary.source_sha256.to_vec()))
        .bind(now)
        .bind(&writer.caller.tenant)
        .bind(writer.uid)
        .bind(stored(writer.epoch))
        .bind(stored(writer.committed_offset))
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(ended.rows_affected() == 1)
}

/// Returns the state for watchers if this writer has ended the upload with the same state.
pub(super) async fn ended(
    pool: &PgPool,
    writer: &Writer,
    end: &UploadEnd,
) -> Result<Option<Operation>, Error> {
    let state = match end {
        UploadEnd::Succeeded(_) => State::Succeeded,
        UploadEnd::Failed(_) => State::Failed,
    };
    let upload = upload_of(pool, &writer.caller, &writer.uid).await?;
    let is_ours = |upload: &Upload| upload.writer_epoch == writer.epoch && upload.state == state;
    Ok(upload.filter(is_ours).map(|upload| upload.operation()))
}

/// Stores the totals of a complete version.
pub(super) async fn complete(
    connection: &mut PgConnection,
    upload: &Upload,
    summary: &Summary,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(common_statements::upload_end::COMPLETE)
        .bind(now)
        .bind(stored(summary.chunks))
        .bind(stored(summary.end.source))
        .bind(stored(summary.end.byte))
        .bind(stored(summary.end.character))
        .bind(stored(summary.end.line))
        .bind(summary.source_sha256.to_vec())
        .bind(summary.charset.name())
        .bind(i64::from(ENGINE_VERSION))
        .bind(upload.document_uid)
        .bind(stored(upload.version))
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Makes a complete version current, with the metadata that the upload sent. Marks the previous version for removal.
pub(super) async fn make_current(
    connection: &mut PgConnection,
    upload: &Upload,
    now: Timestamp,
    sweep_after: Timestamp,
) -> Result<(), Error> {
    let before = sqlx::query(common_statements::upload_end::CURRENT_VERSION)
        .bind(upload.document_uid)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let before = before.version_if_any("current_version")?;
    sqlx::query(common_statements::upload_end::MAKE_CURRENT)
        .bind(now)
        .bind(upload.document_uid)
        .bind(upload.uid)
        .bind(Metadata::MEDIA_TYPE)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    if let Some(before) = before {
        sweep(connection, &upload.document_uid, before, sweep_after).await?;
    }
    record_change(
        connection,
        &upload.document_uid,
        before,
        Some(upload.version),
        now,
    )
    .await
}

/// Marks the chunks of a version for removal from `sweep_after` on.
pub(super) async fn sweep(
    connection: &mut PgConnection,
    document: &DocumentUid,
    version: u64,
    sweep_after: Timestamp,
) -> Result<(), Error> {
    sqlx::query(common_statements::upload_end::SWEEP)
        .bind(sweep_after)
        .bind(document)
        .bind(stored(version))
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Adds a change of a document to the changes of its collection.
pub(super) async fn record_change(
    connection: &mut PgConnection,
    document: &DocumentUid,
    before: Option<u64>,
    after: Option<u64>,
    now: Timestamp,
) -> Result<(), Error> {
    // The collection's row stays locked until the commit, so changes are numbered in the order of their commits.
    sqlx::query(common_statements::upload_end::NUMBER_CHANGE)
        .bind(document)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    sqlx::query(common_statements::upload_end::ADD_CHANGE)
        .bind(before.map_or(0, stored))
        .bind(after.map_or(0, stored))
        .bind(now)
        .bind(document)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Fails the running uploads of a document, and returns their last states.
pub(super) async fn fail_running(
    connection: &mut PgConnection,
    document: &DocumentUid,
    reason: FailureReason,
    message: &'static str,
    now: Timestamp,
) -> Result<Vec<Operation>, Error> {
    let running = running(&mut *connection, document).await?;
    fail(connection, &running, reason, message, now).await
}

/// Fails the running uploads of a document that would set a field of `metadata`, and returns their last states.
pub(super) async fn fail_overlapping(
    connection: &mut PgConnection,
    document: &DocumentUid,
    metadata: &Metadata,
    now: Timestamp,
) -> Result<Vec<Operation>, Error> {
    let mut overlapping = running(&mut *connection, document).await?;
    overlapping.retain(|upload| upload.metadata.overlaps(metadata));
    let reason = FailureReason::MetadataChanged;
    let message = "the document's metadata was changed; upload it again";
    fail(connection, &overlapping, reason, message, now).await
}

/// Returns the running uploads of a document.
async fn running(
    connection: &mut PgConnection,
    document: &DocumentUid,
) -> Result<Vec<Upload>, Error> {
    let running =
        sqlx::query("SELECT * FROM upload_rows WHERE document_uid = $1 AND state = 'RUNNING'")
            .bind(document)
            .fetch_all(connection)
            .await
            .map_err(failed)?;
    running.iter().map(upload).collect()
}

/// Fails the running uploads of a collection, and returns their last states.
pub(super) async fn fail_running_in(
    connection: &mut PgConnection,
    collection: &CollectionUid,
    now: Timestamp,
) -> Result<Vec<Operation>, Error> {
    let running = sqlx::query(common_statements::upload_end::RUNNING_IN_COLLECTION)
        .bind(collection)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    let running = running.iter().map(upload).collect::<Result<Vec<_>, _>>()?;
    let reason = FailureReason::DocumentDeleted;
    let message = "the document's collection was deleted";
    fail(connection, &running, reason, message, now).await
}

/// Fails running uploads of any writer, and returns their last states. An upload that has ended meanwhile is left
/// unchanged.
pub(super) async fn fail(
    connection: &mut PgConnection,
    running: &[Upload],
    reason: FailureReason,
    message: &'static str,
    now: Timestamp,
) -> Result<Vec<Operation>, Error> {
    let mut operations = Vec::new();
    for upload in running {
        let failed_row = sqlx::query(
            "UPDATE uploads SET state = 'FAILED', failure_reason = $1, failure_message = $2,
                 seq = seq + 1, updated_at = $3
             WHERE tenant = $4 AND uid = $5 AND state = 'RUNNING'
             RETURNING uploads.*, upload_kind(source_version, import_path) AS kind, next_ordinal AS chunks",
        )
        .bind(reason.name())
        .bind(message)
        .bind(now)
        .bind(&upload.tenant)
        .bind(upload.uid)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
        if let Some(row) = failed_row {
            sweep(connection, &upload.document_uid, upload.version, now).await?;
            operations.push(operation(&row)?);
        }
    }
    Ok(operations)
}
