//! A server with little memory refuses calls that need more, and is not killed by the kernel.

use std::error::Error as _;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::chunking_service_client::ChunkingServiceClient;
use sluice::interface::grpc::pb::collection_service_client::CollectionServiceClient;
use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::chunk_stream::pour;
use crate::support::server::Server;
use crate::support::watcher::Watcher;
use crate::support::world::{Folder, connect, create_collection, prose, reason};

/// The memory limit of the server, which includes the kernel's buffers for its connections.
const LIMIT_BYTES: u64 = 96 * 1024 * 1024;
/// The number of streams that are written to but not read, far more than there is room for. The server holds some
/// hundred kilobytes of each.
const STREAMS: usize = 1_500;
/// The number of streams on one connection.
const SHARING: usize = 5;

/// A control group of either version with a memory limit, removed when dropped.
struct Group {
    folder: PathBuf,
    kills: &'static str,
}

impl Group {
    /// Returns `None` if the process may not create a group. The limit is then a setting.
    fn new() -> Option<Self> {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
        let of = |wanted: &str| {
            groups.lines().find_map(|line| {
                let (number, rest) = line.split_once(':')?;
                let (controllers, path) = rest.split_once(':')?;
                let is_it = controllers == wanted && (!wanted.is_empty() || number == "0");
                is_it.then(|| path.trim_start_matches('/').to_owned())
            })
        };
        let name = format!("sluice-test-{}", std::process::id());
        let (folder, limit, kills) = if let Some(path) = of("memory") {
            let folder = Path::new("/sys/fs/cgroup/memory").join(path);
            (folder, "memory.limit_in_bytes", "memory.oom_control")
        } else {
            let folder = Path::new("/sys/fs/cgroup").join(of("").unwrap());
            (folder, "memory.max", "memory.events")
        };
        let folder = folder.join(name);
        fs::create_dir(&folder).ok()?;
        let group = Self { folder, kills };
        let limited = fs::write(group.folder.join(limit), LIMIT_BYTES.to_string());
        limited.is_ok().then_some(group)
    }

    /// Returns the number of processes that the kernel killed because the group was out of memory.
    fn kills(&self) -> u64 {
        let said = fs::read_to_string(self.folder.join(self.kills)).unwrap();
        let line = said.lines().find_map(|line| line.strip_prefix("oom_kill "));
        line.map_or(0, |number| number.parse().unwrap())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The process leaves the group shortly after the kill.
        for _ in 0..100 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Writes a document into a stream and reads only the first answer. Returns when the server refuses the stream.
async fn hog(channel: Channel, block: String) -> Status {
    let mut client = ChunkingServiceClient::new(channel);
    let poured = pour(block, 100_000_000, Arc::default());
    let answered = async {
        let mut answers = client.chunk_stream(poured).await?.into_inner();
        answers.message().await?;
        Ok(answers)
    };
    match answered.await {
        Ok(_unread) => std::future::pending().await,
        Err(refused) => refused,
    }
}

/// Whether the server closed the connection while the client sent.
fn is_reset(status: &Status) -> bool {
    let causes = std::iter::successors(status.source(), |cause| (*cause).source());
    let mut errors = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
    let closed = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    errors.any(|error| closed.contains(&error.kind()))
}

async fn get(channel: Channel) -> Result<(), Status> {
    let request = pb::GetCollectionRequest {
        name: "collections/c".to_owned(),
    };
    let mut client = CollectionServiceClient::new(channel);
    client.get_collection(request).await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_need_too_much_memory_are_refused_and_the_server_survives() {
    let (folder, group) = (Folder::new(), Group::new());
    let settings = [
        // A wrong setting: more than there is.
        ("SLUICE_UPLOADS__MEMORY_BYTES_MAX", "4294967296"),
        ("SLUICE_UPLOADS__SLOW_READER_SECONDS_MAX", "600"),
        ("SLUICE_LIMITS__CONCURRENCY__UPLOADS", "100000"),
    ];
    let limit = LIMIT_BYTES.to_string();
    let store = folder.0.join("small.db");
    let server = if let Some(group) = &group {
        Server::start_in(&group.folder, store, &settings)
    } else {
        let limit = [("SLUICE_SERVER__MEMORY_BYTES_MAX", limit.as_str())];
        Server::start_with(store, &[&settings[..], &limit].concat())
    };
    let quiet = server.channel();
    create_collection(&quiet).await;
    let url = format!("http://{}", server.address);
    let (block, mut hogs) = (prose(200_000), JoinSet::new());
    for _ in 0..STREAMS / SHARING {
        let channel = connect(&url);
        for _ in 0..SHARING {
            hogs.spawn(hog(channel.clone(), block.clone()));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut refused = 0;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        get(quiet.clone()).await.expect("short calls are answered");
        while let Some(told) = hogs.try_join_next() {
            let told = told.unwrap();
            if told.code() != Code::ResourceExhausted {
                // A refused connection: the status is CANCELLED if the client found it closed before it sent the
                // call.
                let codes = [Code::Unavailable, Code::Cancelled];
                assert!(codes.contains(&told.code()) || is_reset(&told), "{told:?}");
                continue;
            }
            let reasons = ["OVERLOADED", "NO_MEMORY"];
            assert!(reasons.contains(&reason(&told).as_str()), "{told:?}");
            let details = told.get_error_details();
            assert!(
                details.retry_info().is_some(),
                "the refusal has a retry delay"
            );
            refused += 1;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(group.as_ref().map_or(0, Group::kills), 0);
    assert!(refused > 0, "none of {STREAMS} streams was refused");
    hogs.shutdown().await;
    let begun = Instant::now();
    while let Err(told) = create(quiet.clone(), "more").await {
        assert_eq!(reason(&told), "OVERLOADED", "{told:?}");
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "memory is available again in time"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(group.as_ref().map_or(0, Group::kills), 0);
    // The kernel enforces the limit of a group by kills. The resident peak would also count the pages of the program
    // file,
    // which belong to the group that read the file first.
    if group.is_none() {
        let peak = server.peak_kib() * 1024;
        assert!(peak < LIMIT_BYTES, "{peak} bytes");
    }
    // The server must end before its group is removed.
    drop(server);
}

/// Memory is used up from the beginning. Calls that need more are refused with a retry delay; short calls and calls
/// of
/// administrators are answered.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_need_memory_are_refused_by_class() {
    let folder = Folder::new();
    let settings = [("SLUICE_SERVER__MEMORY_BYTES_MAX", "1000000")];
    let server = Server::start_with(folder.0.join("full.db"), &settings);
    let channel = server.channel();
    let begun = Instant::now();
    let told = loop {
        match create(channel.clone(), "c").await {
            // The server has not measured its memory yet.
            Ok(()) | Err(_) if begun.elapsed() > Duration::from_secs(20) => unreachable!("late"),
            Ok(()) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(told) if reason(&told) == "ALREADY_EXISTS" => {}
            Err(told) => break told,
        }
    };
    assert_eq!(
        (told.code(), &*reason(&told)),
        (Code::ResourceExhausted, "OVERLOADED")
    );
    assert!(told.get_error_details().retry_info().is_some());
    let refused = Watcher::open_with(server.address.parse().unwrap(), &[]).await;
    let (code, body) = refused.err().unwrap();
    assert_eq!(
        (code, &body["reason"]),
        (429, &serde_json::json!("OVERLOADED"))
    );
    let mut listed = CollectionServiceClient::new(channel.clone());
    listed
        .list_collections(pb::ListCollectionsRequest::default())
        .await
        .unwrap();
    let mut admin = pb::admin_service_client::AdminServiceClient::new(channel);
    admin
        .get_server_info(pb::GetServerInfoRequest {})
        .await
        .unwrap();
}

async fn create(channel: Channel, id: &str) -> Result<(), Status> {
    let request = pb::CreateCollectionRequest {
        collection_id: id.to_owned(),
        ..Default::default()
    };
    let mut client = CollectionServiceClient::new(channel);
    client.create_collection(request).await.map(|_| ())
}
