//! Two instances on one database: each finishes the uploads of the other, and no chunk is lost or duplicated by kills
//! and cut connections.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tonic::transport::Channel;

use crate::kills::{go_on, messages, random, send};
use crate::private;
use crate::private::postgres::Cluster;
use crate::support::cluster::proxied;
use crate::support::proxy::Proxy;
use crate::support::server::Server;
use crate::support::world::{
    Folder, connect, create_collection, expected, first, name_of, plain, prose, reason, rows, spec,
};

const DISTURBANCES: u64 = 200;
const DOCUMENT_BYTES: usize = 4_000_000;
const RESENT_MAX: u64 = 3 * 1024 * 1024;
/// The longest pause before a resumed upload makes progress.
const RESUMED_MAX: Duration = Duration::from_secs(10);

/// An instance with two proxies: one to the database, and one before its clients.
struct Site {
    store: String,
    database: Proxy,
    server: Option<Server>,
    front: Proxy,
}

impl Site {
    async fn start(cluster: &Cluster, database: &str) -> Self {
        let (proxy, store) = proxied(cluster, database).await;
        let server = Server::start(&store);
        let front = Proxy::before(server.address.clone()).await;
        Self {
            store,
            database: proxy,
            server: Some(server),
            front,
        }
    }

    fn channel(&self) -> Channel {
        connect(&format!("http://{}", self.front.address))
    }

    /// Kills the instance with SIGKILL, and starts a new process.
    async fn kill(&mut self) {
        self.server = None;
        let server = Server::start(&self.store);
        self.front = Proxy::before(server.address.clone()).await;
        self.server = Some(server);
    }
}

/// Two instances on a database of their own, with a collection.
pub(crate) struct Sites {
    cluster: Arc<Cluster>,
    database: String,
    of: [Site; 2],
}

impl Sites {
    async fn start() -> Self {
        let cluster = private::cluster();
        let database = cluster.database();
        sluice::infrastructure::postgres::connection::migrate(&database)
            .await
            .unwrap();
        let of = [
            Site::start(&cluster, &database).await,
            Site::start(&cluster, &database).await,
        ];
        create_collection(&of[0].channel()).await;
        Self {
            cluster,
            database,
            of,
        }
    }

    fn psql(&self, statement: &str) -> String {
        self.cluster
            .psql(self.database.rsplit('/').next().unwrap(), statement)
    }

    /// Returns the documents whose counts differ from their chunks, or whose ordinals have gaps.
    fn wrong(&self) -> String {
        self.psql(
            "SELECT documents.document_id, documents.chunks, count(chunks.ordinal)
             FROM documents LEFT JOIN chunks ON chunks.document_uid = documents.uid
                 AND chunks.partition_key = documents.partition_key
             GROUP BY documents.uid
             HAVING documents.chunks <> count(chunks.ordinal)
                 OR documents.text_bytes <> sum(chunks.end_byte - chunks.start_byte)
                 OR max(chunks.ordinal) + 1 <> count(chunks.ordinal)",
        )
    }
}

/// A fault that is injected into a running upload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    KillInstance,
    KillClient,
    CutClient,
    CutDatabase,
    LoseCommits,
}

const FAULTS: [Fault; 5] = [
    Fault::KillInstance,
    Fault::KillClient,
    Fault::CutClient,
    Fault::CutDatabase,
    Fault::LoseCommits,
];

/// The totals of all disturbed uploads.
#[derive(Debug, Default)]
struct Tally {
    in_the_middle: u64,
    resent_most: u64,
    resumed_last: Duration,
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_disturbed_on_one_instance_are_finished_on_the_other() {
    let mut sites = Sites::start().await;
    let source = Arc::new(prose(DOCUMENT_BYTES));
    let undisturbed = expected(&source);
    let folder = Folder::new();
    let file = folder.0.join("document.txt");
    std::fs::write(&file, source.as_bytes()).unwrap();
    let mut tally = Tally::default();
    for seed in 0..DISTURBANCES {
        let fault = FAULTS[usize::try_from(seed).unwrap() % FAULTS.len()];
        let at = usize::try_from(random(seed, 2)).unwrap();
        let upload = spec(&format!("document-{seed}"));
        let reached = if fault == Fault::KillClient {
            kill_client(&sites.of[at], &upload, &file, seed).await
        } else {
            disturb(&mut sites.of[at], &upload, &source, seed, fault).await
        };
        let other = sites.of[1 - at].channel();
        resume(&other, &upload, &source, reached, &mut tally).await;
        let document = format!("collections/c/documents/document-{seed}");
        let stored = rows(&other, &document, None, false).await.unwrap();
        assert!(
            plain(&stored) == undisturbed,
            "seed {seed}, {fault:?}: the rows differ"
        );
    }
    assert!(tally.in_the_middle > DISTURBANCES / 10, "{tally:?}");
    assert!(
        tally.resent_most > 0 && tally.resent_most <= RESENT_MAX,
        "{tally:?}"
    );
    assert!(tally.resumed_last < RESUMED_MAX, "{tally:?}");
    assert_eq!(sites.wrong(), "");
}

/// Resumes an upload on another instance, and adds the result to the tally.
async fn resume(
    channel: &Channel,
    upload: &pb::UploadSpec,
    source: &Arc<String>,
    reached: u64,
    tally: &mut Tally,
) {
    let began = Instant::now();
    let (done, from) = (tokio::spawn(watch(channel.clone(), name_of(upload))), go_on);
    let committed = from(channel, upload, source).await;
    let moved = done.await.unwrap();
    if committed > 0 && committed < source.len() as u64 {
        tally.in_the_middle += 1;
        tally.resumed_last = tally.resumed_last.max(moved.duration_since(began));
    }
    tally.resent_most = tally.resent_most.max(reached.saturating_sub(committed));
}

/// Returns the time at which an upload first makes progress.
async fn watch(channel: Channel, name: String) -> Instant {
    let mut client = UploadServiceClient::new(channel);
    let mut seen = None;
    loop {
        let request = pb::GetUploadRequest { name: name.clone() };
        if let Ok(found) = client.get_upload(request).await {
            let found = found.into_inner().upload.unwrap();
            let now = (found.committed_offset, found.state);
            if found.state == 2 || seen.is_some_and(|seen| seen != now) {
                return Instant::now();
            }
            seen = Some(now);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Uploads through a site, and injects a fault at a random byte. Returns the bytes that the client sent, or 0 if the
/// upload succeeded.
async fn disturb(
    site: &mut Site,
    upload: &pb::UploadSpec,
    source: &Arc<String>,
    seed: u64,
    fault: Fault,
) -> u64 {
    let (sent, channel) = (Arc::new(AtomicU64::new(0)), site.channel());
    let stream = messages(first(upload, b""), source, 0, &sent);
    let sending = tokio::spawn(async move {
        UploadServiceClient::new(channel)
            .upload_document(stream)
            .await
    });
    let at = random(seed, source.len() as u64 - 1);
    while sent.load(Ordering::Relaxed) <= at && !sending.is_finished() {
        tokio::task::yield_now().await;
    }
    match fault {
        Fault::KillInstance => site.kill().await,
        Fault::CutClient => site.front.cut_all(),
        Fault::CutDatabase => site.database.cut_all(),
        Fault::LoseCommits => site.database.lose_commits(1 + seed % 4),
        Fault::KillClient => unreachable!("the client is another process"),
    }
    let is_complete = sending.await.unwrap().is_ok();
    site.database.lose_commits(0);
    if is_complete {
        0
    } else {
        sent.load(Ordering::Relaxed)
    }
}

/// Uploads with a child process, and kills it. Returns the bytes that it sent.
async fn kill_client(
    site: &Site,
    upload: &pb::UploadSpec,
    file: &std::path::Path,
    seed: u64,
) -> u64 {
    let before = site.front.sent.load(Ordering::Relaxed);
    let mut client = send(&site.front.address, upload, file)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_millis(random(seed, 400))).await;
    client.kill().unwrap();
    client.wait().unwrap();
    site.front.sent.load(Ordering::Relaxed) - before
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_writer_wins_across_instances() {
    let sites = Sites::start().await;
    let (upload, source) = (spec("contested"), prose(3_000_000));
    let [older, newer] = [sites.of[0].channel(), sites.of[1].channel()];
    let (feed, messages) = tokio::sync::mpsc::channel(1);
    feed.send(first(&upload, &source.as_bytes()[..200_000]))
        .await
        .unwrap();
    let older = tokio::spawn(async move {
        let messages = tokio_stream::wrappers::ReceiverStream::new(messages);
        UploadServiceClient::new(older)
            .upload_document(messages)
            .await
    });
    let mut client = UploadServiceClient::new(newer.clone());
    let name = name_of(&upload);
    loop {
        let request = pb::GetUploadRequest { name: name.clone() };
        let found = client.get_upload(request).await;
        if found.is_ok_and(|found| found.into_inner().upload.unwrap().committed_offset > 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let source = Arc::new(source);
    go_on(&newer, &upload, &source).await;
    let more = crate::support::world::more(200_000, &source.as_bytes()[200_000..400_000]);
    let _ended = feed.send(more).await;
    drop(feed);
    let refused = older.await.unwrap().unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (tonic::Code::Aborted, "UPLOAD_SUPERSEDED")
    );
    let stored = rows(&newer, "collections/c/documents/contested", None, false)
        .await
        .unwrap();
    assert!(plain(&stored) == expected(&source));
    assert_eq!(sites.wrong(), "");
}
