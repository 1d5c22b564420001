//! A hundred concurrent uploads into a slow database: they share one memory budget, and wait or retry. The server
//! answers other requests meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice::infrastructure::postgres::connection;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic::transport::Channel;

use crate::kills::messages;
use crate::private;
use crate::support::cluster::proxied;
use crate::support::server::Server;
use crate::support::world::{
    connect, create_collection, expected, first, name_of, plain, prose, resumed, rows, spec,
};

const UPLOADS: usize = 100;
/// The size of each document, in megabytes. The environment variable overrides it.
const DOCUMENT_MB: usize = 1;
const DOCUMENT_MB_VARIABLE: &str = "CROWD_DOCUMENT_MB";
/// The delay of each piece of 16 KiB to the database.
const SLOW: Duration = Duration::from_millis(2);
const TRIES: usize = 200;

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a manual run uses larger documents and prints its measurements"
)]
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_uploads_share_a_little_memory() {
    let cluster = private::cluster();
    let database = cluster.database();
    connection::migrate(&database).await.unwrap();
    let (proxy, store) = proxied(&cluster, &database).await;
    proxy.slow(SLOW);
    let server = Server::start(store);
    create_collection(&server.channel()).await;
    let megabytes = std::env::var(DOCUMENT_MB_VARIABLE);
    let megabytes = megabytes.map_or(DOCUMENT_MB, |megabytes| megabytes.parse().unwrap());
    let source = Arc::new(prose(megabytes * 1_000_000));
    let tries = TRIES * megabytes;
    let uploading = (0..UPLOADS).map(|number| {
        let (url, source) = (format!("http://{}", server.address), Arc::clone(&source));
        tokio::spawn(async move { persist(&connect(&url), number, &source, tries).await })
    });
    let uploading = uploading.collect::<Vec<_>>();
    let over = CancellationToken::new();
    let asking = tokio::spawn(ask(server.channel(), over.clone()));
    for done in uploading {
        done.await.unwrap();
    }
    over.cancel();
    let mut took = asking.await.unwrap();
    took.sort_unstable();
    let p99 = took[took.len() * 99 / 100];
    println!(
        "{} requests were answered meanwhile, 99 of 100 within {p99:?}; peak memory: {} KiB",
        took.len(),
        server.peak_kib()
    );
    let undisturbed = expected(&source);
    for number in [0, UPLOADS / 2, UPLOADS - 1] {
        let document = format!("collections/c/documents/{number}");
        let stored = rows(&server.channel(), &document, None, false)
            .await
            .unwrap();
        assert!(plain(&stored) == undisturbed, "{number}: the rows differ");
    }
    let peak_kib = server.peak_kib();
    assert!(peak_kib < 100_000, "{peak_kib} KiB");
}

/// Uploads a document, and resumes it after each refusal, up to `tries` times.
async fn persist(channel: &Channel, number: usize, source: &Arc<String>, tries: usize) {
    let upload = spec(&number.to_string());
    let mut client = UploadServiceClient::new(channel.clone());
    for _ in 0..tries {
        let name = name_of(&upload);
        let request = pb::GetUploadRequest { name: name.clone() };
        let (head, from) = match client.get_upload(request).await {
            Ok(found) => {
                let committed = found.into_inner().upload.unwrap().committed_offset;
                (resumed(&name, committed, b""), committed)
            }
            Err(_) => (first(&upload, b""), 0),
        };
        let from = usize::try_from(from).unwrap();
        let stream = messages(head, source, from, &Arc::default());
        match client.upload_document(stream).await {
            Ok(_) => return,
            Err(status) => assert!(
                matches!(status.code(), Code::ResourceExhausted | Code::Unavailable),
                "{status:?}"
            ),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    unreachable!("{tries} tries");
}

/// Reads the collection repeatedly until `over` is cancelled, and asserts that each call succeeds. Returns the duration
/// of each.
async fn ask(channel: Channel, over: CancellationToken) -> Vec<Duration> {
    let mut client = CollectionServiceClient::new(channel);
    let mut took = Vec::new();
    while !over.is_cancelled() {
        let request = pb::GetCollectionRequest {
            name: "collections/c".to_owned(),
        };
        let asked = Instant::now();
        let answered = client.get_collection(request).await;
        assert!(answered.is_ok(), "{answered:?} after {:?}", asked.elapsed());
        took.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    took
}
