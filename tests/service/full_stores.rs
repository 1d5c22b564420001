//! A full store: the instance reports it, keeps its data, and resumes once there is room.

use std::path::Path;
use std::time::{Duration, Instant};

use sluice::infrastructure::postgres::connection;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::private::postgres::Cluster;
use crate::stores::Disk;
use crate::support::cluster::tablespace;
use crate::support::server::Server;
use crate::support::world::{create_collection, expected, plain, prose, reason, rows, spec, whole};
use crate::web::get;

/// The health states `SERVING` and `NOT_SERVING`.
const HEALTHS: [i32; 2] = [1, 2];

/// The longest wait for a change of readiness: longer than a busy machine needs.
const SOON: Duration = Duration::from_mins(1);

/// Waits until `/readyz` contains `ready` and the health state is `health`. Returns the response of `/readyz`.
async fn until(server: &Server, ready: &str, health: i32) -> String {
    let address = server.address.parse().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < SOON {
        let told = get(address, "/readyz", &[]).await;
        let mut client = HealthClient::new(server.channel());
        let found = client.check(HealthCheckRequest::default()).await.unwrap();
        if told.contains(ready) && found.into_inner().status == health {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreachable!("never {ready}")
}

async fn upload(
    channel: &Channel,
    spec: &sluice::interface::grpc::pb::UploadSpec,
    text: &str,
) -> Result<(), Status> {
    let messages = whole(spec, text.as_bytes(), 100_000);
    let mut client = UploadServiceClient::new(channel.clone());
    client
        .upload_document(tokio_stream::iter(messages))
        .await
        .map(drop)
}

/// Fills the store's disk, frees it, and checks that the server then stores the refused upload in full.
async fn check(server: &Server, disk: &Path, ballast_bytes: usize) {
    let channel = server.channel();
    create_collection(&channel).await;
    let [serving, not_serving] = HEALTHS;
    until(server, "200 OK", serving).await;
    let ballast = disk.join("ballast");
    std::fs::write(&ballast, vec![0; ballast_bytes]).unwrap();
    let (waiting, text) = (spec("waiting"), prose(8_000_000));
    let refused = upload(&channel, &waiting, &text).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::ResourceExhausted, "STORE_FULL")
    );
    let retry = refused.get_error_details().retry_info().cloned();
    assert!(retry.is_some_and(|retry| retry.retry_delay.is_some()));
    let told = until(server, "STORE_FULL", not_serving).await;
    assert!(told.contains(" 503 ") && told.contains("full"), "{told}");
    std::fs::remove_file(&ballast).unwrap();
    until(server, "200 OK", serving).await;
    upload(&channel, &waiting, &text).await.unwrap();
    let stored = rows(&channel, "collections/c/documents/waiting", None, false).await;
    assert!(plain(&stored.unwrap()) == expected(&text));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_with_a_full_disk_is_not_ready_until_there_is_room() {
    let disk = Disk::new("48m");
    let server = Server::start(disk.folder().join("full.db"));
    check(&server, disk.folder(), 45_000_000).await;
}

/// No write has to fail first.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_detected_before_any_write() {
    let disk = Disk::new("16m");
    let server = Server::start(disk.folder().join("full.db"));
    let ballast = disk.folder().join("ballast");
    // Writes until the disk is full: the write itself then fails.
    let _full = std::fs::write(&ballast, vec![0; 16_000_000]);
    until(&server, "STORE_FULL", HEALTHS[1]).await;
    std::fs::remove_file(&ballast).unwrap();
    until(&server, "200 OK", HEALTHS[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_with_a_full_database_is_not_ready_until_there_is_room() {
    let disk = Disk::new("32m");
    let cluster = Cluster::start(&[]);
    tablespace(&cluster, "small", &disk.folder().join("space"));
    let database = cluster.database();
    connection::migrate(&database).await.unwrap();
    for number in 0..100 {
        let statement = format!("ALTER TABLE chunks_p{number:02} SET TABLESPACE small");
        cluster.psql("test_0", &statement);
    }
    let server = Server::start(&database);
    check(&server, disk.folder(), 28_000_000).await;
}
