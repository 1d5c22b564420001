//! A busy, full or damaged store: the error names the cause, and no data is lost.

use std::path::Path;
use std::process::Command;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tonic::Code;

use crate::support::server::Server;
use crate::support::world::{
    Folder, World, create_collection, expected, first, last, name_of, plain, prose, reason,
    resumed, rows, spec, whole,
};

async fn open(database: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(database)
        .connect()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_busy_store_refuses_uploads_until_it_is_free() {
    let world = World::start().await;
    let mut other = open(&world.database()).await;
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let refused = world
        .send(vec![first(&spec("d"), b"text")])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Unavailable, "STORE_UNAVAILABLE")
    );
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    world
        .send(vec![last(first(&spec("d"), b"text"))])
        .await
        .unwrap();
}

#[tokio::test]
async fn damage_and_an_unknown_checkpoint_version_are_reported_as_such() {
    let world = World::start().await;
    let upload = spec("d");
    world
        .send(vec![first(&upload, prose(50_000).as_bytes())])
        .await
        .unwrap();
    let mut other = open(&world.database()).await;
    let kept = "UPDATE uploads SET checkpoint = ?";
    let checkpoint: (Vec<u8>,) = sqlx::query_as("SELECT checkpoint FROM uploads")
        .fetch_one(&mut other)
        .await
        .unwrap();
    let mut other_version = checkpoint.0.clone();
    other_version[0] ^= 0x7F;
    sqlx::query(kept)
        .bind(other_version)
        .execute(&mut other)
        .await
        .unwrap();
    let go_on = async || {
        let message = resumed(&name_of(&upload), 0, b"");
        world.send(vec![message]).await.unwrap_err()
    };
    let refused = go_on().await;
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "CHECKPOINT_VERSION")
    );
    let mut damaged = checkpoint.0.clone();
    damaged[50] ^= 1;
    sqlx::query(kept)
        .bind(damaged)
        .execute(&mut other)
        .await
        .unwrap();
    assert_eq!(reason(&go_on().await), "STORE_DAMAGED");
    sqlx::query("UPDATE collections SET preferences = '[]'")
        .execute(&mut other)
        .await
        .unwrap();
    let mut client = CollectionServiceClient::new(world.channel.clone());
    let request = pb::GetCollectionRequest {
        name: "collections/c".to_owned(),
    };
    let refused = client.get_collection(request).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Internal, "STORE_DAMAGED")
    );
    assert!(
        !refused.message().contains("preferences"),
        "the cause is only in the log"
    );
}

/// A disk of a few megabytes, unmounted when dropped.
pub(crate) struct Disk(Folder);

impl Disk {
    pub(crate) fn new(size: &str) -> Self {
        let folder = Folder::new();
        let size = format!("size={size}");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&folder.0);
        assert!(mount.status().unwrap().success(), "the tests run as root");
        Self(folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0.0
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[tokio::test]
async fn a_full_disk_is_reported_and_the_upload_resumes_when_there_is_room() {
    let disk = Disk::new("6m");
    let server = Server::start(disk.0.0.join("full.db"));
    let channel = server.channel();
    create_collection(&channel).await;
    let (upload, text) = (spec("d"), prose(3_000_000));
    let ballast = disk.0.0.join("ballast");
    std::fs::write(&ballast, vec![0; 4_500_000]).unwrap();
    let mut client = UploadServiceClient::new(channel.clone());
    let messages = whole(&upload, text.as_bytes(), 100_000);
    let refused = client
        .upload_document(tokio_stream::iter(messages.clone()))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::ResourceExhausted, "STORE_FULL")
    );
    std::fs::remove_file(&ballast).unwrap();
    Command::new("mount")
        .args(["-o", "remount,size=60m"])
        .arg(&disk.0.0)
        .status()
        .unwrap();
    client
        .upload_document(tokio_stream::iter(messages))
        .await
        .unwrap();
    let stored = rows(&channel, "collections/c/documents/d", None, false)
        .await
        .unwrap();
    assert!(plain(&stored) == expected(&text));
    drop(server);
}
