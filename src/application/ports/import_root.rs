//! The port of the import root: files that the server may read by itself.

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

use crate::application::ports::store_error::Error;
use crate::domain::names::path::PathName;

/// Tells whether a file is still what it was: as exact as its file system's clock. The device is not part of it:
/// instances that mount one file system may number it differently.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// The length of the file.
    pub bytes: u64,
    /// The time of its last write, in nanoseconds since 1970. A program can set it.
    pub modified_ns: i64,
    /// The time of its last change, of its content or of its metadata. No program can set it.
    pub changed_ns: i64,
    /// The number of the file in its file system. Another file of the same name has another.
    pub inode: u64,
}

/// The directory below which files may be imported.
#[async_trait]
pub trait ImportRoot: Debug + Send + Sync {
    /// Opens the regular file of that name below the root. `None`: there is none, or none that may be
    /// read; links are no files and no folders, wherever they lead. Opening never waits for another
    /// program, as a pipe would.
    async fn open(&self, path: &PathName) -> Result<Option<Box<dyn OpenFile>>, Error>;
}

/// A file that was opened: the same one, whatever has its name by now.
#[async_trait]
pub trait OpenFile: Debug + Send + Sync {
    /// The stamp that it had when it was opened.
    fn stamp(&self) -> Stamp;
    /// Its bytes from that byte on, at most a message's, none at its end; with the stamp that it had
    /// after they were read.
    async fn read(&self, at: u64) -> Result<(Bytes, Stamp), Error>;
}
