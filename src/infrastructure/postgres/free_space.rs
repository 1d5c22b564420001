//! Checks for free disk space in the database: writes a ballast into tables that are dropped with their transaction.

use sqlx::{AssertSqlSafe, PgPool};

use crate::application::store_error::Error;
use crate::infrastructure::postgres::error::failed;

/// The tablespaces of the chunk tables, as clauses; operators may spread the tables over disks. An empty clause
/// means the database's default.
const PLACES: &str = "SELECT DISTINCT coalesce('TABLESPACE ' || quote_ident(spcname), '')
     FROM pg_class LEFT JOIN pg_tablespace ON pg_tablespace.oid = reltablespace
     WHERE pg_class.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'chunks'::regclass)
     LIMIT 100";

/// Checks that a batch could be written. Only a failed statement shows that the server's disk may be full, so
/// nothing is written without a suspicion.
pub(super) async fn check(pool: &PgPool, is_suspected: bool) -> Result<(), Error> {
    if !is_suspected {
        return Ok(());
    }
    let mut transaction = pool.begin().await.map_err(failed)?;
    let places: Vec<String> = sqlx::query_scalar(PLACES)
        .fetch_all(&mut *transaction)
        .await
        .map_err(failed)?;
    // Temporary tables without a clause would use the operator's setting, which may be on another disk than the
    // database.
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

/// Returns the statement that writes 1,024 rows of 1,000 bytes: as much as a batch of an upload and the pages that
/// change with it. Their pages are written at once, whether the transaction commits or not.
fn ballast(number: usize, place: &str) -> String {
    format!(
        "CREATE TEMPORARY TABLE sluice_room_{number} ON COMMIT DROP {place} AS
         SELECT repeat('x', 1000) AS ballast FROM generate_series(1, 1024)"
    )
}
