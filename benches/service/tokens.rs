//! Latency of uploads beside others that count tokens.

use std::time::Duration;

use sluice::config::sections::store::Store;
use sluice::interface::grpc::pb;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::client::{connect, create_collection, messages, start, upload, upload_as};

/// The plain uploads at once, and the number of each in a round.
const PLAIN: usize = 16;
const PLAIN_EACH: usize = 50;
const PLAIN_BYTES: usize = 64_000;
/// The uploads beside them, and the length of each.
const BESIDE: usize = 4;
const BESIDE_BYTES: usize = 4_000_000;
/// Interleaved.
const ROUNDS: usize = 5;

/// The uploads that run beside the measured ones.
#[derive(Clone, Copy)]
enum Beside {
    Nothing,
    Plain,
    Tokens,
}

/// Uploads parts of the text of `file`.
pub(crate) async fn tokens(store: Store, file: &str) {
    let instance = start(store).await;
    let channel = connect(instance.address);
    create_collection(&channel).await;
    let text = std::fs::read_to_string(file).unwrap();
    let text = &text[..text.floor_char_boundary(BESIDE_BYTES)];
    let small = messages(&text[..text.floor_char_boundary(PLAIN_BYTES)]);
    let large = messages(text);
    let cases = [
        ("alone", Beside::Nothing),
        ("beside 4 plain uploads", Beside::Plain),
        ("beside 4 uploads in tokens", Beside::Tokens),
    ];
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for ((_, beside), times) in cases.iter().zip(&mut times) {
            times.extend(round(instance.address, *beside, (&small, &large)).await);
        }
    }
    println!(
        "{PLAIN} uploads of {} KB at once, ms from the first byte to the answer",
        PLAIN_BYTES / 1_000
    );
    for ((name, _), mut times) in cases.into_iter().zip(times) {
        times.sort_unstable();
        let part = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        println!("{name:<28} p50 {:>7.1}  p99 {:>7.1}", part(50), part(99));
    }
}

/// Measures small uploads while large ones run.
async fn round(
    address: std::net::SocketAddr,
    beside: Beside,
    (small, large): (&[pb::UploadDocumentRequest], &[pb::UploadDocumentRequest]),
) -> Vec<Duration> {
    let mut running = JoinSet::new();
    let chunking = match beside {
        Beside::Nothing => None,
        Beside::Plain => Some(pb::ChunkingSpec::default()),
        Beside::Tokens => Some(pb::ChunkingSpec {
            measure: Some(pb::Measure::Tokens.into()),
            ..Default::default()
        }),
    };
    if let Some(chunking) = chunking {
        for _ in 0..BESIDE {
            let (channel, large) = (connect(address), large.to_vec());
            let chunking = chunking.clone();
            running.spawn(async move {
                loop {
                    upload_as(&channel, &large, Some(chunking.clone())).await;
                }
            });
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let mut measured = JoinSet::new();
    for _ in 0..PLAIN {
        measured.spawn(uploads(connect(address), small.to_vec()));
    }
    measured.join_all().await.concat()
}

async fn uploads(channel: Channel, small: Vec<pb::UploadDocumentRequest>) -> Vec<Duration> {
    let mut times = Vec::with_capacity(PLAIN_EACH);
    for _ in 0..PLAIN_EACH {
        times.push(upload(&channel, &small).await);
    }
    times
}
