//! Translates SQLite's errors into the port's. No other module knows its codes.

use crate::application::store_error::Error;
use crate::domain::limits::quota::Quota;

/// `SQLITE_FULL`: the disk is full.
const FULL: u32 = 13;
/// `SQLITE_IOERR_WRITE` and `SQLITE_IOERR_SHMSIZE`: SQLite reports a file system quota, or no space for its shared
/// memory, with these. A failing disk reports the same, and does not recover by itself either.
const UNWRITTEN: [u32; 2] = [778, 4874];
/// Errors that are temporary or need an operator, and damage nothing: no permission, file locked by another process,
/// out of memory, read-only, interrupted, disk error, file missing, locking protocol, no authorization.
const PASSING: [u32; 10] = [3, 5, 6, 7, 8, 9, 10, 14, 15, 23];
/// `SQLITE_IOERR_DATA` and `SQLITE_IOERR_CORRUPTFS`: the disk returned other bytes than were written.
const CORRUPT: [u32; 2] = [8202, 8458];
/// `SQLITE_CONSTRAINT_TRIGGER`, raised by the triggers that count a tenant's usage. Their message is [`QUOTA`] and
/// the quota's name.
const REFUSED: u32 = 1811;
const QUOTA: &str = "quota ";
/// The mask of the primary code in an extended code.
const PRIMARY: u32 = 0xFF;

/// Translates a driver's error.
pub(super) fn failed(error: sqlx::Error) -> Error {
    let code = code(&error);
    if let Some(quota) = code.and_then(|code| crossed(code, &error)) {
        return Error::Quota(quota);
    }
    let is_late = matches!(
        error,
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_)
    );
    match code {
        Some(code) if code & PRIMARY == FULL || UNWRITTEN.contains(&code) => Error::full(error),
        Some(code) if PASSING.contains(&(code & PRIMARY)) && !CORRUPT.contains(&code) => {
            Error::Unavailable(Box::new(error))
        }
        _ if is_late => Error::Unavailable(Box::new(error)),
        _ => Error::Damaged {
            what: "a statement was refused",
            source: Some(Box::new(error)),
        },
    }
}

/// Returns the primary code of SQLite's error.
pub(super) fn primary(error: &sqlx::Error) -> Option<u32> {
    code(error).map(|code| code & PRIMARY)
}

fn code(error: &sqlx::Error) -> Option<u32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// Returns the quota that a statement would have exceeded.
fn crossed(code: u32, error: &sqlx::Error) -> Option<Quota> {
    let message = error.as_database_error()?.message();
    let name = message.strip_prefix(QUOTA).filter(|_| code == REFUSED)?;
    Quota::named(name)
}
