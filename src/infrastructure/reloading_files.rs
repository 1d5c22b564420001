//! Files whose content is used for as long as the service runs, and read again when they change.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether they have changed.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The most of a file that is read: certificates and keys are a few KiB.
const BYTES_MAX: u64 = 1024 * 1024;

/// Makes something of what is in the files, in their order.
pub type Make<T> = Box<dyn Fn(&[Vec<u8>]) -> Result<T, Refused> + Send + Sync>;
/// Why nothing can be made of them; never with what is in them.
pub type Refused = Box<dyn std::error::Error + Send + Sync>;

/// The files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One cannot be read.
    #[error("{file} cannot be read")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// One has more than a megabyte.
    #[error("{file} has more than {BYTES_MAX} bytes")]
    TooLarge {
        /// Which.
        file: String,
    },
    /// Nothing can be made of them.
    #[error("{files} cannot be used")]
    Refused {
        /// Which.
        files: String,
        /// Why.
        source: Refused,
    },
}

/// What is made of files.
pub struct Watched<T> {
    files: Vec<PathBuf>,
    make: Make<T>,
    made: watch::Sender<Arc<T>>,
    stamps: Vec<Option<Stamp>>,
}

/// What changes when a file does.
type Stamp = (SystemTime, u64);

impl<T> std::fmt::Debug for Watched<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Watched")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> Watched<T> {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// Fails if one cannot be read, or nothing can be made of them.
    pub fn open(files: Vec<PathBuf>, make: Make<T>) -> Result<Self, Error> {
        let stamps = stamps(&files);
        let first = made(&files, &make)?;
        Ok(Self {
            files,
            make,
            made: watch::Sender::new(Arc::new(first)),
            stamps,
        })
    }

    /// What is made of the files, always the newest.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<T>> {
        self.made.subscribe()
    }

    /// Reads the files again whenever they have changed, until `drain` is cancelled. What cannot be
    /// read leaves everything as it is.
    pub async fn follow(mut self, drain: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = drain.cancelled() => return,
            }
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            match looked.await {
                Ok(watched) => self = watched,
                // The runtime ends, or a panic was logged.
                Err(_) => return,
            }
        }
    }

    fn look(&mut self) {
        let stamps = stamps(&self.files);
        if stamps == self.stamps {
            return;
        }
        self.stamps = stamps;
        match made(&self.files, &self.make) {
            Ok(made) => {
                self.made.send_replace(Arc::new(made));
                tracing::info!(files = ?self.files, "files have changed and were read again");
            }
            Err(error) => {
                let source = std::error::Error::source(&error);
                let because = source.map(ToString::to_string).unwrap_or_default();
                tracing::warn!(%error, because, "changed files are not taken: what was read before is kept");
            }
        }
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Option<Stamp>> {
    let stamp = |file: &PathBuf| {
        let metadata = std::fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(stamp).collect()
}

fn made<T>(files: &[PathBuf], make: &Make<T>) -> Result<T, Error> {
    let contents = files.iter().map(|file| read(file));
    make(&contents.collect::<Result<Vec<_>, _>>()?).map_err(|source| {
        let files = files.iter().map(|file| file.display().to_string());
        Error::Refused {
            files: files.collect::<Vec<_>>().join(", "),
            source,
        }
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut content))
        .map_err(|source| Error::Unreadable {
            file: path.display().to_string(),
            source,
        })?;
    if content.len() as u64 > BYTES_MAX {
        return Err(Error::TooLarge {
            file: path.display().to_string(),
        });
    }
    Ok(content)
}
