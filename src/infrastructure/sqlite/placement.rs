//! Chooses one of the two candidate partitions of a new document, by a sum over their documents.

use sqlx::SqliteConnection;

use crate::application::store_error::Error;
use crate::infrastructure::columns::Columns;
use crate::infrastructure::sqlite::error::failed;

/// Returns the lighter of two partitions: the one with fewer chunks, where each document counts as one more. `a` wins
/// if they are equal.
pub(super) async fn lighter(
    connection: &mut SqliteConnection,
    a: u32,
    b: u32,
) -> Result<u32, Error> {
    let found = sqlx::query(
        "SELECT CASE WHEN
             (SELECT count(*) + coalesce(sum(chunks), 0) FROM documents WHERE partition_key = ?1)
             <= (SELECT count(*) + coalesce(sum(chunks), 0) FROM documents WHERE partition_key = ?2)
         THEN ?1 ELSE ?2 END AS partition_key",
    )
    .bind(a)
    .bind(b)
    .fetch_one(connection)
    .await
    .map_err(failed)?;
    found.small("partition_key")
}
