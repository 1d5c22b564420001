//! What SQLite says, in the port's words: the only place that knows its codes.

use crate::application::ports::store_error::Error;
use crate::domain::limits::quota::Quota;

/// `SQLITE_FULL`: no room on the disk.
const FULL: u32 = 13;
/// `SQLITE_IOERR_WRITE` and `SQLITE_IOERR_SHMSIZE`: so SQLite calls a quota of the file system, and no room for its
/// shared memory. A disk that fails says the same, and comes back as little by itself.
const UNWRITTEN: [u32; 2] = [778, 4874];
/// What may pass, or needs somebody to act, and damages nothing: no permission, another process has the file, no
/// memory, read-only, interrupted, a disk's error, a file that is away, the locking protocol, no authorization.
const PASSING: [u32; 10] = [3, 5, 6, 7, 8, 9, 10, 14, 15, 23];
/// `SQLITE_IOERR_DATA` and `SQLITE_IOERR_CORRUPTFS`: the disk gave other bytes than were written.
const CORRUPT: [u32; 2] = [8202, 8458];
/// `SQLITE_CONSTRAINT_TRIGGER`: one of those that count what a tenant keeps; its message has the
/// quota's name behind this word.
const REFUSED: u32 = 1811;
const QUOTA: &str = "quota ";
/// The part of an extended code that says what kind it is.
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

/// The kind of SQLite's code.
pub(super) fn primary(error: &sqlx::Error) -> Option<u32> {
    code(error).map(|code| code & PRIMARY)
}

fn code(error: &sqlx::Error) -> Option<u32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// The quota that a statement would have crossed.
fn crossed(code: u32, error: &sqlx::Error) -> Option<Quota> {
    let message = error.as_database_error()?.message();
    let name = message.strip_prefix(QUOTA).filter(|_| code == REFUSED)?;
    Quota::named(name)
}
