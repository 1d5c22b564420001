//! Moves in SQLite: copy the chunks, switch the document's partition, remove the leftover chunks.
//!
//! Until the last copy is made, all readers and writers use the old partition. An interrupted copy resumes at its
//! cursor. Uploads never write before the cursor: each version is written in order, and only the newest version is
//! written at all.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::application::caller::Caller;
use crate::application::ports::jobs::Done;
use crate::application::ports::operations::Operation;
use crate::application::ports::partitions::{Move, Moved};
use crate::application::store_error::Error;
use crate::domain::names::uid::DocumentUid;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::columns::{Columns, stored};
use crate::infrastructure::common_statements;
use crate::infrastructure::rows::copies::cursor_after;
use crate::infrastructure::sqlite::error::failed;
use crate::infrastructure::sqlite::operations;

/// Returns the answer to an earlier request with the same uid, or `None` if the uid is new.
pub(super) async fn known(
    connection: &mut SqliteConnection,
    caller: &Caller,
    asked: &Move,
) -> Result<Option<Moved>, Error> {
    let sent = &asked.request_sha256;
    match operations::is_repeated(&mut *connection, caller, &asked.uid, sent).await? {
        None => Ok(None),
        Some(false) => Ok(Some(Moved::OtherRequest)),
        Some(true) => {
            let known = operations::of(connection, &caller.tenant, &asked.uid).await?;
            Ok(Some(Moved::Operation(Box::new(known))))
        }
    }
}

/// Stores the move as an operation, unless another move of the document is pending.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    caller: &Caller,
    asked: &Move,
    document: &DocumentUid,
    target: &str,
) -> Result<Moved, Error> {
    let inserted = sqlx::query(
        "INSERT INTO moves (tenant, uid, target, document_uid, collection_uid, from_partition,
             to_partition, state, created_at, updated_at, request_sha256)
         SELECT tenant, ?1, ?2, uid, collection_uid, partition_key,
             candidate_a + candidate_b - partition_key, 'RUNNING', ?3, ?3, ?6
         FROM documents WHERE tenant = ?4 AND uid = ?5
         ON CONFLICT (document_uid) WHERE state = 'RUNNING' OR leftover_partition IS NOT NULL
         DO NOTHING",
    )
    .bind(asked.uid)
    .bind(target)
    .bind(asked.now)
    .bind(&caller.tenant)
    .bind(document)
    .bind(asked.request_sha256.to_vec())
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    if inserted.rows_affected() == 0 {
        return Ok(Moved::Pending);
    }
    let operation = operations::of(connection, &caller.tenant, &asked.uid).await?;
    Ok(Moved::Operation(Box::new(operation)))
}

/// Resumes the oldest running move: copies its next chunks, and ends the move after the last one.
pub(super) async fn advance(
    connection: &mut SqliteConnection,
    now: Timestamp,
    sweep_after: Timestamp,
    rows: u32,
) -> Result<Done, Error> {
    let running = sqlx::query(common_statements::moves::RUNNING)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    let Some(running) = running else {
        return Ok(Done::default());
    };
    let copied = copy(connection, &running, rows).await?;
    count(connection, &running, &copied, now).await?;
    if (copied.len() as u64) < u64::from(rows) {
        if turn(connection, &running).await? {
            succeed(connection, &running, sweep_after).await?;
        } else {
            fail(connection, &running, now).await?;
        }
    }
    Ok(Done {
        // The move's own row counts too: finding no more chunks is progress.
        rows: copied.len() as u64 + 1,
        updates: operations::changed(connection, &[running]).await?,
    })
}

/// Copies the next chunks after the cursor. Returns rows with their versions and ordinals.
async fn copy(
    connection: &mut SqliteConnection,
    running: &SqliteRow,
    rows: u32,
) -> Result<Vec<SqliteRow>, Error> {
    sqlx::query(
        "INSERT INTO chunks (partition_key, document_uid, version, ordinal,
             start_byte, start_character, start_line, start_source,
             end_byte, end_character, end_line, end_source, sha256, key, kind, flags, context,
             sections, parents, tokens, record, text)
         SELECT ?1, document_uid, version, ordinal,
             start_byte, start_character, start_line, start_source,
             end_byte, end_character, end_line, end_source, sha256, key, kind, flags, context,
             sections, parents, tokens, record, text
         FROM chunks
         WHERE partition_key = ?2 AND document_uid = ?3 AND (version, ordinal) >= (?4, ?5)
         ORDER BY version, ordinal LIMIT ?6
         RETURNING version, ordinal",
    )
    .bind(running.small("to_partition")?)
    .bind(running.small("from_partition")?)
    .bind(running.bytes("document_uid")?)
    .bind(running.signed("copied_version")?)
    .bind(running.signed("copied_ordinal")?)
    .bind(rows)
    .fetch_all(connection)
    .await
    .map_err(failed)
}

/// Moves the cursor past the copied chunks, and counts them.
async fn count(
    connection: &mut SqliteConnection,
    running: &SqliteRow,
    copied: &[SqliteRow],
    now: Timestamp,
) -> Result<(), Error> {
    let cursor = cursor_after(running, copied)?;
    sqlx::query(common_statements::moves::COUNT)
        .bind(cursor.version)
        .bind(cursor.ordinal)
        .bind(stored(copied.len() as u64))
        .bind(now)
        .bind(running.text("tenant")?)
        .bind(running.bytes("uid")?)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Switches the document to the partition of its copies. Returns `false` if there are not as many copies as chunks.
async fn turn(connection: &mut SqliteConnection, running: &SqliteRow) -> Result<bool, Error> {
    let turned = sqlx::query(common_statements::moves::TURN)
        .bind(running.text("tenant")?)
        .bind(running.bytes("uid")?)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(turned.rows_affected() == 1)
}

/// Ends a move whose document has switched. The leftover chunks can still be read until `sweep_after`.
async fn succeed(
    connection: &mut SqliteConnection,
    running: &SqliteRow,
    sweep_after: Timestamp,
) -> Result<(), Error> {
    sqlx::query(common_statements::moves::SUCCEED)
        .bind(sweep_after)
        .bind(running.text("tenant")?)
        .bind(running.bytes("uid")?)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Fails a move with missing copies. The document stays in its old partition.
async fn fail(
    connection: &mut SqliteConnection,
    running: &SqliteRow,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(common_statements::moves::FAIL)
        .bind(now)
        .bind(running.text("tenant")?)
        .bind(running.bytes("uid")?)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Fails the moves of a document that is deleted, and returns their last states. All their leftover chunks may be
/// removed at once.
pub(super) async fn give_up(
    connection: &mut SqliteConnection,
    document: &DocumentUid,
    now: Timestamp,
) -> Result<Vec<Operation>, Error> {
    sqlx::query(common_statements::moves::ADVANCE_SWEEP)
        .bind(now)
        .bind(document)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    let failed_moves = sqlx::query(common_statements::moves::GIVE_UP)
        .bind(now)
        .bind(document)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    operations::changed(connection, &failed_moves).await
}

/// Removes the first leftover chunks of one move, and never those in the document's current partition. Returns the
/// number of changed rows.
pub(super) async fn sweep(
    connection: &mut SqliteConnection,
    now: Timestamp,
    rows: u32,
) -> Result<u64, Error> {
    let left = sqlx::query(common_statements::moves::LEFTOVER)
        .bind(now)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    let Some(left) = left else { return Ok(0) };
    let removed = remove_chunks(connection, &left, rows).await?;
    if removed == u64::from(rows) {
        return Ok(removed);
    }
    sqlx::query(common_statements::moves::SWEPT)
        .bind(left.text("tenant")?)
        .bind(left.bytes("uid")?)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(removed + 1)
}

/// Removes the first leftover chunks of a move. Returns their number.
async fn remove_chunks(
    connection: &mut SqliteConnection,
    left: &SqliteRow,
    rows: u32,
) -> Result<u64, Error> {
    let partition = left.small("leftover_partition")?;
    let document = left.bytes("document_uid")?;
    let last = sqlx::query(
        "SELECT version, ordinal FROM chunks WHERE partition_key = ? AND document_uid = ?
         ORDER BY version, ordinal LIMIT 1 OFFSET ?",
    )
    .bind(partition)
    .bind(&document)
    .bind(rows.saturating_sub(1))
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed)?;
    let (version, ordinal) = match last {
        Some(last) => (last.signed("version")?, last.signed("ordinal")?),
        // Fewer chunks than that remain, so all are removed.
        None => (i64::MAX, i64::MAX),
    };
    let removed = sqlx::query(
        "DELETE FROM chunks
         WHERE partition_key = ? AND document_uid = ? AND (version, ordinal) <= (?, ?)",
    )
    .bind(partition)
    .bind(&document)
    .bind(version)
    .bind(ordinal)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(removed.rows_affected())
}
