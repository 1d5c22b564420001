//! Uploads in SQLite.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use crate::application::caller::Caller;
use crate::application::ports::clock::{Timestamp, Uid};
use crate::application::ports::failure::Error;
use crate::application::ports::operations::Operation;
use crate::application::ports::state::State;
use crate::application::ports::uploads::{End, NewUpload, Started, Upload, Uploads, Writer};
use crate::application::stored_spec::StoredSpec;
use crate::domain::ingest::batch::Batch;
use crate::domain::ingest::machine::Summary;
use crate::domain::partition;
use crate::infrastructure::sqlite::chunks::{self, Into};
use crate::infrastructure::sqlite::connection::Sqlite;
use crate::infrastructure::sqlite::failure::failed;
use crate::infrastructure::sqlite::row::{self, stored};
use crate::infrastructure::sqlite::upload_row::{upload, upload_by_uid, upload_of};

/// Takes the write lock at once: a transaction that reads first could fail when it writes.
const BEGIN: &str = "BEGIN IMMEDIATE";

#[async_trait]
impl Uploads for Sqlite {
    async fn start_upload(&self, caller: &Caller, new: &NewUpload) -> Result<Started, Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        if let Some(known) = upload_of(&mut *transaction, caller, &new.uid).await? {
            let is_same = known.document == new.document;
            return Ok(if is_same {
                Started::Upload(Box::new(known), vec![])
            } else {
                Started::OtherDocument
            });
        }
        let Some((collection, spec)) = collection_of(&mut transaction, caller, new).await? else {
            return Ok(Started::NoCollection);
        };
        let document = document_of(&mut transaction, caller, new, &collection).await?;
        let superseded = supersede(&mut transaction, caller, &document, new.now).await?;
        insert_upload(&mut transaction, caller, new, &document, &spec).await?;
        let upload = upload_of(&mut *transaction, caller, &new.uid).await?;
        transaction.commit().await.map_err(failed)?;
        let upload = upload.ok_or_else(|| row::damaged("an upload that was inserted"))?;
        Ok(Started::Upload(Box::new(upload), superseded))
    }

    async fn attach_upload(&self, caller: &Caller, uid: &Uid) -> Result<Option<Upload>, Error> {
        // Read in the same transaction: two writers that attach at once have two epochs.
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        sqlx::query(
            "UPDATE uploads SET writer_epoch = writer_epoch + 1
             WHERE tenant = ? AND uid = ? AND state = 'UPLOADING'",
        )
        .bind(&caller.tenant)
        .bind(uid.to_vec())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        let attached = upload_of(&mut *transaction, caller, uid).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(attached)
    }

    async fn upload(&self, caller: &Caller, uid: &Uid) -> Result<Option<Upload>, Error> {
        upload_of(&self.readers, caller, uid).await
    }

    async fn newest_upload(
        &self,
        caller: &Caller,
        document: &Uid,
    ) -> Result<Option<Upload>, Error> {
        let found = sqlx::query(
            "SELECT uploads.*, documents.document_id, documents.partition_key, collections.collection_id
             FROM uploads
             JOIN documents ON documents.uid = uploads.document_uid
             JOIN collections ON collections.uid = documents.collection_uid
             WHERE uploads.tenant = ? AND uploads.document_uid = ?
             ORDER BY uploads.version DESC LIMIT 1",
        )
        .bind(&caller.tenant)
        .bind(document.to_vec())
        .fetch_optional(&self.readers)
        .await
        .map_err(failed)?;
        found.as_ref().map(upload).transpose()
    }

    async fn commit_batch(
        &self,
        writer: Writer,
        batch: &Batch,
        now: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        let checkpoint = &batch.checkpoint;
        let moved = sqlx::query(
            "UPDATE uploads SET committed_offset = ?, next_ordinal = ?, checkpoint = ?,
                 seq = seq + 1, updated_at = ?
             WHERE uid = ? AND writer_epoch = ? AND committed_offset = ? AND state = 'UPLOADING'",
        )
        .bind(stored(checkpoint.place.position.source))
        .bind(stored(checkpoint.next_ordinal))
        .bind(checkpoint.encode())
        .bind(now)
        .bind(writer.uid.to_vec())
        .bind(stored(writer.epoch))
        .bind(stored(writer.committed_offset))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        if moved.rows_affected() == 0 {
            return Ok(None);
        }
        let upload = upload_by_uid(&mut *transaction, &writer.uid).await?;
        let into = Into {
            partition: upload.partition,
            document: upload.document_uid,
            version: upload.version,
        };
        chunks::insert(&mut transaction, into, batch).await?;
        weigh(&mut transaction, &upload.document_uid, batch).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(upload.operation()))
    }

    async fn end_upload(
        &self,
        writer: Writer,
        end: End,
        now: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        let (state, reason, message) = match &end {
            End::Succeeded(_) => (State::Succeeded, "", ""),
            End::Failed { reason, message } => (State::Failed, *reason, message.as_str()),
        };
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(failed)?;
        let ended = sqlx::query(
            "UPDATE uploads SET state = ?, failure_reason = ?, failure_message = ?,
                 committed_offset = coalesce(?, committed_offset), seq = seq + 1, updated_at = ?
             WHERE uid = ? AND writer_epoch = ? AND committed_offset = ? AND state = 'UPLOADING'",
        )
        .bind(state.name())
        .bind(reason)
        .bind(message)
        .bind(match &end {
            End::Succeeded(summary) => Some(stored(summary.end.source)),
            End::Failed { .. } => None,
        })
        .bind(now)
        .bind(writer.uid.to_vec())
        .bind(stored(writer.epoch))
        .bind(stored(writer.committed_offset))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        if ended.rows_affected() == 0 {
            return Ok(None);
        }
        let upload = upload_by_uid(&mut *transaction, &writer.uid).await?;
        if let End::Succeeded(summary) = &end {
            make_current(&mut transaction, &upload, summary, now).await?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(Some(upload.operation()))
    }

    async fn cancel_upload(
        &self,
        caller: &Caller,
        uid: &Uid,
        now: Timestamp,
    ) -> Result<Option<Operation>, Error> {
        let cancelled = sqlx::query(
            "UPDATE uploads SET state = 'CANCELLED', seq = seq + 1, updated_at = ?
             WHERE tenant = ? AND uid = ? AND state = 'UPLOADING'",
        )
        .bind(now)
        .bind(&caller.tenant)
        .bind(uid.to_vec())
        .execute(&self.writer)
        .await
        .map_err(failed)?;
        if cancelled.rows_affected() == 0 {
            return Ok(None);
        }
        Ok(upload_of(&self.writer, caller, uid)
            .await?
            .map(|upload| upload.operation()))
    }
}

/// The collection's uid, and the spec: the upload's own or the collection's.
async fn collection_of(
    connection: &mut SqliteConnection,
    caller: &Caller,
    new: &NewUpload,
) -> Result<Option<(Uid, StoredSpec)>, Error> {
    let found =
        sqlx::query("SELECT uid, spec FROM collections WHERE tenant = ? AND collection_id = ?")
            .bind(&caller.tenant)
            .bind(new.document.collection.as_str())
            .fetch_optional(connection)
            .await
            .map_err(failed)?;
    let Some(found) = found else { return Ok(None) };
    let spec = match &new.spec {
        Some(spec) => spec.clone(),
        None => row::json(&found, "spec")?,
    };
    Ok(Some((row::fixed(&found, "uid")?, spec)))
}

/// The document's uid; makes it, in the lighter of its two partitions, if it is new.
async fn document_of(
    connection: &mut SqliteConnection,
    caller: &Caller,
    new: &NewUpload,
    collection: &Uid,
) -> Result<Uid, Error> {
    let [a, b] = partition::candidates(&new.document_uid);
    sqlx::query(
        "INSERT INTO documents (uid, tenant, collection_uid, document_id, display_name, media_type,
             labels, partition_key, candidate_a, candidate_b, created_at, updated_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7,
             CASE WHEN
                 (SELECT count(*) + coalesce(sum(chunks), 0) FROM documents WHERE partition_key = ?8)
                 <= (SELECT count(*) + coalesce(sum(chunks), 0) FROM documents WHERE partition_key = ?9)
             THEN ?8 ELSE ?9 END,
             ?8, ?9, ?10, ?10
         WHERE true
         ON CONFLICT (tenant, collection_uid, document_id) DO UPDATE SET
             display_name = excluded.display_name, media_type = excluded.media_type,
             labels = excluded.labels, updated_at = excluded.updated_at",
    )
    .bind(new.document_uid.to_vec())
    .bind(&caller.tenant)
    .bind(collection.to_vec())
    .bind(new.document.document.as_str())
    .bind(&new.display_name)
    .bind(&new.media_type)
    .bind(row::to_json(&new.labels)?)
    .bind(a)
    .bind(b)
    .bind(new.now)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    let found = sqlx::query(
        "UPDATE documents SET latest_version = latest_version + 1
         WHERE tenant = ? AND collection_uid = ? AND document_id = ? RETURNING uid",
    )
    .bind(&caller.tenant)
    .bind(collection.to_vec())
    .bind(new.document.document.as_str())
    .fetch_one(connection)
    .await
    .map_err(failed)?;
    row::fixed(&found, "uid")
}

/// Fails the unfinished uploads of a document, and returns their last states.
async fn supersede(
    connection: &mut SqliteConnection,
    caller: &Caller,
    document: &Uid,
    now: Timestamp,
) -> Result<Vec<Operation>, Error> {
    let superseded = sqlx::query(
        "UPDATE uploads SET state = 'FAILED', failure_reason = 'UPLOAD_SUPERSEDED',
             failure_message = 'a newer upload of the same document was started',
             seq = seq + 1, updated_at = ?
         WHERE tenant = ? AND document_uid = ? AND state = 'UPLOADING' RETURNING uid",
    )
    .bind(now)
    .bind(&caller.tenant)
    .bind(document.to_vec())
    .fetch_all(&mut *connection)
    .await
    .map_err(failed)?;
    let mut operations = Vec::new();
    for found in &superseded {
        let uid = row::fixed(found, "uid")?;
        operations.push(upload_by_uid(&mut *connection, &uid).await?.operation());
    }
    Ok(operations)
}

async fn insert_upload(
    connection: &mut SqliteConnection,
    caller: &Caller,
    new: &NewUpload,
    document: &Uid,
    spec: &StoredSpec,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO uploads (uid, tenant, document_uid, version, spec, state, created_at, updated_at)
         SELECT ?1, ?2, uid, latest_version, ?3, 'UPLOADING', ?4, ?4 FROM documents WHERE uid = ?5",
    )
    .bind(new.uid.to_vec())
    .bind(&caller.tenant)
    .bind(row::to_json(spec)?)
    .bind(new.now)
    .bind(document.to_vec())
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Adds what a batch weighs to its document.
async fn weigh(
    connection: &mut SqliteConnection,
    document: &Uid,
    batch: &Batch,
) -> Result<(), Error> {
    let spans = batch
        .chunks
        .iter()
        .map(|chunk| chunk.span.end.byte - chunk.span.start.byte);
    sqlx::query(
        "UPDATE documents SET chunks = chunks + ?, text_bytes = text_bytes + ? WHERE uid = ?",
    )
    .bind(stored(batch.chunks.len() as u64))
    .bind(stored(spans.sum()))
    .bind(document.to_vec())
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Makes a complete version current, unless a newer one is already.
async fn make_current(
    connection: &mut SqliteConnection,
    upload: &Upload,
    summary: &Summary,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO versions (document_uid, version, chunks, source_bytes, text_bytes, characters,
             lines, source_sha256, completed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(upload.document_uid.to_vec())
    .bind(stored(upload.version))
    .bind(stored(summary.chunks))
    .bind(stored(summary.end.source))
    .bind(stored(summary.end.byte))
    .bind(stored(summary.end.character))
    .bind(stored(summary.end.line))
    .bind(summary.source_sha256.to_vec())
    .bind(now)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    sqlx::query("UPDATE documents SET current_version = max(current_version, ?), updated_at = ? WHERE uid = ?")
        .bind(stored(upload.version))
        .bind(now)
        .bind(upload.document_uid.to_vec())
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}
