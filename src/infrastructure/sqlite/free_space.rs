//! Checks for free space beside the store's file: writes a ballast of a batch's size, and removes it.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use rustix::fs::statvfs;

use crate::application::store_error::Error;

/// The ballast's size: a batch of an upload, its checkpoint, and the pages that change with them.
const BALLAST_BYTES: usize = 1024 * 1024;
/// The block that is written at once.
static BLOCK: [u8; 64 * 1024] = [0; 64 * 1024];
/// More free space than this is enough. With less, the ballast is written, because the file system may reserve some
/// space.
const AMPLE_BYTES: u64 = 64 * 1024 * 1024;
/// The suffix that the ballast's name adds to the store's.
const SUFFIX: &str = ".room";

/// Checks that a batch could be written beside the file. Without a suspicion, writes only if little space is free.
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
    let space = statvfs(directory.unwrap_or_else(|| Path::new(".")));
    space.is_ok_and(|space| space.f_bavail.saturating_mul(space.f_frsize) >= AMPLE_BYTES)
}

fn write(ballast: &Path) -> std::io::Result<()> {
    let mut file = File::create(ballast)?;
    for _ in 0..BALLAST_BYTES / BLOCK.len() {
        file.write_all(&BLOCK)?;
    }
    // Some file systems report a full disk only at a sync.
    file.sync_all()
}
