//! Disturbed rechunks: a cancellation, concurrent reads, a stopped or killed server, a locked store.

use std::path::Path;
use std::time::{Duration, Instant};

use sluice::bootstrap::Instance;
use sluice::config::Config;
use sluice::config::sections::store::Store;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::operation_service_client::OperationServiceClient;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::rechunks::{
    RUNNING, SUCCEEDED, document, ended, operation, other_chunking, overlapping, rechunk, request,
    said, until, upload, utf_16,
};
use crate::support::server::Server;
use crate::support::world::{Folder, World, connect, create_collection, prose, rows, spec};

const CANCELLED: i32 = 4;
/// The longest time until another server takes over a released lease. An abandoned lease would last 20 s to 30 s more,
/// because a lease of 30 s is renewed every 10 s.
const TAKEN_OVER_MAX: Duration = Duration::from_secs(15);
/// The bytes of a document that needs several commits.
const LARGE: usize = 12_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_rechunk_can_be_cancelled_and_requested_again() {
    let world = World::start().await;
    upload(&world.channel, &spec("d"), prose(LARGE).as_bytes()).await;
    let before = said(&world.channel, "d").await;
    let begun = rechunk(&world.channel, request("d")).await.unwrap();
    let name = begun.name.clone();
    let middle = until(&world.channel, &name, |state| state.committed_bytes > 0).await;
    assert_eq!(middle.state, RUNNING);
    let mut client = OperationServiceClient::new(world.channel.clone());
    let cancel = pb::CancelOperationRequest { name: name.clone() };
    let cancelled = client.cancel_operation(cancel).await.unwrap().into_inner();
    assert_eq!(cancelled.operation.unwrap().state, CANCELLED);
    assert!(said(&world.channel, "d").await == before);
    let again = rechunk(&world.channel, request("d")).await.unwrap();
    assert_eq!(ended(&world.channel, &again.name).await.state, SUCCEEDED);
    assert_eq!(operation(&world.channel, &name).await.state, CANCELLED);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_the_complete_old_version_during_a_rechunk() {
    let world = World::start_with(|config| {
        config.retention.old_version_seconds = 0;
        config.retention.sweep_every_seconds = 1;
    })
    .await;
    upload(&world.channel, &spec("d"), prose(LARGE).as_bytes()).await;
    let before = said(&world.channel, "d").await;
    let begun = rechunk(&world.channel, request("d")).await.unwrap();
    let (mut reads, mut other) = (0, open(&world.database()).await);
    loop {
        // While this lock is held, the rechunk cannot end, so a read does not outlast it. Between two reads, rechunk
        // and sweep continue.
        let held = sqlx::query("BEGIN IMMEDIATE").execute(&mut other);
        held.await.unwrap();
        if operation(&world.channel, &begun.name).await.state != RUNNING {
            break;
        }
        let read = rows(&world.channel, &document("d"), None, false).await;
        let read = read.unwrap();
        assert!(read.iter().all(|chunk| chunk.version == 1));
        assert_eq!(read.len(), before.len());
        reads += 1;
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(other);
    assert!(reads > 0, "no read during the rechunk");
    let after = rows(&world.channel, &document("d"), None, false).await;
    assert!(after.unwrap().iter().all(|chunk| chunk.version == 2));
}

async fn open(database: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(database);
    options.connect().await.unwrap()
}

/// Expires the lease of a dead server, so that its successor takes over at once.
pub(crate) async fn end_lease(database: &Path) {
    let mut other = open(database).await;
    let ended = sqlx::query("UPDATE leases SET expires_at = 0").execute(&mut other);
    ended.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_during_a_rechunk_resumes_it_by_itself() {
    let folder = Folder::new();
    let database = folder.0.join("rechunks.db");
    let mut server = Server::start(&database);
    create_collection(&server.channel()).await;
    let source = utf_16(&format!("\u{FEFF}{}", prose(LARGE)), u16::to_le_bytes);
    let chunked = |id, chunking| pb::UploadSpec {
        chunking: Some(chunking),
        decoding: Some(pb::DecodingPolicy {
            charset: Some("auto".to_owned()),
            ..pb::DecodingPolicy::default()
        }),
        ..spec(id)
    };
    upload(&server.channel(), &chunked("d", overlapping()), &source).await;
    let undisturbed = chunked("undisturbed", other_chunking());
    upload(&server.channel(), &undisturbed, &source).await;
    let begun = rechunk(&server.channel(), request("d")).await.unwrap();
    let (mut committed, mut kills) = (0, 0);
    loop {
        let is_further = |state: &pb::Operation| state.committed_bytes > committed;
        let state = until(&server.channel(), &begun.name, is_further).await;
        if state.state != RUNNING || kills == 5 {
            break;
        }
        drop(server);
        (committed, kills) = (state.committed_bytes, kills + 1);
        end_lease(&database).await;
        server = Server::start(&database);
        let kept = operation(&server.channel(), &begun.name).await;
        assert!(kept.committed_bytes >= committed, "a commit was lost");
    }
    assert!(kills >= 3, "{kills} kills during the rechunk");
    let ended = ended(&server.channel(), &begun.name).await;
    assert_eq!(ended.state, SUCCEEDED, "{ended:?}");
    let channel = server.channel();
    assert!(said(&channel, "d").await == said(&channel, "undisturbed").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_hands_its_rechunk_to_the_next() {
    let world = World::start().await;
    upload(&world.channel, &spec("d"), prose(LARGE).as_bytes()).await;
    let begun = rechunk(&world.channel, request("d")).await.unwrap();
    let name = begun.name;
    let middle = until(&world.channel, &name, |state| state.committed_bytes > 0).await;
    assert_eq!(middle.state, RUNNING);
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        store: Store::at(&world.database()),
        ..Config::default()
    };
    world.instance.stop().await.unwrap();
    let stopped = Instant::now();
    let next = Instance::start(&config).await.unwrap();
    let channel = connect(&format!("http://{}", next.address));
    let kept = operation(&channel, &name).await.committed_bytes;
    assert!(kept >= middle.committed_bytes, "committed data is kept");
    let moves = |state: &pb::Operation| state.committed_bytes > kept;
    until(&channel, &name, moves).await;
    assert!(
        stopped.elapsed() < TAKEN_OVER_MAX,
        "the lease was not released"
    );
    assert_eq!(ended(&channel, &name).await.state, SUCCEEDED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rechunk_that_cannot_proceed_is_retried() {
    let world = World::start_with(|config| config.retention.sweep_every_seconds = 1).await;
    upload(&world.channel, &spec("d"), prose(LARGE).as_bytes()).await;
    let begun = rechunk(&world.channel, request("d")).await.unwrap();
    let name = begun.name;
    until(&world.channel, &name, |state| state.committed_bytes > 0).await;
    let mut other = open(&world.database()).await;
    let locked = sqlx::query("BEGIN IMMEDIATE").execute(&mut other);
    locked.await.unwrap();
    // Longer than a commit waits for the lock of another process.
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(operation(&world.channel, &name).await.state, RUNNING);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(ended(&world.channel, &name).await.state, SUCCEEDED);
}
