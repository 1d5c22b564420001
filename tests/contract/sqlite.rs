//! The suite on SQLite, and tests that only SQLite needs.

use std::path::PathBuf;

use sluice::application::ports::store::Store;
use sluice::infrastructure::sqlite::connection::Sqlite;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::laws::laws;
use crate::{
    audit, changes, collections, imports, jobs, keys, moves, partitions, quotas, rechunks, tenants,
    updates, uploads, versionless,
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

/// A stored collection is found after the file is reopened, and the tables are not created again.
#[tokio::test]
async fn stored_data_is_there_after_the_file_is_reopened() {
    let file = File::new("again");
    let store = Sqlite::open(&file.0).await.unwrap();
    collections::a_collection_is_created_once(&store).await;
    store.close().await;
    let store = Sqlite::open(&file.0).await.unwrap();
    assert!(collections::has_collection(&store).await);
    store.close().await;
}

/// The version is retained even if it is due. The ports cannot make a version that is being read due, so SQL does.
#[tokio::test]
async fn a_version_that_a_running_rechunk_reads_is_never_swept() {
    let file = File::new("pinned");
    let store = Sqlite::open(&file.0).await.unwrap();
    rechunks::the_source_of_a_rechunk_is_pinned(&store, async || {
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
