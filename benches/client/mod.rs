//! A server in the bench's own process, and a client that sends documents as fast as the server accepts them.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use sluice::bootstrap::Instance;
use sluice::config::Config;
use sluice::config::sections::limits::RateSetting;
use sluice::config::sections::store::Store;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_document_request::Target;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

/// Content bytes of a message, as in `sluice upload`.
pub(crate) const CONTENT_BYTES: usize = 31 * 1024;

/// Returns the arguments of the bench, without the flag that `cargo` adds.
pub(crate) fn arguments() -> Vec<String> {
    let arguments = std::env::args().skip(1);
    arguments
        .filter(|argument| !argument.starts_with('-'))
        .collect()
}

/// Returns `bytes` bytes of the file that is named, or of the README, repeated.
pub(crate) fn sample(bytes: usize) -> String {
    let once = match arguments().first() {
        Some(file) => std::fs::read(file).expect("it can be read"),
        None => include_bytes!("../../README.md").to_vec(),
    };
    let once = String::from_utf8_lossy(&once[..once.len().min(bytes)]).into_owned();
    let mut text = once.repeat(bytes.div_ceil(once.len()));
    text.truncate(text.floor_char_boundary(bytes));
    text
}

pub(crate) fn messages(text: &str) -> Vec<pb::UploadDocumentRequest> {
    let pieces = text.as_bytes().chunks(CONTENT_BYTES).enumerate();
    let messages = pieces.map(|(number, content)| pb::UploadDocumentRequest {
        write_offset: i64::try_from(number * CONTENT_BYTES).expect("it fits"),
        content: content.to_vec().into(),
        crc32c: Some(crc32c::crc32c(content)),
        ..Default::default()
    });
    messages.collect()
}

/// Returns the settings of a server with this store.
pub(crate) fn config(store: Store) -> Config {
    Config {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        store,
        ..Config::default()
    }
}

pub(crate) async fn start(store: Store) -> Instance {
    let mut config = config(store);
    // Measure the speed of reads, not their rate limit.
    config.limits.rates.read = RateSetting {
        per_second: 1e6,
        burst: 1_000_000,
    };
    Instance::start(&config).await.expect("it starts")
}

pub(crate) fn connect(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    endpoint
        .initial_connection_window_size(8 * 1024 * 1024)
        .connect_lazy()
}

pub(crate) async fn create_collection(channel: &Channel) {
    let request = pb::CreateCollectionRequest {
        collection_id: "c".to_owned(),
        ..Default::default()
    };
    let mut client = CollectionServiceClient::new(channel.clone());
    client.create_collection(request).await.expect("it is new");
}

/// Uploads a complete new document.
pub(crate) async fn upload(channel: &Channel, messages: &[pb::UploadDocumentRequest]) -> Duration {
    upload_as(channel, messages, None).await
}

/// Uploads a document by a spec, or by that of its collection. Returns the time until the answer.
pub(crate) async fn upload_as(
    channel: &Channel,
    messages: &[pb::UploadDocumentRequest],
    chunking: Option<pb::ChunkingSpec>,
) -> Duration {
    let request_id = Uuid::new_v4().to_string();
    let spec = pb::UploadSpec {
        collection: "collections/c".to_owned(),
        document_id: request_id.clone(),
        request_id,
        chunking,
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

#[expect(clippy::cast_precision_loss, reason = "for people")]
pub(crate) fn mb(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
