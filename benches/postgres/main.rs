//! What an upload stored in PostgreSQL costs against `COPY BINARY` of the same rows into the same
//! table, in one interleaved run.
//!
//! `cargo bench --bench postgres -- FILE` prints medians and ratios; `benches/README.md` holds the
//! last results and says how to read them.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its results, and has nobody to tell of a failure"
)]

mod copies;
#[path = "../../tests/private/postgres.rs"]
mod postgres;

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use sluice::bootstrap::Instance;
use sluice::config::{Config, Store};
use sluice::infrastructure::postgres::connection;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_document_request::Target;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use crate::copies::Table;
use crate::postgres::Cluster;

/// Odd, so that the median is a measurement.
const ROUNDS: usize = 5;
/// Of each of the uploads.
const ONE_BYTES: usize = 100_000_000;
const FOUR_BYTES: usize = 50_000_000;
/// What the server takes in a message.
const CONTENT_BYTES: usize = 256 * 1024;

#[tokio::main]
async fn main() {
    let text = sample(ONE_BYTES);
    let (one, four) = (messages(&text), messages(&text[..FOUR_BYTES]));
    let cluster = Cluster::start(&[]);
    let database = cluster.database();
    connection::migrate(&database).await.unwrap();
    let instance = start(&database).await;
    let channel = connect(instance.address);
    create_collection(&channel).await;
    let table = Table::open(&database).await;

    upload(&channel, &one).await;
    let one_rows = table.take().await;
    uploads(&channel, &four, 4).await;
    let four_rows = table.take().await;
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        times[0].push(table.copy(&one_rows, 1).await);
        times[1].push(upload(&channel, &one).await);
        table.clear().await;
        times[2].push(table.copy(&four_rows, 2).await);
        times[3].push(uploads(&channel, &four, 4).await);
        table.clear().await;
    }
    let names = [
        ("COPY BINARY, one connection", ONE_BYTES, 0),
        ("one upload", ONE_BYTES, 0),
        ("COPY BINARY, two connections", 4 * FOUR_BYTES, 2),
        ("four uploads at once", 4 * FOUR_BYTES, 2),
    ];
    println!("medians of {ROUNDS} interleaved rounds");
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2].as_secs_f64()
    });
    for (median, (name, bytes, yardstick)) in medians.iter().zip(names) {
        let of = medians[yardstick] / median;
        println!("{name:<32} {:>6.1} MB/s {of:>6.2}", mb(bytes) / median);
    }
    instance.stop().await.unwrap();
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// The file that is named, repeated.
fn sample(bytes: usize) -> String {
    let file = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .expect("a file of text");
    let once = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
    let mut text = once.repeat(bytes.div_ceil(once.len()));
    text.truncate(text.floor_char_boundary(bytes));
    text
}

fn messages(text: &str) -> Vec<pb::UploadDocumentRequest> {
    let pieces = text.as_bytes().chunks(CONTENT_BYTES).enumerate();
    let messages = pieces.map(|(number, content)| pb::UploadDocumentRequest {
        write_offset: i64::try_from(number * CONTENT_BYTES).unwrap(),
        content: content.to_vec().into(),
        crc32c: Some(crc32c::crc32c(content)),
        ..Default::default()
    });
    messages.collect()
}

fn connect(address: std::net::SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .initial_connection_window_size(8 * 1024 * 1024)
        .connect_lazy()
}

async fn start(database: &str) -> Instance {
    let store = Store {
        location: database.to_owned().into(),
        ..Store::default()
    };
    let config = Config {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        store,
        ..Config::default()
    };
    Instance::start(&config).await.unwrap()
}

async fn create_collection(channel: &Channel) {
    let request = pb::CreateCollectionRequest {
        collection_id: "c".to_owned(),
        ..Default::default()
    };
    let mut client = CollectionServiceClient::new(channel.clone());
    client.create_collection(request).await.unwrap();
}

/// Uploads new documents, all at once.
async fn uploads(
    channel: &Channel,
    messages: &[pb::UploadDocumentRequest],
    number: usize,
) -> Duration {
    let begun = Instant::now();
    let uploading = (0..number).map(|_| {
        let (channel, messages) = (channel.clone(), messages.to_vec());
        tokio::spawn(async move { upload(&channel, &messages).await })
    });
    for done in uploading.collect::<Vec<_>>() {
        done.await.unwrap();
    }
    begun.elapsed()
}

/// Uploads a new document, whole.
async fn upload(channel: &Channel, messages: &[pb::UploadDocumentRequest]) -> Duration {
    let request_id = Uuid::new_v4().to_string();
    let spec = pb::UploadSpec {
        collection: "collections/c".to_owned(),
        document_id: request_id.clone(),
        request_id,
        ..Default::default()
    };
    let last = messages.len() - 1;
    let messages = messages.to_vec();
    let stream = messages
        .into_iter()
        .enumerate()
        .map(move |(number, message)| pb::UploadDocumentRequest {
            target: (number == 0).then(|| Target::Spec(spec.clone())),
            finish_write: number == last,
            ..message
        });
    let begun = Instant::now();
    UploadServiceClient::new(channel.clone())
        .upload_document(tokio_stream::iter(stream))
        .await
        .unwrap();
    begun.elapsed()
}
