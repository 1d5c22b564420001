//! The wall clock jumps an hour forward and back: no data is lost, and neither limits nor retention change.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::private;
use crate::redis_server::Redis;
use crate::support::server::Server;
use crate::support::world::{
    create_collection, expected, first, last, more, plain, prose, reason, rows, spec,
};

const PIECE: usize = 50_000;

/// Returns the path of the library that fakes the wall clock of a process. Debian's package `libfaketime` installs it.
fn library() -> String {
    let listed = Command::new("dpkg")
        .args(["-L", "libfaketime"])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let mut files = listed.lines();
    let found = files.find(|file| file.ends_with("/libfaketimeMT.so.1"));
    found.expect("libfaketime is installed").to_owned()
}

fn jump(clock: &Path, by: &str) {
    // An atomic replacement, because the process may read the file at any time.
    let new = clock.with_extension("new");
    fs::write(&new, by).unwrap();
    fs::rename(new, clock).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_an_hour_disturbs_nothing() {
    let (cluster, redis) = (private::cluster(), Redis::start());
    let database = cluster.database();
    sluice::infrastructure::postgres::connection::migrate(&database)
        .await
        .unwrap();
    let folder = crate::support::world::Folder::new();
    let clock = folder.0.join("clock");
    jump(&clock, "+0");
    let address = redis.url();
    let settings = [
        ("LD_PRELOAD", library()),
        ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        // Fakes the wall clock only: the monotonic clock never jumps.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("SLUICE_REDIS__LOCATION", address),
    ];
    let settings = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect::<Vec<_>>();
    let server = Server::start_with(&database, &settings);
    let other = Server::start_with(&database, &[("SLUICE_REDIS__LOCATION", &redis.url())]);
    create_collection(&server.channel()).await;
    let source = prose(2_000_000);
    let upload = spec("d");
    let (messages, receiver) = mpsc::channel(1);
    let mut client = UploadServiceClient::new(server.channel());
    let sent =
        tokio::spawn(async move { client.upload_document(ReceiverStream::new(receiver)).await });
    let name = crate::support::world::name_of(&upload).replace("uploads", "operations");
    messages.send(first(&upload, b"")).await.unwrap();
    let pieces = source.as_bytes().chunks(PIECE).collect::<Vec<_>>();
    for (number, piece) in pieces.iter().enumerate() {
        match number {
            10 => jump(&clock, "+3600"),
            20 => jump(&clock, "-3600"),
            30 => jump(&clock, "+0"),
            _ => {}
        }
        let at = i64::try_from(number * PIECE).unwrap();
        let message = more(at, piece);
        let is_last = number + 1 == pieces.len();
        messages
            .send(if is_last { last(message) } else { message })
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let sent = sent.await.unwrap().unwrap().into_inner().upload.unwrap();
    assert_eq!(sent.state(), pb::upload::State::Succeeded);
    let stored = rows(&other.channel(), &sent.document, None, false)
        .await
        .unwrap();
    assert!(plain(&stored) == expected(&source), "the rows differ");
    ends(&other, &name).await;
    // An hour ahead again: the finished operation is still known, and both instances accept the next upload.
    jump(&clock, "+3600");
    for (server, id) in [(&server, "e"), (&other, "f")] {
        let mut client = UploadServiceClient::new(server.channel());
        let messages = vec![last(first(&spec(id), b"some text"))];
        let sent = client.upload_document(tokio_stream::iter(messages)).await;
        sent.unwrap_or_else(|status| unreachable!("{id}: {} {status:?}", reason(&status)));
    }
    ends(&server, &name).await;
}

/// Asserts that a watcher receives the end once, within 5 s.
async fn ends(server: &Server, operation: &str) {
    let begun = Instant::now();
    let mut client = pb::operation_service_client::OperationServiceClient::new(server.channel());
    let request = pb::WatchOperationRequest {
        name: operation.to_owned(),
        after_seq: 0,
    };
    let mut states = client.watch_operation(request).await.unwrap().into_inner();
    let mut ends = 0;
    while let Some(state) = states.message().await.unwrap() {
        ends += u32::from(state.operation.unwrap().state() == pb::operation::State::Succeeded);
    }
    assert!(
        ends == 1 && begun.elapsed() < Duration::from_secs(5),
        "{ends}"
    );
}
