//! An upload's row, with the names that belong to it.

use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::application::caller::Caller;
use crate::application::ports::clock::Uid;
use crate::application::ports::failure::Error;
use crate::application::ports::uploads::{About, Upload};
use crate::domain::name::{CollectionId, DocumentId, DocumentName};
use crate::infrastructure::sqlite::failure::failed;
use crate::infrastructure::sqlite::row;

/// The caller's upload of that uid.
pub(super) async fn upload_of(
    executor: impl SqliteExecutor<'_>,
    caller: &Caller,
    uid: &Uid,
) -> Result<Option<Upload>, Error> {
    let found = sqlx::query("SELECT * FROM upload_rows WHERE tenant = ? AND uid = ?")
        .bind(&caller.tenant)
        .bind(uid.to_vec())
        .fetch_optional(executor)
        .await
        .map_err(failed)?;
    found.as_ref().map(upload).transpose()
}

/// An upload out of its row.
pub(super) fn upload(found: &SqliteRow) -> Result<Upload, Error> {
    let collection = row::name(CollectionId::parse(&row::text(found, "collection_id")?))?;
    let document = row::name(DocumentId::parse(&row::text(found, "document_id")?))?;
    Ok(Upload {
        tenant: row::text(found, "tenant")?,
        uid: row::fixed(found, "uid")?,
        document: DocumentName {
            collection,
            document,
        },
        document_uid: row::fixed(found, "document_uid")?,
        partition: row::small(found, "partition_key")?,
        version: row::count(found, "version")?,
        source_version: row::count(found, "source_version")?,
        about: About {
            display_name: row::text(found, "display_name")?,
            media_type: row::text(found, "media_type")?,
            labels: row::json(found, "labels")?,
        },
        spec: row::json(found, "spec")?,
        state: row::state(&row::text(found, "state")?)?,
        seq: row::count(found, "seq")?,
        writer_epoch: row::count(found, "writer_epoch")?,
        committed_offset: row::count(found, "committed_offset")?,
        next_ordinal: row::count(found, "next_ordinal")?,
        checkpoint: row::bytes(found, "checkpoint")?,
        failure_reason: row::text(found, "failure_reason")?,
        failure_message: row::text(found, "failure_message")?,
        created_at: row::signed(found, "created_at")?,
        updated_at: row::signed(found, "updated_at")?,
    })
}
