//! Files that are used for as long as the service runs, and are read again when they change.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The interval at which the files are checked for changes.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// The largest file that is read, in bytes. Certificates and keys are a few KiB.
const BYTES_MAX: u64 = 1024 * 1024;

/// Builds a value from the contents of the files, in their order.
pub type Make<T> = Box<dyn Fn(&[Vec<u8>]) -> Result<T, Refused> + Send + Sync>;
/// The reason why no value can be built. The text never contains the contents of the files.
pub type Refused = Box<dyn std::error::Error + Send + Sync>;

/// The files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{file} cannot be read")]
    Unreadable {
        /// The path of the file.
        file: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A file is larger than 1 MiB.
    #[error("{file} has more than {BYTES_MAX} bytes")]
    TooLarge {
        /// The path of the file.
        file: String,
    },
    /// No value can be built from the files.
    #[error("{files} cannot be used")]
    Refused {
        /// The paths of the files, separated by commas.
        files: String,
        /// The cause.
        source: Refused,
    },
}

/// A value built from files, with the state needed to notice changes.
pub struct Watched<T> {
    files: Vec<PathBuf>,
    make: Make<T>,
    newest: watch::Sender<Arc<T>>,
    stamps: Vec<Option<Stamp>>,
}

/// A file's time of modification and its size, which change with its content.
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
    /// Reads the files and builds the first value.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read, or no value can be built from them.
    pub fn open(files: Vec<PathBuf>, make: Make<T>) -> Result<Self, Error> {
        let stamps = stamps(&files);
        let first = build(&files, &make)?;
        Ok(Self {
            files,
            make,
            newest: watch::Sender::new(Arc::new(first)),
            stamps,
        })
    }

    /// Returns a receiver that always has the newest value.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<T>> {
        self.newest.subscribe()
    }

    /// Reads the files again whenever they have changed, until `drain` is cancelled. If the files cannot be read,
    /// the last value is kept.
    pub async fn follow(mut self, drain: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(CHECK_INTERVAL) => {}
                () = drain.cancelled() => return,
            }
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            match looked.await {
                Ok(watched) => self = watched,
                // The runtime is ending, or the task panicked and the panic was logged.
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
        match build(&self.files, &self.make) {
            Ok(built) => {
                self.newest.send_replace(Arc::new(built));
                tracing::info!(files = ?self.files, "files have changed and were read again");
            }
            Err(error) => {
                let source = std::error::Error::source(&error);
                let because = source.map(ToString::to_string).unwrap_or_default();
                tracing::warn!(%error, because, "changed files cannot be used: the previous ones are kept");
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

fn build<T>(files: &[PathBuf], make: &Make<T>) -> Result<T, Error> {
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
