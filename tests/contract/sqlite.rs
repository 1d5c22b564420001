//! The suite on SQLite, and what only SQLite has.

use std::path::PathBuf;

use sluice::application::ports::store::Store;
use sluice::infrastructure::sqlite::connection::Sqlite;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::laws::laws;
use crate::{
    audit, changes, collections, imports, jobs, keys, moves, partitions, quotas, rechunks, tenants,
    uploads, versionless,
};

pub(crate) struct File(pub(crate) PathBuf);

impl File {
    pub(crate) fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("sluice-contract-{name}-{}.db", std::process::id())))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let _absent = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}

macro_rules! contract {
    ($($noun:ident::$law:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $law() {
            let file = File::new(stringify!($law));
            let store = Sqlite::open(&file.0).await.unwrap();
            $noun::$law(&store).await;
            store.close().await;
        }
    )+};
}

laws!(contract);

/// A file that was written is there again, and its tables are not made twice.
#[tokio::test]
async fn what_was_stored_is_there_after_opening_again() {
    let file = File::new("again");
    let store = Sqlite::open(&file.0).await.unwrap();
    collections::a_collection_is_created_once(&store).await;
    store.close().await;
    let store = Sqlite::open(&file.0).await.unwrap();
    assert!(collections::has_collection(&store).await);
    store.close().await;
}

/// Even if its time has come: no port can say so of a version that is read.
#[tokio::test]
async fn a_version_that_a_running_rechunk_reads_is_never_swept() {
    let file = File::new("pinned");
    let store = Sqlite::open(&file.0).await.unwrap();
    rechunks::what_is_read_is_pinned(&store, async || {
        let options = SqliteConnectOptions::new().filename(&file.0);
        let mut other = options.connect().await.unwrap();
        sqlx::query("UPDATE versions SET sweep_after = 1 WHERE version = 1")
            .execute(&mut other)
            .await
            .unwrap();
    })
    .await;
    store.close().await;
}
