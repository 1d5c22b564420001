//! Whether there is room beside the file: a ballast of its size is written, and removed.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use rustix::fs::statvfs;

use crate::application::ports::store_error::Error;

/// A batch of an upload, its checkpoint, and the pages that change with them.
const BALLAST_BYTES: usize = 1024 * 1024;
/// What is written at once.
static BLOCK: [u8; 64 * 1024] = [0; 64 * 1024];
/// With more than this free there is room; with less it is tried, because the file system may keep some for others.
const AMPLE_BYTES: u64 = 64 * 1024 * 1024;
/// What the ballast's name has besides the store's.
const SUFFIX: &str = ".room";

/// Whether a batch could be written beside the file. Without a suspicion it is tried only if little is free.
pub(super) fn check(file: &Path, is_suspected: bool) -> Result<(), Error> {
    if !is_suspected && is_ample(file) {
        return Ok(());
    }
    let mut name = file.as_os_str().to_owned();
    name.push(SUFFIX);
    let ballast = Path::new(&name);
    let written = write(ballast);
    let removed = fs::remove_file(ballast);
    let Err(error) = written.and(removed) else {
        return Ok(());
    };
    let is_full = matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    );
    if is_full {
        return Err(Error::full(error));
    }
    Err(Error::Unavailable(Box::new(error)))
}

fn is_ample(file: &Path) -> bool {
    let directory = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let room = statvfs(directory.unwrap_or_else(|| Path::new(".")));
    room.is_ok_and(|room| room.f_bavail.saturating_mul(room.f_frsize) >= AMPLE_BYTES)
}

fn write(ballast: &Path) -> std::io::Result<()> {
    let mut file = File::create(ballast)?;
    for _ in 0..BALLAST_BYTES / BLOCK.len() {
        file.write_all(&BLOCK)?;
    }
    // Some file systems find out only then.
    file.sync_all()
}
