//! Throughput of many good uploads, and latency of a small one, beside hundreds of slow or silent ones.
//!
//! Tenants have separate API keys. The server is a separate process, whose memory the kernel measures. Slow clients
//! behave like `sluice upload` over a slow link: messages of 31 KiB that arrive at 17.5 KB a second.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sluice::bootstrap;
use sluice::config::sections::store::Store;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::admin_service_client::AdminServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use sluice::interface::grpc::pb::upload_document_request::Target;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use uuid::Uuid;

use crate::client::{CONTENT_BYTES, connect, mb, messages};
use crate::proxy::Proxy;

/// Slow uploads of one tenant. A third sends large messages over a slow link, a third sends small messages, and a
/// third sends only empty messages after its first one.
const SLOW: usize = 200;
/// Concurrent uploads of another tenant, and the length of each.
const GOOD: usize = 50;
const GOOD_BYTES: usize = 2_000_000;
/// Bytes of the text from which all uploads are taken.
const SAMPLE_BYTES: usize = 4_000_000;
/// Small uploads of each round, one after the other.
const SMALL: usize = 200;
/// Interleaved, and odd so that the median is a measurement.
const ROUNDS: usize = 5;
/// The time in which a slow link passes 16 KiB: 17.5 KB a second.
const LINK_DELAY: Duration = Duration::from_millis(936);
/// The interval between the small messages of a slow client, and their size.
const SMALL_EVERY: Duration = Duration::from_millis(250);
const SMALL_BYTES: usize = 4_375;
/// The interval between the empty messages of a silent client.
const ALIVE_EVERY: Duration = Duration::from_secs(10);
/// The time that slow uploads run before the measurements beside them. By then the first large messages are half
/// sent.
const WARM_UP: Duration = Duration::from_secs(10);

/// The sizes of levels with the largest parents.
const LARGEST_PARENTS: [u32; 3] = [524_288, 16_384, 1_000];

type Shown = InterceptedService<Channel, Shows>;

/// Sends an API key with each call.
#[derive(Clone)]
struct Shows(AsciiMetadataValue);

impl tonic::service::Interceptor for Shows {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// The measurements of one round.
#[derive(Default)]
struct Round {
    bytes_per_second: f64,
    small: Vec<Duration>,
}

pub(crate) async fn slow(folder: &Path, has_parents: bool) {
    let text = include_str!("../../README.md").replace(|c: char| !c.is_ascii(), "?");
    let text = text.repeat(SAMPLE_BYTES / text.len() + 1);
    let file = folder.join("slow.db");
    let operator = bootstrap::first_key(&Store::at(&file), false).await;
    let operator = shows(operator.expect("a store").expect("a new store").expose());
    let server = Server::start(&file);
    let [good, slow] = ["good", "slow"].map(|id| tenant(&server, &operator, id, has_parents));
    let (good, slow) = (good.await, slow.await);
    let good_messages = messages(&text[..GOOD_BYTES]);
    let (mut quiet, mut beside) = (Vec::new(), Vec::new());
    let (mut ended, mut peak_quiet, mut peak_beside) = (Vec::new(), 0, 0);
    for _ in 0..ROUNDS {
        server.forget_peak();
        quiet.push(round(&server, &good, &good_messages).await);
        peak_quiet = server.peak_bytes().max(peak_quiet);
        server.forget_peak();
        let mut slow = Slow::start(&server, &slow, &text).await;
        tokio::time::sleep(WARM_UP).await;
        beside.push(round(&server, &good, &good_messages).await);
        ended.extend(slow.ended().await);
        peak_beside = server.peak_bytes().max(peak_beside);
    }
    let (rate, p99) = summary(quiet);
    let (rate_beside, p99_beside) = summary(beside);
    println!(
        "{GOOD} uploads of one tenant, alone and beside {SLOW} slow ones of another; medians of {ROUNDS} rounds"
    );
    println!(
        "all uploads, MB/s          {:>8.1} {:>8.1}   ratio {:.2}",
        rate / 1e6,
        rate_beside / 1e6,
        rate_beside / rate
    );
    println!(
        "a small upload, p99 in ms  {p99:>8.1} {p99_beside:>8.1}   ratio {:.2}",
        p99_beside / p99
    );
    println!(
        "slow uploads that were ended: {} of {}",
        ended.len(),
        SLOW * ROUNDS
    );
    ended.sort_unstable();
    ended.dedup();
    for reason in ended {
        println!("    {reason}");
    }
    println!(
        "peak RSS of the server, MB {:>8.1} {:>8.1}",
        mb(peak_quiet),
        mb(peak_beside)
    );
}

/// Returns the median of the rates, and the 99th percentile of all small uploads in milliseconds.
fn summary(rounds: Vec<Round>) -> (f64, f64) {
    let mut rates = rounds
        .iter()
        .map(|round| round.bytes_per_second)
        .collect::<Vec<_>>();
    rates.sort_unstable_by(f64::total_cmp);
    let mut small = rounds
        .into_iter()
        .flat_map(|round| round.small)
        .collect::<Vec<_>>();
    small.sort_unstable();
    (
        rates[rates.len() / 2],
        small[small.len() * 99 / 100].as_secs_f64() * 1e3,
    )
}

async fn round(server: &Server, key: &Shows, good: &[pb::UploadDocumentRequest]) -> Round {
    let mut round = Round::default();
    let client = connect(server.address.parse().expect("an address"));
    let small = messages(&"A small document. ".repeat(100));
    for _ in 0..SMALL {
        round.small.push(upload(with(&client, key), &small).await);
    }
    let begun = Instant::now();
    let mut uploads = JoinSet::new();
    for _ in 0..GOOD {
        let channel = connect(server.address.parse().expect("an address"));
        let (client, good) = (with(&channel, key), good.to_vec());
        uploads.spawn(async move { upload(client, &good).await });
    }
    let done = uploads.join_all().await;
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let bytes = (done.len() * GOOD_BYTES) as f64;
    round.bytes_per_second = bytes / begun.elapsed().as_secs_f64();
    round
}

fn first_message(content: &[u8]) -> pb::UploadDocumentRequest {
    let request_id = Uuid::new_v4().to_string();
    pb::UploadDocumentRequest {
        target: Some(Target::Spec(pb::UploadSpec {
            collection: "collections/c".to_owned(),
            document_id: request_id.clone(),
            request_id,
            ..Default::default()
        })),
        content: content.to_vec().into(),
        ..Default::default()
    }
}

/// Uploads a new document, and retries while the server has no room for it.
async fn upload(
    mut client: UploadServiceClient<Shown>,
    of: &[pb::UploadDocumentRequest],
) -> Duration {
    let begun = Instant::now();
    let last = of.len() - 1;
    loop {
        let first = first_message(b"").target;
        let messages = of.to_vec();
        let stream = messages
            .into_iter()
            .enumerate()
            .map(move |(number, message)| pb::UploadDocumentRequest {
                target: (number == 0).then(|| first.clone()).flatten(),
                finish_write: number == last,
                ..message
            });
        match client.upload_document(tokio_stream::iter(stream)).await {
            Ok(_) => return begun.elapsed(),
            Err(status) => {
                assert_eq!(status.code(), tonic::Code::ResourceExhausted, "{status:?}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Slow uploads, which end when this is dropped.
struct Slow {
    uploads: Vec<JoinHandle<Result<(), Status>>>,
    _link: Proxy,
}

impl Slow {
    async fn start(server: &Server, key: &Shows, text: &str) -> Self {
        let link = Proxy::before(server.address.clone()).await;
        link.slow(LINK_DELAY);
        let mut uploads = Vec::new();
        for number in 0..SLOW {
            let address = if number % 3 == 0 {
                &link.address
            } else {
                &server.address
            };
            let mut client = with(&connect(address.parse().expect("an address")), key);
            let stream = match number % 3 {
                0 => pieces(text, CONTENT_BYTES, Duration::ZERO),
                1 => pieces(text, SMALL_BYTES, SMALL_EVERY),
                _ => pieces(text, 0, ALIVE_EVERY),
            };
            uploads.push(tokio::spawn(async move {
                client.upload_document(stream).await.map(|_| ())
            }));
        }
        Self {
            uploads,
            _link: link,
        }
    }

    /// Returns the reasons of the uploads that the server has ended.
    async fn ended(&mut self) -> Vec<String> {
        let (ended, open) = self
            .uploads
            .drain(..)
            .partition::<Vec<_>, _>(JoinHandle::is_finished);
        self.uploads = open;
        let mut reasons = Vec::new();
        for upload in ended {
            let status = upload.await.expect("it does not panic").err();
            let status = status.map_or_else(
                || "OK".to_owned(),
                |status| format!("{:?}: {}", status.code(), status.message()),
            );
            reasons.push(status);
        }
        reasons
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        for upload in &self.uploads {
            upload.abort();
        }
    }
}

/// Returns a source in pieces of `bytes` bytes, with `every` between them, and without an end.
fn pieces(text: &str, bytes: usize, every: Duration) -> ReceiverStream<pb::UploadDocumentRequest> {
    let (messages, receiver) = mpsc::channel(1);
    let text = text.as_bytes().to_vec();
    tokio::spawn(async move {
        let mut message = first_message(&text[..bytes]);
        let mut offset = bytes;
        while messages.send(message).await.is_ok() {
            tokio::time::sleep(every).await;
            let at = offset % (text.len() - bytes);
            message = pb::UploadDocumentRequest {
                write_offset: i64::try_from(offset).expect("it fits"),
                content: text[at..at + bytes].to_vec().into(),
                ..Default::default()
            };
            offset += bytes;
        }
    });
    ReceiverStream::new(receiver)
}

fn shows(secret: &str) -> Shows {
    let shown = AsciiMetadataValue::try_from(format!("Bearer {secret}"));
    Shows(shown.expect("a key is ASCII"))
}

fn with(channel: &Channel, key: &Shows) -> UploadServiceClient<Shown> {
    UploadServiceClient::with_interceptor(channel.clone(), key.clone())
}

/// Creates a tenant with a collection, and returns a writer's key.
async fn tenant(server: &Server, operator: &Shows, id: &str, has_parents: bool) -> Shows {
    let channel = connect(server.address.parse().expect("an address"));
    let mut admin = AdminServiceClient::with_interceptor(channel.clone(), operator.clone());
    let tenant = pb::CreateTenantRequest {
        tenant_id: id.to_owned(),
    };
    admin.create_tenant(tenant).await.expect("it is new");
    let key = pb::CreateApiKeyRequest {
        parent: format!("tenants/{id}"),
        principal: id.to_owned(),
        role: pb::Role::Writer.into(),
        ..Default::default()
    };
    let key = admin.create_api_key(key).await.expect("it is made");
    let key = shows(&key.into_inner().secret);
    let sizes = LARGEST_PARENTS.to_vec();
    let collection = pb::CreateCollectionRequest {
        collection_id: "c".to_owned(),
        chunking: has_parents.then(|| pb::ChunkingSpec {
            levels: Some(pb::SizeLevels { sizes }),
            ..Default::default()
        }),
        decoding: has_parents.then(|| pb::DecodingPolicy {
            charset: Some("koi8-u".to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    CollectionServiceClient::with_interceptor(channel, key.clone())
        .create_collection(collection)
        .await
        .expect("it is new");
    key
}

/// The program that `cargo` has built for this bench.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(store: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .env("SLUICE_IDENTITY__API_KEYS", "true")
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log",
                "error",
                "--store",
            ])
            .arg(store)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says where it listens");
        let address = line
            .trim()
            .rsplit(' ')
            .next()
            .unwrap_or_default()
            .to_owned();
        Self { child, address }
    }

    /// Resets the peak (`proc_pid_clear_refs(5)`).
    fn forget_peak(&self) {
        let file = format!("/proc/{}/clear_refs", self.child.id());
        std::fs::write(file, "5").expect("it runs");
    }

    fn peak_bytes(&self) -> usize {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak
            .expect("the kernel counts it")
            .trim()
            .trim_end_matches(" kB");
        peak.parse::<usize>().expect("a number") * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}
