//! The latency of reads among many rows: of one chunk, and of a page from any place in a document. A call that reads
//! nothing shows the overhead of the machine.

use std::time::{Duration, Instant};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunk_service_client::ChunkServiceClient;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::client::create_collection;
use crate::private::postgres::Cluster;

/// Chunks of each document.
const DOCUMENT_ROWS: u64 = 1_000;
/// Reads of each kind, by all clients together.
const POINTS: usize = 20_000;
const PAGES: usize = 5_000;
/// The shortest page. With fewer chunks after it a read would have less to do.
const PAGE_ROWS: u64 = 64;
/// Concurrent clients. Each reads one item after the other.
const CLIENTS: [usize; 2] = [1, 8];

/// Inserts documents with one version each.
const DOCUMENTS: &str = "
    INSERT INTO documents (uid, tenant, collection_uid, document_id, display_name, media_type,
        labels, partition_key, current_version, latest_version, chunks, text_bytes, created_at,
        updated_at)
    SELECT ids.uid, tenant, collections.uid, 'd' || number, '', 'text/plain', '{}',
        partition_candidate_a(ids.uid), 1, 1, $ROWS, 992 * $ROWS, 1, 1
    FROM collections,
        (SELECT number, gen_random_uuid() AS uid FROM generate_series(0, $LAST) AS number) AS ids;
    INSERT INTO versions (document_uid, version, completed_at, chunks, source_bytes, text_bytes,
        characters, lines, source_sha256, charset, spec)
    SELECT uid, 1, 1, chunks, text_bytes, text_bytes, text_bytes, 0, sha256(''), 'UTF-8', ''
    FROM documents";
/// Inserts their chunks of 992 bytes, which do not repeat.
const CHUNKS: &str = "
    INSERT INTO chunks
    SELECT partition_key, uid, 1, ordinal, at, at, 0, at, at + 992, at + 992, 0, at + 992,
        sha256(text::bytea), NULL, 0, 0, NULL, NULL, NULL, NULL, text
    FROM (
        SELECT partition_key, uid, ordinal, 992 * ordinal AS at, (
            SELECT string_agg(md5(document_id || ' ' || 31 * ordinal + part), '')
            FROM generate_series(1, 31) AS part) AS text
        FROM documents, generate_series(0, $ROWS - 1) AS ordinal) AS rows";

/// A kind of read.
#[derive(Clone, Copy)]
enum Read {
    Nothing,
    Point,
    Page,
}

/// Measures reads among `rows` rows, for each kind of read and number of clients.
pub(crate) async fn run(cluster: &Cluster, channel: &Channel, rows: u64) {
    create_collection(channel).await;
    let documents = rows / DOCUMENT_ROWS;
    let last = (documents - 1).to_string();
    for statement in [DOCUMENTS, CHUNKS, "VACUUM ANALYZE", "CHECKPOINT"] {
        let statement = statement.replace("$ROWS", &DOCUMENT_ROWS.to_string());
        cluster.psql("test_0", &statement.replace("$LAST", &last));
    }
    let counted = cluster.psql("test_0", "SELECT count(*) FROM chunks");
    println!("{counted} chunks of {documents} documents; milliseconds");
    println!(
        "{:<28} {:>9} {:>7} {:>7} {:>7}",
        "", "reads/s", "p50", "p99", "most"
    );
    for (read, name, number) in [
        (Read::Nothing, "nothing", POINTS),
        (Read::Point, "a chunk", POINTS),
        (Read::Page, "a page", PAGES),
    ] {
        for clients in CLIENTS {
            let begun = Instant::now();
            let reading = (0..clients).map(|client| {
                let numbers = (client..number).step_by(clients);
                tokio::spawn(read.take_all(channel.clone(), numbers, documents))
            });
            let mut times = Vec::new();
            for read in reading.collect::<Vec<_>>() {
                times.extend(read.await.unwrap());
            }
            let name = format!("{name}, clients at once: {clients}");
            report(&name, times, begun.elapsed());
        }
    }
}

impl Read {
    /// Reads items one after the other.
    async fn take_all(
        self,
        channel: Channel,
        numbers: impl Iterator<Item = usize> + Send,
        documents: u64,
    ) -> Vec<Duration> {
        let mut times = Vec::new();
        for number in numbers {
            times.push(self.take(&channel, number as u64, documents).await);
        }
        times
    }

    /// Reads from a random place.
    async fn take(self, channel: &Channel, number: u64, documents: u64) -> Duration {
        let document = format!("collections/c/documents/d{}", random(2 * number, documents));
        let ordinal = random(2 * number + 1, DOCUMENT_ROWS - PAGE_ROWS);
        let mut client = ChunkServiceClient::new(channel.clone());
        let begun = Instant::now();
        match self {
            Self::Nothing => {
                let request = HealthCheckRequest::default();
                let health = HealthClient::new(channel.clone()).check(request).await;
                assert_eq!(health.unwrap().into_inner().status, 1, "it serves");
            }
            Self::Point => {
                let name = format!("{document}/chunks/{ordinal}");
                let found = client
                    .get_chunk(pb::GetChunkRequest {
                        name,
                        ..Default::default()
                    })
                    .await;
                let chunk = found.unwrap().into_inner().chunk.unwrap();
                assert_eq!(chunk.text.len(), 992);
            }
            Self::Page => {
                let request = pb::StreamChunksRequest {
                    document,
                    after_ordinal: Some(i64::try_from(ordinal).unwrap()),
                    ..Default::default()
                };
                let pages = client.stream_chunks(request).await;
                let page = pages.unwrap().into_inner().message().await.unwrap();
                assert_eq!(page.unwrap().chunks.len() as u64, PAGE_ROWS);
            }
        }
        begun.elapsed()
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn report(name: &str, mut times: Vec<Duration>, took: Duration) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    let rate = times.len() as f64 / took.as_secs_f64();
    let (half, most, all) = (at(50), at(99), at(100));
    println!("{name:<28} {rate:>9.0} {half:>7.2} {most:>7.2} {all:>7.2}");
}

/// Returns a number below `below`, the same in every run (splitmix64: Steele, Lea and Flood, OOPSLA 2014).
fn random(seed: u64, below: u64) -> u64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) % below
}
