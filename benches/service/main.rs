//! The cost of receiving, chunking and storing over gRPC, against bare transport and bare inserts, in one interleaved
//! run. Also the latency of short calls beside attacks and with each limiter, and the effect of slow clients on
//! others.
//!
//! `cargo bench --bench service -- FILE` prints medians and ratios. `-- hostile` and `-- limiters` print latencies,
//! and `-- slow` prints the effect of 200 slow uploads on others; `-- slow parents` the same with the largest parents
//! and a charset that is decoded. `-- tokens FILE` prints the latency of uploads beside others that count tokens.
//! `benches/README.md` has the last results and
//! explains them.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its results, and a failure ends it"
)]

#[path = "../client/mod.rs"]
mod client;
mod discard;
#[path = "../../tests/service/support/frames.rs"]
mod frames;
mod inserts;
mod latency;
#[expect(dead_code, reason = "the tests' databases are not needed here")]
#[path = "../../tests/private/mod.rs"]
mod private;
#[expect(dead_code, reason = "other faults of a network are not needed here")]
#[path = "../../tests/service/support/proxy.rs"]
mod proxy;
#[expect(dead_code, reason = "other faults of a Redis are not needed here")]
#[path = "../../tests/private/redis.rs"]
mod redis_server;
mod slow;
mod tokens;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sluice::config::sections::store::Store;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::client::{connect, create_collection, mb, messages, sample, start, upload};

/// Odd, so that the median is a measurement.
const ROUNDS: usize = 5;
const RECEIVED_BYTES: usize = 200_000_000;
const STORED_BYTES: usize = 100_000_000;

#[tokio::main]
async fn main() {
    let arguments = client::arguments();
    let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    // The process is killed at the end, so it must not create files that it would have to remove.
    if let ["attack", attack, server] = arguments[..] {
        return latency::attack(attack, server).await;
    }
    let folder = Folder::new();
    let store = Store::at(&folder.0.join("sluice.db"));
    match arguments.first() {
        Some(&"hostile") => latency::hostile(client::config(store)).await,
        Some(&"slow") => slow::slow(&folder.0, arguments.get(1) == Some(&"parents")).await,
        Some(&"tokens") => tokens::tokens(store, arguments[1]).await,
        Some(&"limiters") => latency::limiters(client::config(store)).await,
        Some(_) | None => rates(&folder).await,
    }
}

/// Measures the throughput of documents.
async fn rates(folder: &Folder) {
    let text = sample(RECEIVED_BYTES);
    let received = messages(&text);
    let stored = messages(&text[..text.floor_char_boundary(STORED_BYTES)]);
    let rows = inserts::Rows::new(&text[..text.floor_char_boundary(STORED_BYTES)]);
    let default = connect(discard::serve_default().await);
    let bare = connect(discard::serve_bare().await);
    let receiving = connect(discard::serve_receiving().await);
    let instance = start(Store::at(&folder.0.join("sluice.db"))).await;
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

/// Has a source chunked, and reads the chunks.
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
    while let Some(answer) = answers.message().await.expect("no error") {
        chunks += answer.chunks.len();
    }
    assert!(chunks > 0, "the source has chunks");
    begun.elapsed()
}

/// A folder that is removed when it is dropped.
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
        // A folder that cannot be removed stays in the system's temporary folder.
        let _left_over = std::fs::remove_dir_all(&self.0);
    }
}
