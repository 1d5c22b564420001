//! The names of the 100 partitions of `chunks`. Statements name one, and so plan, lock and read it
//! alone: three to four times as many point reads a second as through the whole table.

use sqlx::AssertSqlSafe;

use crate::application::ports::store_error::Error;
use crate::domain::partitions::candidates::PARTITIONS;
use crate::infrastructure::columns::damaged;

/// The place in a statement where the partition's name goes.
const MARK: &str = "chunks_pNN";
/// The same for a second partition.
const OTHER: &str = "chunks_pTO";
/// The place where its key goes: the primary key begins with it, so a statement without it would read
/// the whole partition.
const KEY: &str = "key_NN";

/// The statement on that partition.
pub(super) fn on(partition: u32, statement: &'static str) -> Result<AssertSqlSafe<String>, Error> {
    // Safe: a number below 100 is all that is put in.
    Ok(AssertSqlSafe(named(partition, statement)?))
}

fn named(partition: u32, statement: &'static str) -> Result<String, Error> {
    Ok(statement
        .replace(MARK, &table(partition)?)
        .replace(KEY, &partition.to_string()))
}

/// A statement from one partition to another.
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
