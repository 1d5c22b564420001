//! The names of the 100 partitions of `chunks`. Statements name one partition, so that only it is planned, locked
//! and read. This gives three to four times as many point reads per second as the whole table.

use sqlx::AssertSqlSafe;

use crate::application::store_error::Error;
use crate::domain::partitions::candidates::PARTITIONS;
use crate::infrastructure::columns::damaged;

/// The placeholder of the partition's name in a statement.
const MARK: &str = "chunks_pNN";
/// The placeholder of a second partition's name.
const OTHER: &str = "chunks_pTO";
/// The placeholder of the partition's key. The primary key begins with it, so a statement without it would read the
/// whole partition.
const KEY: &str = "key_NN";

/// Returns the statement on that partition.
pub(super) fn on(partition: u32, statement: &'static str) -> Result<AssertSqlSafe<String>, Error> {
    // Safe: only a number below 100 is inserted.
    Ok(AssertSqlSafe(named(partition, statement)?))
}

fn named(partition: u32, statement: &'static str) -> Result<String, Error> {
    Ok(statement
        .replace(MARK, &table(partition)?)
        .replace(KEY, &partition.to_string()))
}

/// Returns a statement that reads one partition and writes another.
pub(super) fn between(
    from: u32,
    to: u32,
    statement: &'static str,
) -> Result<AssertSqlSafe<String>, Error> {
    let named = named(from, statement)?;
    Ok(AssertSqlSafe(named.replace(OTHER, &table(to)?)))
}

fn table(partition: u32) -> Result<String, Error> {
    if partition >= PARTITIONS {
        return Err(damaged("a partition out of range"));
    }
    Ok(format!("chunks_p{partition:02}"))
}
