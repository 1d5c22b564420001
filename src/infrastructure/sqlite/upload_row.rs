//! An upload's row, with the names that belong to it.

use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::application::caller::Caller;
use crate::application::ports::clock::Uid;
use crate::application::ports::failure::Error;
use crate::application::ports::state::State;
use crate::application::ports::uploads::Upload;
use crate::domain::name::{CollectionId, DocumentId, DocumentName};
use crate::infrastructure::sqlite::failure::failed;
use crate::infrastructure::sqlite::row;

/// The caller's upload of that uid.
pub(super) async fn upload_of(
    executor: impl SqliteExecutor<'_>,
    caller: &Caller,
    uid: &Uid,
) -> Result<Option<Upload>, Error> {
    let found = sqlx::query(
        "SELECT uploads.*, documents.document_id, documents.partition_key, collections.collection_id
         FROM uploads
         JOIN documents ON documents.uid = uploads.document_uid
         JOIN collections ON collections.uid = documents.collection_uid
         WHERE uploads.tenant = ? AND uploads.uid = ?",
    )
    .bind(&caller.tenant)
    .bind(uid.to_vec())
    .fetch_optional(executor)
    .await
    .map_err(failed)?;
    found.as_ref().map(upload).transpose()
}

/// The upload of a writer, whose tenant was checked when it attached.
pub(super) async fn upload_by_uid(
    executor: impl SqliteExecutor<'_>,
    uid: &Uid,
) -> Result<Upload, Error> {
    let found = sqlx::query(
        "SELECT uploads.*, documents.document_id, documents.partition_key, collections.collection_id
         FROM uploads
         JOIN documents ON documents.uid = uploads.document_uid
         JOIN collections ON collections.uid = documents.collection_uid
         WHERE uploads.uid = ?",
    )
    .bind(uid.to_vec())
    .fetch_one(executor)
    .await
    .map_err(failed)?;
    upload(&found)
}

/// An upload out of its row.
pub(super) fn upload(found: &SqliteRow) -> Result<Upload, Error> {
    let collection = row::name(CollectionId::parse(&row::text(found, "collection_id")?))?;
    let document = row::name(DocumentId::parse(&row::text(found, "document_id")?))?;
    Ok(Upload {
        uid: row::fixed(found, "uid")?,
        document: DocumentName {
            collection,
            document,
        },
        document_uid: row::fixed(found, "document_uid")?,
        partition: row::small(found, "partition_key")?,
        version: row::count(found, "version")?,
        spec: row::json(found, "spec")?,
        state: state(&row::text(found, "state")?)?,
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

fn state(name: &str) -> Result<State, Error> {
    let states = [
        State::Uploading,
        State::Succeeded,
        State::Failed,
        State::Cancelled,
    ];
    let state = states.into_iter().find(|state| state.name() == name);
    state.ok_or_else(|| row::damaged("a state"))
}
