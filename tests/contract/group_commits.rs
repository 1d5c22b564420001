//! Batches that wait for the writer of a SQLite file share a transaction, but not each other's errors.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sluice::application::commit_order::CommitTicket;
use sluice::application::ports::operations::Operation;
use sluice::application::ports::store::Store;
use sluice::application::ports::tenants::Tenants;
use sluice::application::ports::uploads::{Uploads, Writer};
use sluice::application::store_error::Error;
use sluice::domain::ingest::batch::Batch;
use sluice::domain::limits::quota::{Quota, Quotas};
use sluice::domain::names::resource::TenantId;
use sluice::infrastructure::sqlite::connection::Sqlite;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::task::JoinSet;

use crate::sqlite::File;
use crate::world::{at, attach, batches, caller, new_upload, start, texts};

const UPLOADS: u8 = 16;
/// The bytes of its tenant's quota that a new document reserves.
const RESERVED: u64 = 64 * 1024 * 1024;
/// The highest number of transactions. A group takes the waiting batches, and a late batch waits for the next group.
const COMMITS_MAX: usize = 3;
/// Far longer than sixteen callers need to request the writer.
const ASKED: Duration = Duration::from_millis(500);

type Outcome = Result<Option<Operation>, Error>;

fn text(number: u8) -> String {
    format!("The text of document {number}.")
}

fn batch(number: u8) -> Arc<Batch> {
    batches(&text(number)).0.remove(0)
}

async fn writers(store: &Sqlite) -> Vec<Writer> {
    let mut writers = Vec::new();
    for number in 0..UPLOADS {
        start(store, &new_upload(number, &number.to_string())).await;
        writers.push(attach(store, &[number; 16].into()).await);
    }
    writers
}

/// Commits a batch of each writer while another process holds the file. Returns the outcomes in the order of the
/// writers.
async fn commit_at_once(
    store: &Arc<Sqlite>,
    file: &Path,
    writers: Vec<Writer>,
    batch: fn(u8) -> Arc<Batch>,
) -> Vec<Outcome> {
    let options = SqliteConnectOptions::new().filename(file);
    let mut other = options.connect().await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut commits = JoinSet::new();
    for (number, writer) in (0..).zip(writers) {
        let store = Arc::clone(store);
        commits.spawn(async move {
            let (batch, turn) = (batch(number), CommitTicket::first());
            (
                number,
                store.commit_batch(&writer, &batch, &turn, at(3)).await,
            )
        });
    }
    tokio::time::sleep(ASKED).await;
    held.rollback().await.unwrap();
    let mut outcomes = commits.join_all().await;
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Returns the number of transactions in the file's log. The frame that ends a transaction has the size of the
/// database (SQLite's file format, 4.1).
fn commits(file: &Path) -> usize {
    const HEADER: usize = 32;
    const FRAME_HEADER: usize = 24;
    let log = std::fs::read(format!("{}-wal", file.display())).unwrap();
    let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    let salt = &log[16..24];
    let frames = log[HEADER..].chunks_exact(FRAME_HEADER + page);
    let current = frames.filter(|frame| frame[8..16] == *salt);
    current.filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn batches_that_wait_together_share_a_transaction() {
    let file = File::new("group");
    let store = Arc::new(Sqlite::open(&file.0).await.unwrap());
    let mut writers = writers(&store).await;
    writers[7].epoch -= 1;
    let before = commits(&file.0);
    let outcomes = commit_at_once(&store, &file.0, writers, batch).await;
    let commits = commits(&file.0) - before;
    assert!((1..=COMMITS_MAX).contains(&commits), "{commits}");
    for (number, outcome) in (0..).zip(outcomes) {
        let is_stored = number != 7;
        assert_eq!(outcome.unwrap().is_some(), is_stored, "{number}");
        let upload = store
            .upload(&caller(), &[number; 16].into())
            .await
            .unwrap()
            .unwrap();
        let stored = texts(&*store, &caller(), &upload).await.concat();
        assert_eq!(
            stored,
            if is_stored {
                text(number)
            } else {
                String::new()
            }
        );
    }
    store.close().await;
}

#[tokio::test]
async fn a_batch_that_fails_in_a_group_fails_alone() {
    let file = File::new("group-failure");
    let store = Arc::new(Sqlite::open(&file.0).await.unwrap());
    let writers = writers(&store).await;
    let quotas = Quotas {
        bytes: Some(u64::from(UPLOADS) * RESERVED),
        ..Quotas::default()
    };
    let tenant = TenantId::default();
    store.set_quotas(&tenant, quotas).await.unwrap();
    let outcomes = commit_at_once(&store, &file.0, writers, |number| {
        let mut batch = Batch::clone(&batch(number));
        if number == 7 {
            batch.checkpoint.place.position.source = RESERVED + 1;
        }
        Arc::new(batch)
    });
    for (number, outcome) in (0..).zip(outcomes.await) {
        match outcome {
            Ok(operation) => assert!(number != 7 && operation.is_some(), "{number}"),
            Err(error) => {
                assert_eq!(number, 7);
                assert!(matches!(error, Error::Quota(Quota::Bytes)), "{error:?}");
            }
        }
    }
    store.close().await;
}
