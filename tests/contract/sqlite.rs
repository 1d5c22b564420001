//! The suite on SQLite, and what only SQLite has.

use std::path::PathBuf;

use sluice::infrastructure::sqlite::connection::Sqlite;

use crate::suite;

struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
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
    ($($law:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $law() {
            let file = File::new(stringify!($law));
            let store = Sqlite::open(&file.0).await.unwrap();
            suite::$law(&store).await;
            store.close().await;
        }
    )+};
}

contract!(
    a_batch_replayed_changes_nothing,
    a_collection_is_created_once,
    a_version_becomes_current_at_its_end_and_an_older_one_does_not,
    an_upload_started_twice_is_one,
    another_tenant_sees_nothing,
    only_the_newest_writer_commits,
    the_hundred_partitions_equal_a_recount,
    writers_that_attach_at_once_have_different_epochs,
);

/// A file that was written is there again, and its tables are not made twice.
#[tokio::test]
async fn what_was_stored_is_there_after_opening_again() {
    let file = File::new("again");
    let store = Sqlite::open(&file.0).await.unwrap();
    suite::a_collection_is_created_once(&store).await;
    store.close().await;
    let store = Sqlite::open(&file.0).await.unwrap();
    assert!(suite::has_collection(&store).await);
    store.close().await;
}
