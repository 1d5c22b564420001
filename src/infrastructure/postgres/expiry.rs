//! Removes expired rows from PostgreSQL.

use sqlx::PgConnection;

use crate::application::store_error::Error;
use crate::domain::timestamp::Timestamp;
use crate::infrastructure::common_statements;
use crate::infrastructure::postgres::error::failed;

/// Removes rows that ended or changed before `before`, at most `rows` of each kind. Returns the number of removed
/// rows.
pub(super) async fn forget(
    connection: &mut PgConnection,
    before: Timestamp,
    rows: u32,
) -> Result<u64, Error> {
    let mut forgotten = 0;
    for statement in common_statements::expiry::STATEMENTS {
        let done = sqlx::query(statement)
            .bind(before)
            .bind(i64::from(rows))
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        forgotten += done.rows_affected();
    }
    Ok(forgotten)
}
