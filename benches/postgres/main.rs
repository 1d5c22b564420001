//! The cost of an upload stored in PostgreSQL against `COPY BINARY` of the same rows into the same table, in one
//! interleaved run. Also the latency of reads.
//!
//! `cargo bench --bench postgres -- FILE` prints medians and ratios. `-- reads ROWS` prints the latency of reads
//! among that number of rows. `benches/README.md` has the last results and explains them.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its results, and a failure ends it"
)]

#[path = "../client/mod.rs"]
mod client;
mod copies;
#[expect(dead_code, reason = "the tests share a cluster, benches do not")]
#[path = "../../tests/private/mod.rs"]
mod private;
mod reads;

use std::time::{Duration, Instant};

use sluice::config::sections::store::Store;
use sluice::infrastructure::postgres::connection;
use sluice::interface::grpc::pb;
use tonic::transport::Channel;

use crate::client::{connect, create_collection, mb, messages, sample, start, upload};
use crate::copies::Table;
use crate::private::postgres::Cluster;

/// Odd, so that the median is a measurement.
const ROUNDS: usize = 5;
/// Bytes of the single upload, and of each of the four concurrent ones.
const ONE_BYTES: usize = 100_000_000;
const FOUR_BYTES: usize = 50_000_000;
/// The default number of rows among which reads are measured.
const READ_ROWS: u64 = 1_000_000;

#[tokio::main]
async fn main() {
    let arguments = client::arguments();
    let cluster = Cluster::start(&[]);
    let database = cluster.database();
    connection::migrate(&database).await.unwrap();
    let instance = start(Store {
        location: database.clone().into(),
        ..Store::default()
    })
    .await;
    let channel = connect(instance.address);
    if arguments.first().is_some_and(|section| section == "reads") {
        let rows = arguments.get(1).map(|rows| rows.parse().unwrap());
        reads::run(&cluster, &channel, rows.unwrap_or(READ_ROWS)).await;
    } else {
        stores(&database, &channel).await;
    }
    instance.stop().await.unwrap();
}

/// Stores documents, and copies the same rows.
async fn stores(database: &str, channel: &Channel) {
    let text = sample(ONE_BYTES);
    let (one, four) = (
        messages(&text),
        messages(&text[..text.floor_char_boundary(FOUR_BYTES)]),
    );
    create_collection(channel).await;
    let table = Table::open(database).await;

    upload(channel, &one).await;
    let one_rows = table.take().await;
    uploads(channel, &four, 4).await;
    let four_rows = table.take().await;
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        times[0].push(table.copy(&one_rows, 1).await);
        times[1].push(upload(channel, &one).await);
        table.clear().await;
        times[2].push(table.copy(&four_rows, 2).await);
        times[3].push(uploads(channel, &four, 4).await);
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
}

/// Uploads new documents concurrently.
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
