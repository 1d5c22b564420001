//! Records of unfinished uploads, so that the same command resumes them.
//!
//! Each upload has a small file, which its run locks. Another run of the same command at the same time starts a
//! separate upload. A file appears complete or not at all, and is removed when its upload ends.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cli::uploads::source::Stamp;
use crate::config::client;
use crate::domain::ingest::digest::{hex, sha256};

/// The folder of the files, within the program's folder.
const FOLDER: &str = "uploads";
const EXTENSION: &str = "json";
/// The age at which a record expires. By default a server discards abandoned uploads after a week.
const KEPT_FOR: Duration = Duration::from_hours(6 * 24);
/// The most files. The oldest are removed first.
const KEPT_MAX: usize = 1_000;
/// Attempts to find a file that another run replaces meanwhile.
const TRIES_MAX: usize = 8;
/// The largest file in bytes: a path has 4 KiB, and JSON may double it.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The folder of the records.
#[derive(Clone, Debug)]
pub(crate) struct ResumeRecords {
    /// `None` means that no record can be stored.
    folder: Option<PathBuf>,
    /// Whether the records of earlier runs are discarded.
    begins_anew: bool,
}

/// The identity of an upload: its source, document and server.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct UploadIdentity {
    pub(crate) server: String,
    pub(crate) collection: String,
    pub(crate) document_id: String,
    /// The absolute path, for people.
    pub(crate) path: String,
    /// The digest of the path's bytes, which may not be text.
    pub(crate) path_sha256: String,
    /// The identity of the source when the upload began.
    pub(crate) stamp: Stamp,
    /// The digest of the request without its id.
    pub(crate) spec_sha256: String,
}

/// The content of a file.
#[derive(Debug, Deserialize, Serialize)]
struct Content {
    /// The request id, a UUID.
    request_id: String,
    upload: UploadIdentity,
}

/// The record of an upload, while this run sends it.
#[derive(Debug)]
pub(crate) struct Record {
    /// The file, locked until it is dropped.
    file: File,
    path: PathBuf,
    pub(crate) request_id: Uuid,
    /// Whether another run began it.
    pub(crate) is_resumed: bool,
}

impl ResumeRecords {
    /// Opens the user's folder, and removes its expired and surplus files. `begins_anew` discards the uploads of
    /// earlier runs instead of resuming them.
    pub(crate) fn open(begins_anew: bool) -> Self {
        let folder = client::state_folder().map(|folder| folder.join(FOLDER));
        let folder = folder.filter(|folder| {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(folder).is_ok()
        });
        if let Some(folder) = &folder {
            sweep(folder, now());
        }
        Self {
            folder,
            begins_anew,
        }
    }

    /// Takes the record of an upload: one that an earlier run left, or a new one. Returns `None` if another run holds
    /// it, or if no record can be stored.
    pub(crate) fn take(&self, upload: &UploadIdentity) -> Option<Record> {
        let folder = self.folder.as_ref()?;
        let path = folder.join(upload.name()).with_extension(EXTENSION);
        for _ in 0..TRIES_MAX {
            match Record::resume(&path, upload, now()) {
                Lookup::Record(record) if self.begins_anew => record.forget(),
                Lookup::Record(record) => return Some(record),
                Lookup::Busy => return None,
                Lookup::Nothing => {}
            }
            if let Some(record) = Record::begin(folder, &path, upload) {
                return Some(record);
            }
        }
        None
    }
}

impl UploadIdentity {
    /// Returns the name of the file, derived from the fields that runs of the same command share.
    fn name(&self) -> String {
        let names = [
            &self.server,
            &self.collection,
            &self.document_id,
            &self.path_sha256,
        ];
        hex(&sha256(&names.map(String::as_bytes).join(&0)))
    }
}

/// The result of looking for a record.
enum Lookup {
    Record(Record),
    /// The file is locked, or cannot be opened.
    Busy,
    /// No file, or an unusable one, which is removed.
    Nothing,
}

impl Record {
    fn resume(path: &Path, upload: &UploadIdentity, now: SystemTime) -> Lookup {
        let opened = OpenOptions::new().read(true).write(true).open(path);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Lookup::Nothing,
            Err(_unusable) => return Lookup::Busy,
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return Lookup::Busy,
        }
        if !is_at(&file, path) {
            return Lookup::Nothing;
        }
        let content = read(&mut file).filter(|content| content.upload == *upload);
        let content = content.filter(|_| !is_old(&file, now));
        let request_id = content.and_then(|content| content.request_id.parse().ok());
        match request_id {
            Some(request_id) if file.set_modified(now).is_ok() => Lookup::Record(Self {
                file,
                path: path.to_owned(),
                request_id,
                is_resumed: true,
            }),
            _ => {
                // The file belongs to this run as long as it is locked.
                let _absent = std::fs::remove_file(path);
                Lookup::Nothing
            }
        }
    }

    /// Creates a record. Returns `None` if another run was faster, or if the file cannot be written.
    fn begin(folder: &Path, path: &Path, upload: &UploadIdentity) -> Option<Self> {
        let request_id = Uuid::new_v4();
        let content = Content {
            request_id: request_id.to_string(),
            upload: upload.clone(),
        };
        let own = folder.join(request_id.to_string());
        let written = write(&own, &content);
        // Fails if the path exists, so that no record is overwritten.
        let placed = written.and_then(|file| std::fs::hard_link(&own, path).map(|()| file));
        let _absent = std::fs::remove_file(&own);
        Some(Self {
            file: placed.ok()?,
            path: path.to_owned(),
            request_id,
            is_resumed: false,
        })
    }

    /// Removes the record, because the upload has ended.
    pub(crate) fn forget(self) {
        if is_at(&self.file, &self.path) {
            // A file that cannot be removed expires later.
            let _left = std::fs::remove_file(&self.path);
        }
    }
}

/// Writes a file, locked before other runs can find it.
fn write(path: &Path, content: &Content) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.try_lock()?;
    file.write_all(&serde_json::to_vec(content)?)?;
    Ok(file)
}

fn read(file: &mut File) -> Option<Content> {
    let mut text = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Whether the file is still the one at the path.
fn is_at(file: &File, path: &Path) -> bool {
    let found = std::fs::symlink_metadata(path);
    let (Ok(found), Ok(own)) = (found, file.metadata()) else {
        return false;
    };
    (found.dev(), found.ino()) == (own.dev(), own.ino())
}

fn is_old(file: &File, now: SystemTime) -> bool {
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified + KEPT_FOR < now)
}

/// Removes expired files and the oldest surplus ones, except those that a run has locked.
fn sweep(folder: &Path, now: SystemTime) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut files = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let modified = entry.metadata().ok()?.modified().ok()?;
            Some((modified, entry.path()))
        })
        .collect::<Vec<_>>();
    files.sort();
    let surplus = files.len().saturating_sub(KEPT_MAX);
    for (number, (modified, path)) in files.into_iter().enumerate() {
        if number < surplus || modified + KEPT_FOR < now {
            let file = File::open(&path).ok();
            if file.is_some_and(|file| file.try_lock().is_ok() && is_at(&file, &path)) {
                let _absent = std::fs::remove_file(path);
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the age of a file is measured with the system clock"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::{KEPT_FOR, KEPT_MAX, ResumeRecords, UploadIdentity, now, sweep};
    use crate::cli::uploads::source::Stamp;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("sluice-kept-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn kept(&self) -> ResumeRecords {
            ResumeRecords {
                folder: Some(self.0.clone()),
                begins_anew: false,
            }
        }

        fn files(&self) -> usize {
            std::fs::read_dir(&self.0).unwrap().count()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn upload() -> UploadIdentity {
        UploadIdentity {
            server: "http://127.0.0.1:50051".to_owned(),
            collection: "collections/c".to_owned(),
            document_id: "d".to_owned(),
            path: "/d".to_owned(),
            path_sha256: String::new(),
            stamp: Stamp::default(),
            spec_sha256: String::new(),
        }
    }

    #[test]
    fn an_upload_is_resumed_by_one_run_at_a_time_until_it_ends() {
        let folder = Folder::new("one");
        let kept = folder.kept();
        let first = kept.take(&upload()).unwrap();
        assert!(!first.is_resumed && kept.take(&upload()).is_none());
        let id = first.request_id;
        drop(first);
        let second = kept.take(&upload()).unwrap();
        assert!(second.is_resumed && second.request_id == id);
        assert!(kept.take(&upload()).is_none());
        drop(second);
        let anew = ResumeRecords {
            begins_anew: true,
            ..kept.clone()
        };
        let second = anew.take(&upload()).unwrap();
        assert!(!second.is_resumed && second.request_id != id);
        second.forget();
        assert_eq!(folder.files(), 0);
        let third = kept.take(&upload()).unwrap();
        assert!(!third.is_resumed && third.request_id != id);
    }

    #[test]
    fn a_changed_damaged_or_expired_record_is_not_resumed() {
        let folder = Folder::new("anew");
        let kept = folder.kept();
        let path = kept.take(&upload()).unwrap().path;
        let mut changed = upload();
        changed.stamp.length = 1;
        let first = kept.take(&changed).unwrap();
        assert!(!first.is_resumed && first.path == path);
        drop(first);
        let mut other = upload();
        other.document_id = "e".to_owned();
        assert!(kept.take(&other).unwrap().path != path);
        std::fs::write(&path, "{").unwrap();
        assert!(!kept.take(&changed).unwrap().is_resumed);
        let old = now() - KEPT_FOR - Duration::from_secs(1);
        File::open(&path).unwrap().set_modified(old).unwrap();
        assert!(!kept.take(&changed).unwrap().is_resumed);
        assert!(kept.take(&changed).unwrap().is_resumed);
    }

    #[test]
    fn expired_and_surplus_files_are_swept() {
        let folder = Folder::new("swept");
        for number in 0..=KEPT_MAX {
            let file = File::create(folder.0.join(number.to_string())).unwrap();
            file.set_modified(now() - Duration::from_secs(number as u64))
                .unwrap();
        }
        let held = File::open(folder.0.join(KEPT_MAX.to_string())).unwrap();
        held.lock().unwrap();
        sweep(&folder.0, now());
        assert_eq!(folder.files(), KEPT_MAX + 1, "a run holds the oldest one");
        drop(held);
        sweep(&folder.0, now());
        assert_eq!(folder.files(), KEPT_MAX);
        sweep(&folder.0, now() + KEPT_FOR + KEPT_FOR);
        assert_eq!(folder.files(), 0);
    }
}
