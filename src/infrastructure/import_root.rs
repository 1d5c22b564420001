//! The import root: a directory handle, below which files are opened folder by folder.
//!
//! Each folder is opened by its own name in its parent, and never through a link. An attacker who replaces a folder
//! by a link, even between two steps, gains nothing. All checks are made on the opened file.

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
use rustix::io::Errno;

use crate::application::ports::import_root::{ImportRoot, OpenFile, Stamp};
use crate::application::store_error::Error;
use crate::application::uploads::write::CONTENT_BYTES_MAX;
use crate::domain::names::path::PathName;

/// The longest time a step may take. A network file system may never answer.
const STEP_MAX: Duration = Duration::from_secs(30);

/// Errors that mean that no file of that name can be opened. All other errors are failures of the file system, which
/// may be temporary.
const ABSENT: [ErrorKind; 6] = [
    ErrorKind::NotFound,
    ErrorKind::NotADirectory,
    ErrorKind::IsADirectory,
    ErrorKind::PermissionDenied,
    ErrorKind::InvalidFilename,
    ErrorKind::InvalidInput,
];
/// The same for errors without a kind: between the check and the opening, a link, a socket or a device without a
/// driver replaced the file.
const REPLACED: [Errno; 3] = [Errno::LOOP, Errno::NXIO, Errno::NODEV];

/// A directory below which files may be imported. The handle stays on the same directory if its path is reused
/// later.
#[derive(Clone, Debug)]
pub struct Root {
    folder: Arc<Dir>,
    hard_links: HardLinks,
}

/// Whether files with several hard links are imported. The other names may be outside the root.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HardLinks {
    /// Files with several names are imported like any other file.
    Allow,
    /// Files with several names are treated as absent.
    Refuse,
}

/// An opened regular file below the root.
#[derive(Debug)]
struct Opened {
    file: Arc<fs::File>,
    stamp: Stamp,
}

impl Root {
    /// Opens the root directory. Its own path may go through links.
    ///
    /// # Errors
    ///
    /// Fails if the path is not a directory or cannot be read.
    pub fn open(path: &Path, hard_links: HardLinks) -> io::Result<Self> {
        let folder = Dir::open_ambient_dir(path, ambient_authority())?;
        let folder = Arc::new(folder);
        Ok(Self { folder, hard_links })
    }

    /// Opens a regular file in the root itself. `None` means that there is no such file.
    ///
    /// # Errors
    ///
    /// Fails if the file system does.
    pub fn open_file(&self, name: &str) -> io::Result<Option<(fs::File, Stamp)>> {
        let opened = if_any(open_file(&self.folder, name, self.hard_links))?.flatten();
        let opened = opened.map(|Opened { file, stamp }| Ok((file.try_clone()?, stamp)));
        opened.transpose()
    }
}

#[async_trait]
impl ImportRoot for Root {
    async fn open(&self, path: &PathName) -> Result<Option<Box<dyn OpenFile>>, Error> {
        let root = self.clone();
        let path = path.clone();
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

/// Opens a file, folder by folder.
fn open(root: &Root, path: &PathName) -> io::Result<Option<Opened>> {
    let mut segments = path.segments().peekable();
    let mut folder = root.folder.try_clone()?;
    while let Some(name) = segments.next() {
        if segments.peek().is_none() {
            let opened = open_file(&folder, name, root.hard_links);
            return if_any(opened).map(Option::flatten);
        }
        match if_any(folder.open_dir_nofollow(name))? {
            Some(inner) => folder = inner,
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// Opens a regular file in a folder.
fn open_file(folder: &Dir, name: &str, hard_links: HardLinks) -> io::Result<Option<Opened>> {
    // Opening a device or a pipe can have side effects, at least for a process that writes to it.
    if !folder.symlink_metadata(name)?.is_file() {
        return Ok(None);
    }
    open_checked(folder, name, hard_links)
}

/// Opens a name that was a regular file when it was checked.
fn open_checked(folder: &Dir, name: &str, hard_links: HardLinks) -> io::Result<Option<Opened>> {
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No);
    // Another file may have replaced it since. Without this flag, opening a pipe would block.
    options.nonblock(true);
    let file = folder.open_with(name, &options)?.into_std();
    let found = file.metadata()?;
    let is_allowed = hard_links == HardLinks::Allow || found.nlink() <= 1;
    Ok((found.is_file() && is_allowed).then(|| Opened {
        file: Arc::new(file),
        stamp: stamp(&found),
    }))
}

/// Returns `None` if there was no file to open.
fn if_any<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absent(error: &io::Error) -> bool {
    let is_replaced = |errno: Errno| error.raw_os_error() == Some(errno.raw_os_error());
    ABSENT.contains(&error.kind()) || REPLACED.into_iter().any(is_replaced)
}

fn stamp(found: &fs::Metadata) -> Stamp {
    let ns = |seconds: i64, ns| seconds.saturating_mul(1_000_000_000).saturating_add(ns);
    Stamp {
        bytes: found.len(),
        modified_ns: ns(found.mtime(), found.mtime_nsec()),
        changed_ns: ns(found.ctime(), found.ctime_nsec()),
        inode: found.ino(),
    }
}

/// Runs a blocking step on a thread that may block, for at most [`STEP_MAX`].
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;

    use super::{HardLinks, Root, if_any, open_checked, open_file};

    /// A folder that is removed when it is dropped.
    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _absent = fs::remove_dir_all(&self.0);
        }
    }

    fn root(name: &str) -> (Folder, Root) {
        let path = std::env::temp_dir().join(format!("sluice-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let root = Root::open(&path, HardLinks::Refuse).unwrap();
        (Folder(path), root)
    }

    #[test]
    fn a_replacement_of_a_file_before_it_is_opened_is_refused() {
        let (folder, root) = root("replaced");
        let path = |name: &str| folder.0.join(name);
        fs::write(path("file"), "text").unwrap();
        symlink(path("file"), path("link")).unwrap();
        symlink("loop", path("loop")).unwrap();
        let _socket = UnixListener::bind(path("socket")).unwrap();
        fs::create_dir(path("directory")).unwrap();
        let opened = |name| if_any(open_checked(&root.folder, name, HardLinks::Refuse)).unwrap();
        for name in ["link", "loop", "socket", "directory", "nothing"] {
            assert!(opened(name).flatten().is_none(), "{name}");
        }
        assert!(opened("file").flatten().is_some());
    }

    #[test]
    fn a_file_with_two_names_is_opened_only_if_that_is_allowed() {
        let (folder, root) = root("linked");
        fs::write(folder.0.join("one"), "text").unwrap();
        fs::hard_link(folder.0.join("one"), folder.0.join("other")).unwrap();
        let opened = |hard_links| open_file(&root.folder, "one", hard_links).unwrap();
        assert!(opened(HardLinks::Allow).is_some());
        assert!(opened(HardLinks::Refuse).is_none());
        fs::remove_file(folder.0.join("other")).unwrap();
        assert!(opened(HardLinks::Refuse).is_some());
    }
}
