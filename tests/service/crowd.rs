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
use crate::levels::in_levels;
use crate::private;
use crate::support::cluster::proxied;
use crate::support::restarted::{Restarted, upload};
use crate::support::server::Server;
use crate::support::world::{
    connect, create_collection, expected, first, name_of, plain, prose, read, resumed, rows, spec,
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

/// The parents have the largest size, and each byte of the source is two bytes of text.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_uploads_with_the_largest_parents_share_a_little_memory() {
    let instance = Restarted::start().await;
    let letters = (0..1_000_000_u32).map(|at| match at % 80 {
        79 => b'\n',
        at if at % 7 == 6 => b' ',
        at => 0xC1 + u8::try_from(at % 20).unwrap(),
    });
    let source = Arc::new(letters.collect::<Vec<_>>());
    let largest = |number: usize| {
        let mut spec = in_levels(&number.to_string(), &[524_288, 4_096, 1_024], 0);
        let chunking = spec.chunking.as_mut().unwrap();
        chunking.measure = Some(pb::Measure::Bytes.into());
        spec.decoding = Some(pb::DecodingPolicy {
            charset: Some("koi8-u".to_owned()),
            ..Default::default()
        });
        spec
    };
    let uploading = (0..UPLOADS).map(|number| {
        let (instance, source) = (Arc::clone(&instance), Arc::clone(&source));
        let spec = largest(number);
        tokio::spawn(async move { upload(&instance, &spec, &source).await })
    });
    for done in uploading.collect::<Vec<_>>() {
        done.await.unwrap();
    }
    let peak_kib = instance.peak_kib().await;
    assert!(peak_kib < 100_000, "{peak_kib} KiB");
    let channel = instance.channel().await;
    for number in [0, UPLOADS - 1] {
        let request = pb::StreamChunksRequest {
            document: format!("collections/c/documents/{number}"),
            levels: vec![0],
            ..Default::default()
        };
        let parents = read(&channel, request).await.unwrap();
        let text = parents.iter().map(|parent| parent.text.len());
        assert_eq!(text.clone().count(), 4, "of half a mebibyte");
        assert!(text.sum::<usize>() > 1_800_000);
    }
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
