//! Opens the store's file, with one connection that writes and several that read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::application::store_error::Error;
use crate::infrastructure::migrations::{self, Step};
use crate::infrastructure::sqlite::cause;
use crate::infrastructure::sqlite::commit_queue::CommitQueue;

/// The page size. Rows of 1,000 bytes would overflow pages of 4,096 bytes, at a third of the speed.
const PAGE_BYTES: u32 = 16_384;
/// The longest time a statement waits for another process, such as `sqlite3` in a shell.
const BUSY_MAX: Duration = Duration::from_secs(5);
/// The longest time a request waits for a connection.
const ACQUIRE_MAX: Duration = Duration::from_secs(5);
/// The number of readers: as many as a small server has cores. Reading is fast.
const READERS: u32 = 4;
/// The page cache of a reader; SQLite takes a negative number as KiB. The system caches the file as well, once for
/// all readers.
const READER_CACHE: &str = "-512";

/// Takes the write lock at once. A transaction that reads first could fail when it writes.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// The migrations, in order.
const STEPS: [Step; 10] = [
    (
        20_261_123_180_000,
        "documents",
        include_str!("../../../migrations/sqlite/20261123180000_documents.sql"),
    ),
    (
        20_261_123_180_100,
        "uploads",
        include_str!("../../../migrations/sqlite/20261123180100_uploads.sql"),
    ),
    (
        20_261_123_180_200,
        "chunks",
        include_str!("../../../migrations/sqlite/20261123180200_chunks.sql"),
    ),
    (
        20_261_123_180_225,
        "moves",
        include_str!("../../../migrations/sqlite/20261123180225_moves.sql"),
    ),
    (
        20_261_123_180_250,
        "jobs",
        include_str!("../../../migrations/sqlite/20261123180250_jobs.sql"),
    ),
    (
        20_261_123_180_300,
        "partition_health",
        include_str!("../../../migrations/sqlite/20261123180300_partition_health.sql"),
    ),
    (
        20_261_124_020_000,
        "identity",
        include_str!("../../../migrations/sqlite/20261124020000_identity.sql"),
    ),
    (
        20_261_124_103_600,
        "imports",
        include_str!("../../../migrations/sqlite/20261124103600_imports.sql"),
    ),
    (
        20_261_124_110_000,
        "quotas",
        include_str!("../../../migrations/sqlite/20261124110000_quotas.sql"),
    ),
    (
        20_261_127_014_500,
        "audit",
        include_str!("../../../migrations/sqlite/20261127014500_audit.sql"),
    ),
];

/// A store in one file.
#[derive(Debug)]
pub struct Sqlite {
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
    pub(super) file: PathBuf,
    pub(super) commits: CommitQueue,
}

impl Sqlite {
    /// Opens the file. Creates the file and its tables if they do not exist.
    ///
    /// # Errors
    ///
    /// Fails with the cause and a remedy if the file cannot be opened or its schema is of a newer version.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .page_size(PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged commit survives a power cut, so offsets never go back.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_MAX);
        let pool = |size| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .acquire_timeout(ACQUIRE_MAX)
                // When the disk is full, SQLite ends a transaction by itself. The driver still believes that it is
                // open, so such a connection cannot be used again.
                .before_acquire(|connection, _| {
                    let is_usable = !connection.is_in_transaction();
                    Box::pin(std::future::ready(Ok(is_usable)))
                })
        };
        let writer = pool(1)
            .connect_with(options.clone())
            .await
            .map_err(|error| cause::of(path, error))?;
        migrations::migrator(&STEPS)
            .run(&writer)
            .await
            .map_err(|error| cause::of_migrations(path, error))?;
        let readers = pool(READERS).connect_lazy_with(options.pragma("cache_size", READER_CACHE));
        Ok(Self {
            writer,
            readers,
            file: path.to_owned(),
            commits: CommitQueue::default(),
        })
    }
}
