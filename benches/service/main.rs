//! What receiving, chunking and storing cost over gRPC, against bare transport and bare inserts, in one
//! interleaved run.
//!
//! `cargo bench --bench service -- FILE` prints medians and ratios; `benches/README.md` holds the last
//! results and says how to read them.

#![expect(clippy::print_stdout, reason = "a bench prints its results")]

mod discard;
mod inserts;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sluice::bootstrap::Instance;
use sluice::config::{Config, Store};
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_document_request::Target;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

/// Odd, so that the median is a measurement.
const ROUNDS: usize = 5;
const RECEIVED_BYTES: usize = 200_000_000;
const STORED_BYTES: usize = 100_000_000;
/// What the server takes in a message.
const CONTENT_BYTES: usize = 256 * 1024;

#[tokio::main]
async fn main() {
    let text = sample(RECEIVED_BYTES);
    let folder = Folder::new();
    let received = messages(&text);
    let stored = messages(&text[..text.floor_char_boundary(STORED_BYTES)]);
    let rows = inserts::Rows::new(&text[..text.floor_char_boundary(STORED_BYTES)]);
    let default = connect(discard::serve_default().await);
    let bare = connect(discard::serve_bare().await);
    let receiving = connect(discard::serve_receiving().await);
    let instance = start(&folder.0.join("sluice.db")).await;
    let served = connect(instance.address);
    create_collection(&served).await;
    let mut times = [const { Vec::new() }; 7];
    for _ in 0..ROUNDS {
        let mut at = 0;
        let mut note = |took: Duration| {
            times[at].push(took);
            at += 1;
        };
        note(upload(&default, &received).await);
        note(upload(&bare, &received).await);
        note(upload(&receiving, &received).await);
        note(chunk_stream(&served, &received, true).await);
        note(chunk_stream(&served, &received, false).await);
        note(rows.insert(&folder.0.join("bare.db")).await);
        note(upload(&served, &stored).await);
    }
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2]
    });
    println!("medians of {ROUNDS} interleaved rounds");
    let names = [
        ("bare tonic upload, tonic's settings", RECEIVED_BYTES, 0),
        ("bare tonic upload, our settings", RECEIVED_BYTES, 0),
        ("upload, crc32c, sha256, chunk, discard", RECEIVED_BYTES, 0),
        ("ChunkStream without text", RECEIVED_BYTES, 0),
        ("ChunkStream with text", RECEIVED_BYTES, 0),
        ("bare inserts of the same rows", STORED_BYTES, 5),
        ("upload stored in SQLite", STORED_BYTES, 5),
    ];
    for (median, (name, bytes, yardstick)) in medians.iter().zip(names) {
        let rate = |took: Duration, bytes: usize| mb(bytes) / took.as_secs_f64();
        let of = rate(*median, bytes) / rate(medians[yardstick], bytes);
        println!("{name:<40} {:>6.0} MB/s {of:>6.2}", rate(*median, bytes));
    }
    instance.stop().await.expect("it stops");
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// The file that is named, or the program's own sources, repeated.
fn sample(bytes: usize) -> String {
    let file = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let once = match file {
        Some(file) => std::fs::read(file).expect("it can be read"),
        None => include_bytes!("../../README.md").to_vec(),
    };
    let once = String::from_utf8_lossy(&once[..once.len().min(bytes)]).into_owned();
    let mut text = once.repeat(bytes.div_ceil(once.len()));
    text.truncate(text.floor_char_boundary(bytes));
    text
}

fn messages(text: &str) -> Vec<pb::UploadDocumentRequest> {
    let pieces = text.as_bytes().chunks(CONTENT_BYTES).enumerate();
    let messages = pieces.map(|(number, content)| pb::UploadDocumentRequest {
        write_offset: i64::try_from(number * CONTENT_BYTES).expect("it fits"),
        content: content.to_vec().into(),
        crc32c: Some(crc32c::crc32c(content)),
        ..Default::default()
    });
    messages.collect()
}

fn connect(address: std::net::SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    endpoint
        .initial_connection_window_size(8 * 1024 * 1024)
        .connect_lazy()
}

async fn start(database: &Path) -> Instance {
    let config = Config {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        store: Store::at(database),
        ..Config::default()
    };
    Instance::start(&config).await.expect("it starts")
}

async fn create_collection(channel: &Channel) {
    let request = pb::CreateCollectionRequest {
        collection_id: "c".to_owned(),
        ..Default::default()
    };
    let mut client = CollectionServiceClient::new(channel.clone());
    client.create_collection(request).await.expect("it is new");
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
        .expect("it is taken");
    begun.elapsed()
}

/// Has a source cut, and reads the chunks.
async fn chunk_stream(
    channel: &Channel,
    messages: &[pb::UploadDocumentRequest],
    omit_text: bool,
) -> Duration {
    let last = messages.len() - 1;
    let messages = messages.to_vec();
    let stream = messages
        .into_iter()
        .enumerate()
        .map(move |(number, message)| pb::ChunkStreamRequest {
            spec: (number == 0).then(|| pb::ChunkStreamSpec {
                omit_text,
                ..Default::default()
            }),
            content: message.content,
            crc32c: message.crc32c,
            finish_write: number == last,
            ..Default::default()
        });
    let begun = Instant::now();
    let mut answers = ChunkingServiceClient::new(channel.clone())
        .chunk_stream(tokio_stream::iter(stream))
        .await
        .expect("it is taken")
        .into_inner();
    let mut chunks = 0;
    while let Some(answer) = answers.message().await.expect("it goes on") {
        chunks += answer.chunks.len();
    }
    assert!(chunks > 0, "the source has chunks");
    begun.elapsed()
}

/// A folder that goes when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("sluice-bench-{}", Uuid::new_v4()));
        std::fs::create_dir(&folder).expect("it is new");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left in the system's temporary folder.
        let _left_over = std::fs::remove_dir_all(&self.0);
    }
}
