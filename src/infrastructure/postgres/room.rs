//! Whether there is room in the database: a ballast is written into tables that go with their transaction.

use sqlx::{AssertSqlSafe, PgPool};

use crate::application::ports::store_error::Error;
use crate::infrastructure::postgres::error::failed;

/// Where tables of chunks are, as a clause: operators may spread them over disks. Empty: where the database is.
const PLACES: &str = "SELECT DISTINCT coalesce('TABLESPACE ' || quote_ident(spcname), '')
     FROM pg_class LEFT JOIN pg_tablespace ON pg_tablespace.oid = reltablespace
     WHERE pg_class.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'chunks'::regclass)
     LIMIT 100";

/// Whether a batch could be written. Only a failure of a statement tells that the server's disk may be full, so
/// without a suspicion nothing is tried.
pub(super) async fn check(pool: &PgPool, is_suspected: bool) -> Result<(), Error> {
    if !is_suspected {
        return Ok(());
    }
    let mut transaction = pool.begin().await.map_err(failed)?;
    let places: Vec<String> = sqlx::query_scalar(PLACES)
        .fetch_all(&mut *transaction)
        .await
        .map_err(failed)?;
    // Without a place of their own temporary tables go where operators want them, which need not be the database's disk.
    sqlx::query("SET LOCAL temp_tablespaces = ''")
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    for (number, place) in places.iter().enumerate() {
        sqlx::query(AssertSqlSafe(ballast(number, place)))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    transaction.rollback().await.map_err(failed)
}

/// Writes 1,024 rows of a kilobyte: a batch of an upload, and what changes with it. Their pages are on the disk at
/// once, whatever becomes of the transaction.
fn ballast(number: usize, place: &str) -> String {
    format!(
        "CREATE TEMPORARY TABLE sluice_room_{number} ON COMMIT DROP {place} AS
         SELECT repeat('x', 1000) AS ballast FROM generate_series(1, 1024)"
    )
}
