//! Deletions in PostgreSQL: the operations that remain of deleted documents and collections.

use sqlx::PgConnection;

use crate::application::caller::Caller;
use crate::application::ports::collections::{Deleted, Deletion};
use crate::application::ports::operations::Operation;
use crate::application::store_error::Error;
use crate::domain::names::uid::{CollectionUid, DocumentUid};
use crate::domain::operation::failure::FailureReason;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::columns::stored;
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::error::failed;
use crate::infrastructure::postgres::upload_end;
use crate::infrastructure::postgres::{moves, operations};
use crate::infrastructure::rows::deletion::{self, DeletionTarget};

/// Returns the answer to an earlier request with the same uid, or `None` if the uid is new.
pub(super) async fn known(
    connection: &mut PgConnection,
    caller: &Caller,
    asked: &Deletion,
) -> Result<Option<Deleted>, Error> {
    let sent = &asked.request_sha256;
    match operations::is_repeated(&mut *connection, caller, &asked.uid, sent).await? {
        None => Ok(None),
        Some(false) => Ok(Some(Deleted::OtherRequest)),
        Some(true) => {
            let known = operations::of(connection, &caller.tenant, &asked.uid).await?;
            Ok(Some(Deleted::Operation(Box::new(known), vec![])))
        }
    }
}

/// Stores the deletion as an operation.
pub(super) async fn insert(
    connection: &mut PgConnection,
    caller: &Caller,
    asked: &Deletion,
    target: DeletionTarget,
) -> Result<Operation, Error> {
    sqlx::query(common_statements::deletions::INSERT)
        .bind(&caller.tenant)
        .bind(asked.uid)
        .bind(target.name.to_string())
        .bind(target.document)
        .bind(target.collection)
        .bind(asked.now)
        .bind(asked.request_sha256.to_vec())
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(deletion::begun(caller, asked, target))
}

/// Removes a document's name, fails its uploads and moves, and marks all its chunks for removal.
pub(super) async fn give_up(
    connection: &mut PgConnection,
    document: &DocumentUid,
    now: Timestamp,
) -> Result<Vec<Operation>, Error> {
    sqlx::query(common_statements::deletions::DELETE_DOCUMENT)
        .bind(now)
        .bind(document)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    let reason = FailureReason::DocumentDeleted;
    let message = "the document was deleted";
    let mut ended = upload_end::fail_running(connection, document, reason, message, now).await?;
    ended.extend(moves::give_up(connection, document, now).await?);
    sqlx::query(common_statements::deletions::SWEEP_DOCUMENT)
        .bind(now)
        .bind(document)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(ended)
}

/// Deletes a document that is empty: it never had a version, and no running upload creates one.
pub(super) async fn give_up_empty(
    connection: &mut PgConnection,
    document: &DocumentUid,
    now: Timestamp,
) -> Result<(), Error> {
    let is_empty = sqlx::query(
        "SELECT 1 FROM documents
         WHERE uid = $1 AND current_version = 0 AND deleted_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM uploads WHERE document_uid = $1 AND state = 'RUNNING')",
    )
    .bind(document)
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed)?;
    if is_empty.is_some() {
        // A move of the document ends too. The move's row notifies its watchers.
        give_up(connection, document, now).await?;
    }
    Ok(())
}

/// Adds removed chunks to the count of the deletion that removed them, if one did.
pub(super) async fn count(
    connection: &mut PgConnection,
    document: &DocumentUid,
    collection: &CollectionUid,
    chunks: u64,
    now: Timestamp,
) -> Result<Vec<Operation>, Error> {
    let counted = sqlx::query(common_statements::deletions::COUNT)
        .bind(stored(chunks))
        .bind(now)
        .bind(document)
        .bind(collection)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    operations::changed(connection, &counted).await
}
