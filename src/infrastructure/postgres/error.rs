//! Translates PostgreSQL's errors into the port's. No other module knows its codes.

use sqlx::error::DatabaseError;

use crate::application::store_error::Error;
use crate::domain::limits::quota::Quota;

/// `disk_full` (PostgreSQL documentation, appendix A).
const FULL: &str = "53100";
/// Classes of temporary errors: connections, resources, server shutdown, system errors, and conflicting
/// transactions.
const PASSING: [&str; 5] = ["08", "53", "57", "58", "40"];
/// `lock_not_available`: another transaction held the lock for too long.
const LOCKED: &str = "55P03";
/// `idle_in_transaction_session_timeout`: the database, or the network to it, stalled longer than a transaction may
/// stay idle.
const STOOD_STILL: &str = "25P03";
/// `read_only_sql_transaction`: the server is a standby, for example after a failover that its address did not
/// follow.
const READ_ONLY: &str = "25006";
/// `unique_violation`: the same request was sent twice at once. A retry finds the row of the other one.
const MET: &str = "23505";

/// The code raised by the trigger that counts a tenant's usage. Its message is the quota's name.
const QUOTA: &str = "SLQ01";

/// Translates a driver's error.
pub(super) fn failed(error: sqlx::Error) -> Error {
    let code = code(&error).map(str::to_owned);
    match code.as_deref() {
        Some(FULL) => Error::full(error),
        Some(QUOTA) => crossed(error),
        Some(code) if is_passing(code) => Error::Unavailable(Box::new(error)),
        None if is_broken(&error) => Error::Unavailable(Box::new(error)),
        Some(_) | None => Error::Damaged {
            what: "a statement was refused",
            source: Some(Box::new(error)),
        },
    }
}

fn crossed(error: sqlx::Error) -> Error {
    let name = error.as_database_error().map(DatabaseError::message);
    let quota = name.and_then(Quota::named);
    quota.map_or_else(
        || Error::Damaged {
            what: "a quota of no name",
            source: Some(Box::new(error)),
        },
        Error::Quota,
    )
}

/// Whether the transaction did not happen, or its outcome is unknown, so that it may be retried.
pub(super) fn may_pass_soon(error: &Error) -> bool {
    // A caller that got no connection has waited already.
    passing(error).is_some_and(|source| {
        !matches!(source, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
    })
}

/// Whether no connection became free in time.
pub(super) fn found_no_connection(error: &Error) -> bool {
    matches!(passing(error), Some(sqlx::Error::PoolTimedOut))
}

/// Returns the driver's error behind a temporary error.
fn passing(error: &Error) -> Option<&sqlx::Error> {
    let Error::Unavailable(source) = error else {
        return None;
    };
    source.downcast_ref()
}

fn is_passing(code: &str) -> bool {
    let class = code.get(..2).unwrap_or_default();
    PASSING.contains(&class) || [LOCKED, STOOD_STILL, READ_ONLY, MET].contains(&code)
}

/// Whether the connection failed, or no connection could be acquired.
fn is_broken(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed
    )
}

fn code(error: &sqlx::Error) -> Option<&str> {
    let error = error.as_database_error()?;
    error
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .map(sqlx::postgres::PgDatabaseError::code)
}
