//! Finds out why a file cannot be opened as a store, and names a remedy.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sqlx::migrate::MigrateError;

use crate::application::store_error::Error;
use crate::infrastructure::sqlite::error::{failed, primary};

/// `SQLITE_NOTADB`: the file's header is not that of a database.
const NO_DATABASE: u32 = 26;
/// `SQLITE_READONLY`.
const READ_ONLY: u32 = 8;
/// `SQLITE_PERM`, `SQLITE_CANTOPEN` and `SQLITE_AUTH`.
const DENIED: [u32; 3] = [3, 14, 23];

/// The reason why a file cannot be opened.
#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("there is no directory {0}: create it, or correct store.location")]
    NoDirectory(PathBuf),
    #[error("{0} is a directory: store.location must name a file in it, such as {0}/sluice.db")]
    Directory(PathBuf),
    #[error("{0} is not a SQLite database: choose another file, or move this one away")]
    NotADatabase(PathBuf),
    #[error(
        "{0} is read-only: let the server's user write it and its directory, or choose another file"
    )]
    ReadOnly(PathBuf),
    #[error(
        "permission denied: let the server's user read and write {0} and its directory, or choose another file"
    )]
    Denied(PathBuf),
    #[error("the schema is newer than this program, or was changed: install its version")]
    Unknown,
}

/// Returns the error of opening the file at `path`, with its cause if known.
pub(super) fn of(path: &Path, error: sqlx::Error) -> Error {
    let shown = path.to_owned();
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let is_missing = match fs::metadata(directory) {
        Ok(found) => !found.is_dir(),
        Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    };
    let code = primary(&error);
    let cause = if path.is_dir() {
        Cause::Directory(shown)
    } else if is_missing {
        Cause::NoDirectory(directory.to_owned())
    } else if code == Some(NO_DATABASE) {
        Cause::NotADatabase(shown)
    } else if code == Some(READ_ONLY) || is_read_only(path, directory) {
        Cause::ReadOnly(shown)
    } else if code.is_some_and(|code| DENIED.contains(&code)) {
        Cause::Denied(shown)
    } else {
        return failed(error);
    };
    Error::Unavailable(Box::new(cause))
}

/// Returns the error of failed migrations.
pub(super) fn of_migrations(path: &Path, error: MigrateError) -> Error {
    if let MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) = error {
        return Error::Unavailable(Box::new(Cause::Unknown));
    }
    if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
        return of(path, error);
    }
    failed(error.into())
}

/// Whether the file, or the file system of its directory, is read-only.
fn is_read_only(path: &Path, directory: &Path) -> bool {
    let Err(error) = fs::File::options().append(true).open(path) else {
        return false;
    };
    if error.kind() == ErrorKind::NotFound {
        let access = rustix::fs::access(directory, rustix::fs::Access::WRITE_OK);
        return access.is_err_and(|error| error == rustix::io::Errno::ROFS);
    }
    error.kind() == ErrorKind::ReadOnlyFilesystem
}
