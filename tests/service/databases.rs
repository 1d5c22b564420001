//! A PostgreSQL that crashes, stalls, is full or overloaded: the server reports the cause, and no data is lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sluice::infrastructure::postgres::connection;
use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::kills::go_on;
use crate::private;
use crate::private::postgres::Cluster;
use crate::stores::Disk;
use crate::support::cluster::{crash, proxied, tablespace};
use crate::support::proxy::Proxy;
use crate::support::server::Server;
use crate::support::world::{
    create_collection, expected, first, more, name_of, plain, prose, reason, rows, spec, whole,
};

/// The status of a call while the database is unreachable.
const UNAVAILABLE: (Code, &str) = (Code::Unavailable, "STORE_UNAVAILABLE");
/// The longest time until a call fails that waits for a database connection or for an answer of the database.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// A server on a database, with a proxy between them.
struct Site {
    proxy: Proxy,
    server: Server,
    channel: Channel,
}

impl Site {
    async fn start(cluster: &Cluster, settings: &[(&str, &str)]) -> Self {
        let database = cluster.database();
        connection::migrate(&database).await.unwrap();
        let (proxy, store) = proxied(cluster, &database).await;
        let server = Server::start_with(store, settings);
        let channel = server.channel();
        create_collection(&channel).await;
        Self {
            proxy,
            server,
            channel,
        }
    }

    async fn get(&self, upload: &pb::UploadSpec) -> Result<pb::Upload, Status> {
        let request = pb::GetUploadRequest {
            name: name_of(upload),
        };
        let got = UploadServiceClient::new(self.channel.clone())
            .get_upload(request)
            .await?;
        Ok(got.into_inner().upload.unwrap())
    }

    /// Resumes an upload until it is complete, and compares its rows.
    async fn finish(&self, upload: &pb::UploadSpec, source: &Arc<String>) {
        go_on(&self.channel, upload, source).await;
        let document = format!("collections/c/documents/{}", upload.document_id);
        let stored = rows(&self.channel, &document, None, false).await.unwrap();
        assert!(plain(&stored) == expected(source), "the rows differ");
    }
}

fn told(status: &Status) -> (Code, String) {
    (status.code(), reason(status))
}

fn unavailable() -> (Code, String) {
    (UNAVAILABLE.0, UNAVAILABLE.1.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_recovers_from_a_database_crash_without_a_restart() {
    let cluster = Cluster::start(&[]);
    let site = Site::start(&cluster, &[]).await;
    let source = Arc::new(prose(3_000_000));
    for number in 0..3 {
        let upload = spec(&format!("crashed-{number}"));
        let (feed, messages) = tokio::sync::mpsc::channel(1);
        let channel = site.channel.clone();
        let sending = tokio::spawn(async move {
            let messages = tokio_stream::wrappers::ReceiverStream::new(messages);
            UploadServiceClient::new(channel)
                .upload_document(messages)
                .await
        });
        let half = source.floor_char_boundary(source.len() / 2);
        let offer = first(&upload, &source.as_bytes()[..200_000]);
        feed.send(offer).await.unwrap();
        for at in (200_000..half).step_by(200_000) {
            let piece = &source.as_bytes()[at..at + 200_000];
            let offset = i64::try_from(at).unwrap();
            if feed.send(more(offset, piece)).await.is_err() {
                break;
            }
        }
        crash(&cluster);
        drop(feed);
        // The upload may have succeeded because all of it was committed.
        if let Err(refused) = sending.await.unwrap() {
            assert_eq!(told(&refused), unavailable());
        }
        site.finish(&upload, &source).await;
    }
}

/// The duration of the stall: longer than the database's idle-in-transaction timeout of 15 s.
const STANDSTILL: Duration = Duration::from_secs(22);
/// The delay of each piece of 16 KiB to the database. It makes transactions long.
const SLOW: Duration = Duration::from_millis(2);

/// Stalls the proxy while the database waits for the next statement of a transaction.
async fn stall_in_a_transaction(site: &Site, cluster: &Cluster) {
    let open = "SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'sluice' AND state = 'idle in transaction'";
    loop {
        site.proxy.stall(true);
        // By then the database has answered all that the proxy forwarded before.
        tokio::time::sleep(Duration::from_millis(100)).await;
        if cluster.psql("postgres", open) != "0" {
            return;
        }
        site.proxy.stall(false);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_database_delays_uploads_and_other_calls_are_refused() {
    let cluster = Cluster::start(&[]);
    let site = Site::start(&cluster, &[]).await;
    site.proxy.slow(SLOW);
    let (upload, source) = (spec("held-up"), Arc::new(prose(12_000_000)));
    let pieces = whole(&upload, source.as_bytes(), 65_536);
    let (feed, messages) = tokio::sync::mpsc::channel(1);
    let channel = site.channel.clone();
    let sending = tokio::spawn(async move {
        let messages = tokio_stream::wrappers::ReceiverStream::new(messages);
        UploadServiceClient::new(channel)
            .upload_document(messages)
            .await
    });
    let feeding = tokio::spawn(async move {
        for piece in pieces {
            feed.send(piece).await.unwrap();
        }
    });
    let is_committed = |upload: pb::Upload| upload.committed_offset > 0;
    while !site.get(&upload).await.is_ok_and(is_committed) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stall_in_a_transaction(&site, &cluster).await;
    let before = site.server.peak_kib();
    let asked = Instant::now();
    let refused = site.get(&upload).await.unwrap_err();
    assert_eq!(told(&refused), unavailable());
    assert!(asked.elapsed() < ANSWER_MAX, "{:?}", asked.elapsed());
    tokio::time::sleep(STANDSTILL.saturating_sub(asked.elapsed())).await;
    let log = std::fs::read_to_string(cluster.folder.join("log")).unwrap();
    assert!(log.contains("idle-in-transaction timeout"), "{log}");
    assert!(!sending.is_finished(), "the upload is not delayed");
    // The kernel's count lags a little, and may be lower than before.
    let grown = site.server.peak_kib().saturating_sub(before);
    assert!(grown < 20_000, "{grown} KiB");
    site.proxy.slow(Duration::ZERO);
    site.proxy.stall(false);
    let done = sending.await.unwrap();
    assert!(done.is_ok(), "{done:?}");
    feeding.await.unwrap();
    site.finish(&upload, &source).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_without_a_database_connection_are_refused_in_time() {
    let cluster = private::cluster();
    let site = Site::start(&cluster, &[("SLUICE_STORE__CONNECTIONS_MAX", "2")]).await;
    site.proxy.stall(true);
    let asking = (0..8).map(|number| {
        let (channel, upload) = (site.channel.clone(), spec(&format!("d{number}")));
        tokio::spawn(async move {
            UploadServiceClient::new(channel)
                .upload_document(tokio_stream::iter([first(&upload, b"text")]))
                .await
        })
    });
    let asked = Instant::now();
    for refused in asking.collect::<Vec<_>>() {
        assert_eq!(told(&refused.await.unwrap().unwrap_err()), unavailable());
    }
    assert!(asked.elapsed() < ANSWER_MAX, "{:?}", asked.elapsed());
    site.proxy.stall(false);
    let (upload, source) = (spec("after"), Arc::new(prose(100_000)));
    site.finish(&upload, &source).await;
}

/// A trigger that refuses every other change of an upload.
const REFUSE: &str = "
    CREATE SEQUENCE tries;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('tries') % 2 = 1 THEN
            RAISE EXCEPTION 'two transactions have met' USING ERRCODE = 'CODE';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON uploads FOR EACH ROW EXECUTE FUNCTION refuse();";

#[tokio::test(flavor = "multi_thread")]
async fn conflicting_transactions_are_retried_without_an_error() {
    let cluster = Cluster::start(&[]);
    let site = Site::start(&cluster, &[]).await;
    for (number, code) in ["40P01", "40001", "55P03"].into_iter().enumerate() {
        let database = "test_0";
        cluster.psql(database, "DROP TRIGGER IF EXISTS refuse ON uploads");
        cluster.psql(
            database,
            "DROP FUNCTION IF EXISTS refuse; DROP SEQUENCE IF EXISTS tries",
        );
        cluster.psql(database, &REFUSE.replace("'CODE'", &format!("'{code}'")));
        let (upload, source) = (spec(&format!("met-{number}")), Arc::new(prose(2_000_000)));
        site.finish(&upload, &source).await;
        let tries: u32 = cluster
            .psql(database, "SELECT last_value FROM tries")
            .parse()
            .unwrap();
        assert!(tries > 4, "{tries}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_is_reported_and_the_upload_resumes_once_there_is_room() {
    let disk = Disk::new("24m");
    let cluster = Cluster::start(&[]);
    let space = disk.folder().join("space");
    tablespace(&cluster, "small", &space);
    let site = Site::start(&cluster, &[]).await;
    for number in 0..100 {
        let statement = format!("ALTER TABLE chunks_p{number:02} SET TABLESPACE small");
        cluster.psql("test_0", &statement);
    }
    let ballast = disk.folder().join("ballast");
    std::fs::write(&ballast, vec![0; 16_000_000]).unwrap();
    let (upload, source) = (spec("full"), Arc::new(prose(10_000_000)));
    let messages = whole(&upload, source.as_bytes(), 100_000);
    let refused = UploadServiceClient::new(site.channel.clone())
        .upload_document(tokio_stream::iter(messages))
        .await
        .unwrap_err();
    assert_eq!(
        told(&refused),
        (Code::ResourceExhausted, "STORE_FULL".to_owned())
    );
    let kept = site.get(&upload).await.unwrap().committed_offset;
    assert!(kept > 0, "committed data is kept");
    std::fs::remove_file(ballast).unwrap();
    site.finish(&upload, &source).await;
}
