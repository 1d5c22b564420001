//! `kill -9` of the server or the client at random points of uploads: no chunk is lost or duplicated, and at most 3 MiB
//! are sent again.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sluice::interface::grpc::pb;
use sluice::interface::grpc::pb::upload_service_client::UploadServiceClient;
use tokio_stream::StreamExt;
use tonic::transport::Channel;

use crate::support::proxy::Proxy;
use crate::support::server::{Server, program};
use crate::support::world::{
    Folder, create_collection, expected, first, last, more, name_of, plain, prose, resumed, rows,
    spec,
};

const KILLS: u64 = 50;
const DOCUMENT_BYTES: usize = 6_000_000;
const PIECE: usize = 65_536;
const RESENT_MAX: u64 = 3 * 1024 * 1024;

pub(crate) fn random(seed: u64, below: u64) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) % below
}

/// Returns the source from `from` on as messages. `sent` counts the bytes that are handed to the transport.
pub(crate) fn messages(
    head: pb::UploadDocumentRequest,
    source: &Arc<String>,
    from: usize,
    sent: &Arc<AtomicU64>,
) -> impl tokio_stream::Stream<Item = pb::UploadDocumentRequest> + Send + 'static {
    let (source, sent) = (Arc::clone(source), Arc::clone(sent));
    let pieces = (from..=source.len()).step_by(PIECE);
    let body = pieces.map(move |at| {
        let end = (at + PIECE).min(source.len());
        sent.fetch_max(end as u64, Ordering::Relaxed);
        let message = more(i64::try_from(at).unwrap(), &source.as_bytes()[at..end]);
        if end == source.len() {
            last(message)
        } else {
            message
        }
    });
    let mut is_over = false;
    let body =
        body.take_while(move |message| !std::mem::replace(&mut is_over, message.finish_write));
    tokio_stream::once(head).chain(tokio_stream::iter(body))
}

/// Resumes an upload, or begins it if the server does not know it, and completes it. Returns the offset of the resume.
pub(crate) async fn go_on(channel: &Channel, upload: &pb::UploadSpec, source: &Arc<String>) -> u64 {
    let mut client = UploadServiceClient::new(channel.clone());
    let name = name_of(upload);
    let found = client
        .get_upload(pb::GetUploadRequest { name: name.clone() })
        .await;
    let (head, committed) = match found {
        Ok(found) => {
            let committed = found.into_inner().upload.unwrap().committed_offset;
            (resumed(&name, committed, b""), committed)
        }
        // The kill came before the upload began.
        Err(_) => (first(upload, b""), 0),
    };
    let ignored = Arc::new(AtomicU64::new(0));
    let stream = messages(head, source, usize::try_from(committed).unwrap(), &ignored);
    let done = client
        .upload_document(stream)
        .await
        .unwrap()
        .into_inner()
        .upload
        .unwrap();
    assert_eq!(done.state, 2);
    u64::try_from(committed).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_at_any_point_loses_nothing() {
    let folder = Folder::new();
    let database = folder.0.join("kills.db");
    let source = Arc::new(prose(DOCUMENT_BYTES));
    let undisturbed = expected(&source);
    let mut server = Server::start(&database);
    create_collection(&server.channel()).await;
    let mut resent_most = 0;
    for seed in 0..KILLS {
        let upload = spec(&format!("document-{seed}"));
        let (sent, channel) = (Arc::new(AtomicU64::new(0)), server.channel());
        let stream = messages(first(&upload, b""), &source, 0, &sent);
        let sending = tokio::spawn(async move {
            UploadServiceClient::new(channel)
                .upload_document(stream)
                .await
        });
        let kill_at = random(seed, source.len() as u64 - 1);
        while sent.load(Ordering::Relaxed) <= kill_at && !sending.is_finished() {
            tokio::task::yield_now().await;
        }
        drop(server);
        let reached = sent.load(Ordering::Relaxed);
        let is_complete = sending.await.unwrap().is_ok();
        server = Server::start(&database);
        let channel = server.channel();
        let committed = go_on(&channel, &upload, &source).await;
        let resent = if is_complete {
            0
        } else {
            reached.saturating_sub(committed)
        };
        resent_most = resent_most.max(resent);
        assert!(
            resent <= RESENT_MAX,
            "seed {seed}: {resent} bytes sent again"
        );
        let stored = rows(
            &channel,
            &format!("collections/c/documents/document-{seed}"),
            None,
            false,
        )
        .await
        .unwrap();
        assert!(plain(&stored) == undisturbed, "seed {seed}: rows differ");
    }
    assert!(resent_most > 0, "no kill came during an upload");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_killed_at_any_point_resumes_under_the_same_name() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("kills.db"));
    let channel = server.channel();
    create_collection(&channel).await;
    let source = prose(DOCUMENT_BYTES);
    let undisturbed = expected(&source);
    let file = folder.0.join("document.txt");
    std::fs::write(&file, source.as_bytes()).unwrap();
    let (mut in_the_middle, mut resent_most) = (0, 0);
    // The proxy only counts the bytes of clients, and cuts no connection.
    let proxy = Proxy::start(server.address.clone(), 0, 0).await;
    for seed in 0..KILLS {
        let upload = spec(&format!("document-{seed}"));
        let before = proxy.sent.load(Ordering::Relaxed);
        let mut client = send(&proxy.address, &upload, &file).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(random(seed, 500))).await;
        client.kill().unwrap();
        client.wait().unwrap();
        let mut uploads = UploadServiceClient::new(channel.clone());
        let found = uploads
            .get_upload(pb::GetUploadRequest {
                name: name_of(&upload),
            })
            .await;
        let committed = found.map_or(0, |found| {
            found.into_inner().upload.unwrap().committed_offset
        });
        in_the_middle +=
            u64::from(committed > 0 && committed < i64::try_from(source.len()).unwrap());
        let again = send(&proxy.address, &upload, &file).status().unwrap();
        assert!(again.success(), "seed {seed}");
        let sent = proxy.sent.load(Ordering::Relaxed) - before;
        let resent = sent.saturating_sub(source.len() as u64);
        resent_most = resent_most.max(resent);
        assert!(
            resent <= RESENT_MAX,
            "seed {seed}: {resent} bytes sent again"
        );
        let document = format!("collections/c/documents/{}", upload.document_id);
        let stored = rows(&channel, &document, None, false).await.unwrap();
        assert!(plain(&stored) == undisturbed, "seed {seed}: rows differ");
    }
    assert!(in_the_middle > 0, "no kill came during an upload");
    assert!(resent_most > 0, "no bytes were sent again");
}

/// Returns a `sluice upload` command with the upload's document id and request id.
pub(crate) fn send(address: &str, upload: &pb::UploadSpec, file: &Path) -> Command {
    let url = format!("http://{address}");
    let mut command = program();
    command
        .args(["upload", "--collection", "c", "--server", &url])
        .args([
            "--document-id",
            &upload.document_id,
            "--request-id",
            &upload.request_id,
        ])
        .arg(file)
        .stdout(Stdio::null());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_changed_meanwhile_is_refused() {
    let folder = Folder::new();
    let server = Server::start(folder.0.join("changed.db"));
    let channel = server.channel();
    create_collection(&channel).await;
    let file = folder.0.join("changed.txt");
    // The display name that the program sends, so that both requests are equal.
    let upload = pb::UploadSpec {
        display_name: file.display().to_string(),
        ..spec("changed")
    };
    let source = prose(100_000);
    let mut uploads = UploadServiceClient::new(channel.clone());
    let half = tokio_stream::iter([first(&upload, source.as_bytes())]);
    let open = uploads
        .upload_document(half)
        .await
        .unwrap()
        .into_inner()
        .upload
        .unwrap();
    assert!(open.committed_offset > 0);
    std::fs::write(&file, source.replacen("Sentence", "Paragraph", 1)).unwrap();
    let refused = send(&server.address, &upload, &file)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("has changed since"), "{said}");
    std::fs::write(&file, &source).unwrap();
    assert!(
        send(&server.address, &upload, &file)
            .status()
            .unwrap()
            .success()
    );
    let stored = rows(&channel, "collections/c/documents/changed", None, false)
        .await
        .unwrap();
    assert!(plain(&stored) == expected(&source));
}
