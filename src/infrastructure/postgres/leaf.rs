//! The names of the 100 partitions of `chunks`. Statements name one, and so plan, lock and read it
//! alone: three to four times as many point reads a second as through the whole table.

use sqlx::AssertSqlSafe;

use crate::application::ports::failure::Error;
use crate::domain::partition::PARTITIONS;
use crate::infrastructure::columns::damaged;

/// The place in a statement where the partition's name goes.
const MARK: &str = "chunks_pNN";

/// The statement on that partition.
pub(super) fn on(partition: u32, statement: &'static str) -> Result<AssertSqlSafe<String>, Error> {
    // Safe: a number below 100 is all that is put in.
    Ok(AssertSqlSafe(named(partition, statement)?))
}

/// The same as text, for COPY.
pub(super) fn named(partition: u32, statement: &'static str) -> Result<String, Error> {
    if partition >= PARTITIONS {
        return Err(damaged("a partition out of range"));
    }
    Ok(statement.replace(MARK, &format!("chunks_p{partition:02}")))
}
