//! The port of the import root: files that the server may read itself.

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

use crate::application::store_error::Error;
use crate::domain::names::path::PathName;

/// The identity of a file's content, as exact as the clock of its file system. Two equal stamps mean that the file
/// has not changed. The device is not part of it: instances that mount one file system may number it differently.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// The length of the file, in bytes.
    pub bytes: u64,
    /// The time of the last write, in nanoseconds since 1970. A program can set it.
    pub modified_ns: i64,
    /// The time of the last change of content or metadata, in nanoseconds since 1970. No program can set it.
    pub changed_ns: i64,
    /// The inode number in the file system. Another file of the same name has another number.
    pub inode: u64,
}

/// The directory below which files may be imported.
#[async_trait]
pub trait ImportRoot: Debug + Send + Sync {
    /// Opens the regular file of that name below the root. `None` means that there is no such file, or that it may
    /// not be read. Links are never followed. Opening never waits for another program, as opening a pipe would.
    async fn open(&self, path: &PathName) -> Result<Option<Box<dyn OpenFile>>, Error>;
}

/// An opened file. It stays the same file if its name is given to another one.
#[async_trait]
pub trait OpenFile: Debug + Send + Sync {
    /// Returns the stamp at the time of opening.
    fn stamp(&self) -> Stamp;
    /// Returns the bytes from offset `at` on, and the stamp after they were read. There are at most as many bytes as
    /// fit in a message, and none at the end.
    async fn read(&self, at: u64) -> Result<(Bytes, Stamp), Error>;
}
