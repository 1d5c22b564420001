//! The import root: a directory handle, below which files are opened folder by folder.
//!
//! Each folder is opened by its own name in the one before, and never through a link: who puts a link in a
//! folder's place meanwhile, even between two steps, leads nowhere. What counts is checked on what was
//! opened.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use crate::application::ingest::write::CONTENT_BYTES_MAX;
use crate::application::ports::failure::Error;
use crate::application::ports::import_root::{ImportRoot, OpenFile, Stamp};
use crate::domain::path_name::PathName;

/// How long a step may take: a network file system may never answer.
const STEP_MAX: Duration = Duration::from_secs(30);

/// What says that there is nothing of that name that could be opened. All other failures may pass: those
/// of the file system, and a link that has just come into a file's place.
const ABSENT: [ErrorKind; 5] = [
    ErrorKind::NotFound,
    ErrorKind::NotADirectory,
    ErrorKind::PermissionDenied,
    ErrorKind::InvalidFilename,
    ErrorKind::InvalidInput,
];

/// A directory below which files may be imported. It stays the same one, whatever has its name later.
#[derive(Clone, Debug)]
pub struct Root(Arc<Dir>);

/// A regular file below it.
#[derive(Debug)]
struct Opened {
    file: Arc<fs::File>,
    stamp: Stamp,
}

impl Root {
    /// Opens the directory itself; its own name may go through links.
    ///
    /// # Errors
    ///
    /// Fails if it is no directory, or may not be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let root = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self(Arc::new(root)))
    }
}

#[async_trait]
impl ImportRoot for Root {
    async fn open(&self, path: &PathName) -> Result<Option<Box<dyn OpenFile>>, Error> {
        let (root, path) = (Arc::clone(&self.0), path.clone());
        let opened = step(move || open(&root, &path)).await?;
        Ok(opened.map(|opened| -> Box<dyn OpenFile> { Box::new(opened) }))
    }
}

#[async_trait]
impl OpenFile for Opened {
    fn stamp(&self) -> Stamp {
        self.stamp
    }

    async fn read(&self, at: u64) -> Result<(Bytes, Stamp), Error> {
        let file = Arc::clone(&self.file);
        step(move || {
            let mut content = vec![0; CONTENT_BYTES_MAX];
            let length = file.read_at(&mut content, at)?;
            content.truncate(length);
            Ok((content.into(), stamp(&file.metadata()?)))
        })
        .await
    }
}

/// Opens a file from folder to folder.
fn open(root: &Dir, path: &PathName) -> io::Result<Option<Opened>> {
    let mut segments = path.segments().peekable();
    let mut folder = root.try_clone()?;
    while let Some(name) = segments.next() {
        if segments.peek().is_none() {
            return if_any(open_file(&folder, name)).map(Option::flatten);
        }
        match if_any(folder.open_dir_nofollow(name))? {
            Some(inner) => folder = inner,
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// Opens a regular file of a folder.
fn open_file(folder: &Dir, name: &str) -> io::Result<Option<Opened>> {
    // To open a device or a pipe may already do something, if only to whoever writes to it.
    if !folder.symlink_metadata(name)?.is_file() {
        return Ok(None);
    }
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No);
    // It may be another file by now: a pipe would be waited for.
    options.nonblock(true);
    let file = folder.open_with(name, &options)?.into_std();
    let found = file.metadata()?;
    Ok(found.is_file().then(|| Opened {
        file: Arc::new(file),
        stamp: stamp(&found),
    }))
}

/// None if there is nothing that could be opened.
fn if_any<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if ABSENT.contains(&error.kind()) => Ok(None),
        Err(error) => Err(error),
    }
}

fn stamp(found: &fs::Metadata) -> Stamp {
    let seconds = found.mtime().saturating_mul(1_000_000_000);
    Stamp {
        bytes: found.len(),
        modified_ns: seconds.saturating_add(found.mtime_nsec()),
    }
}

/// Does what may block where it may.
async fn step<T: Send + 'static>(
    blocking: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(blocking);
    let done = tokio::time::timeout(STEP_MAX, done).await;
    let unavailable = |error: io::Error| Error::Unavailable(Box::new(error));
    let done = done.map_err(|elapsed| unavailable(io::Error::new(ErrorKind::TimedOut, elapsed)))?;
    let done = done.map_err(|panicked| unavailable(io::Error::other(panicked)))?;
    done.map_err(unavailable)
}
