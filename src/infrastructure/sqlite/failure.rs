//! What SQLite says, in the port's words: the only place that knows its codes.

use crate::application::ports::failure::Error;
use crate::domain::quota::Quota;

/// `SQLITE_FULL`: no room on the disk.
const FULL: u32 = 13;
/// `SQLITE_BUSY` and `SQLITE_LOCKED`: another process has the file.
const BUSY: [u32; 2] = [5, 6];
/// `SQLITE_CONSTRAINT_TRIGGER`: one of those that count what a tenant keeps; its message has the
/// quota's name behind this word.
const REFUSED: u32 = 1811;
const QUOTA: &str = "quota ";
/// The part of an extended code that says what kind it is.
const PRIMARY: u32 = 0xFF;

/// Translates a driver's error.
pub(super) fn failed(error: sqlx::Error) -> Error {
    let code = error
        .as_database_error()
        .and_then(|error| error.code()?.parse::<u32>().ok());
    if let Some(quota) = code.and_then(|code| crossed(code, &error)) {
        return Error::Quota(quota);
    }
    let code = code.map(|code| code & PRIMARY);
    let is_late = matches!(
        error,
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_)
    );
    match code {
        Some(FULL) => Error::Full(Box::new(error)),
        Some(code) if BUSY.contains(&code) => Error::Unavailable(Box::new(error)),
        _ if is_late => Error::Unavailable(Box::new(error)),
        _ => Error::Damaged {
            what: "a statement was refused",
            source: Some(Box::new(error)),
        },
    }
}

/// The quota that a statement would have crossed.
fn crossed(code: u32, error: &sqlx::Error) -> Option<Quota> {
    let message = error.as_database_error()?.message();
    let name = message.strip_prefix(QUOTA).filter(|_| code == REFUSED)?;
    Quota::named(name)
}
